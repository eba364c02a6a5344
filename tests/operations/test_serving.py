"""`manage.py serve`, `work` and `stop` as real processes: one parent, and nothing left behind."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

import pytest
from django.conf import settings

from releasedesk.operations.embedded import EmbeddedServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.end_to_end, pytest.mark.xdist_group("serving")]
WAIT_SECONDS = 240  # nothing takes long but on a machine that does much else


class Desk:
    """A desk of its own home and port, commanded from outside."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.served: subprocess.Popen[str] | None = None

    def environment(self) -> dict[str, str]:
        inherited = {
            name: value for name, value in os.environ.items() if name not in {"HOST", "DATABASE_URL"}
        }
        return {**inherited, "DESK_HOME": str(self.home), "PORT": str(self.port), "WEB_CONCURRENCY": "1"}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=settings.ROOT,
            env=self.environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=WAIT_SECONDS,
        )

    def serve(self, *arguments: str) -> subprocess.Popen[str]:
        """Start to serve and wait until a page is answered."""
        self.served = subprocess.Popen(
            [sys.executable, "manage.py", "serve", *arguments],
            cwd=settings.ROOT,
            env=self.environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        until(lambda: self.get("health") == {"ok": True})
        return self.served

    def get(self, path: str) -> Any:
        """The parsed answer, whatever its status; None while nobody listens."""
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/{path}", timeout=120) as answer:
                return json.load(answer)
        except HTTPError as error:
            return json.load(error)
        except (URLError, ConnectionError, TimeoutError):
            return None

    def has_database(self) -> bool:
        return EmbeddedServer(self.home).is_running()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited {WAIT_SECONDS} s in vain"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    path = Path(tempfile.mkdtemp(prefix="desk-"))
    path.chmod(0o755)
    yield path
    EmbeddedServer(path).stop()
    shutil.rmtree(path)


@pytest.fixture
def desk(home: Path) -> Iterator[Desk]:
    desk = Desk(home)
    yield desk
    if desk.served and desk.served.poll() is None:
        desk.served.kill()
        desk.served.communicate()
    until(lambda: desk.get("health") is None)
    EmbeddedServer(home).stop()


def test_what_shares_this_home_runs_in_one_process(request: pytest.FixtureRequest) -> None:
    side_by_side = hasattr(request.config, "workerinput")
    assert request.node.nodeid.endswith("@serving") is side_by_side, "pytest-xdist has passed over the group"


def test_serving_ends_with_a_desk_that_is_ready_and_sigterm_leaves_nothing_behind(desk: Desk) -> None:
    served = desk.serve("--without-demo")
    until(lambda: desk.get("ready")["ok"])
    announced = next(line for line in served.stdout or () if line.startswith("ReleaseDesk is at "))
    served.send_signal(signal.SIGTERM)
    said, _ = served.communicate(timeout=WAIT_SECONDS)
    assert served.returncode == 0
    assert f"http://127.0.0.1:{desk.port}/" in announced
    assert said.endswith("Stopped.\n")
    assert desk.get("health") is None
    assert not desk.has_database()


def test_ctrl_c_is_enough(desk: Desk) -> None:
    served = desk.serve("--without-demo")
    served.send_signal(signal.SIGINT)
    assert served.wait(WAIT_SECONDS) == 0
    assert not desk.has_database()


def test_stop_ends_what_runs_and_says_when_nothing_does(desk: Desk) -> None:
    served = desk.serve("--without-demo")
    stopped = desk.run("stop")
    assert stopped.returncode == 0
    assert f"Ending ReleaseDesk (process {served.pid})." in stopped.stdout
    assert served.wait(1) == 0
    assert not desk.has_database()
    assert desk.run("stop").stdout == "Nothing runs here.\n"


def test_stop_ends_a_database_that_was_left_alone(desk: Desk) -> None:
    server = EmbeddedServer(desk.home)
    server.attach()
    assert desk.run("stop").returncode == 0
    assert not server.is_running()
    server.detach()


def test_children_end_when_the_parent_is_killed_and_the_next_start_works(desk: Desk) -> None:
    served = desk.serve("--without-demo")
    served.kill()
    served.communicate()
    until(lambda: desk.get("health") is None)
    assert desk.serve("--without-demo").poll() is None


def test_everything_ends_when_one_child_dies(desk: Desk) -> None:
    served = desk.serve("--without-demo")
    (worker,) = (pid for pid, command in children(served.pid) if command.endswith("manage.py work"))
    os.kill(worker, signal.SIGKILL)
    said, _ = served.communicate(timeout=WAIT_SECONDS)
    assert served.returncode == 1
    assert "The worker ended with status -9, so everything ends." in said
    assert not desk.has_database()


def children(parent: int) -> list[tuple[int, str]]:
    pids = Path(f"/proc/{parent}/task/{parent}/children").read_text().split()
    return [
        (int(pid), Path(f"/proc/{pid}/cmdline").read_text().rstrip("\0").replace("\0", " ")) for pid in pids
    ]


def test_a_second_desk_in_the_same_home_is_told_who_was_first(desk: Desk) -> None:
    served = desk.serve("--without-demo")
    second = desk.run("serve", "--without-demo")
    assert second.returncode == 1
    assert (
        second.stderr
        == f"CommandError: ReleaseDesk already runs here (process {served.pid}); 'make stop' ends it.\n"
    )


def test_a_taken_port_is_said_before_anything_is_begun(desk: Desk) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", desk.port))
        taken.listen()
        refused = desk.run("serve", "--without-demo")
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"CommandError: Cannot listen on 127.0.0.1:{desk.port} (")
    assert "set PORT or HOST" in refused.stderr


def test_a_command_joins_the_database_of_the_desk_that_serves(desk: Desk) -> None:
    desk.serve("--without-demo")
    pid = EmbeddedServer(desk.home).pid()
    assert desk.run("showmigrations", "sessions").returncode == 0
    assert EmbeddedServer(desk.home).pid() == pid
    assert desk.has_database()


def test_a_command_alone_starts_the_database_for_its_own_time(desk: Desk) -> None:
    assert "0001_initial" in desk.run("showmigrations", "sessions").stdout
    assert not desk.has_database()


def test_the_numbers_of_all_web_processes_are_given_together(desk: Desk) -> None:
    desk.serve("--without-demo")
    desk.get("health")
    with urlopen(f"http://127.0.0.1:{desk.port}/metrics", timeout=120) as answer:
        text = answer.read().decode()
    (line,) = (line for line in text.splitlines() if 'status="200",view="health"' in line)
    assert float(line.split()[-1]) >= 2


def test_a_worker_does_what_is_due_and_ends(desk: Desk) -> None:
    deferred = desk.run("shell", "-c", DEFER)
    assert deferred.returncode == 0, deferred.stderr
    assert desk.run("work", "--once").returncode == 0
    assert "succeeded" in desk.run("shell", "-c", STATUS).stdout


def test_an_empty_desk_opens_with_its_demo_and_the_next_start_adds_nothing(desk: Desk) -> None:
    first = desk.serve()
    assert desk.run("stop").returncode == 0
    said = [line for line in first.communicate()[0].splitlines() if not line.startswith("{")]
    opened = next(index for index, line in enumerate(said) if line.startswith("ReleaseDesk is at "))
    assert said[opened - 1].startswith("  curl "), "who tries it at once is answered: the port is open"
    second = desk.serve()
    assert desk.run("stop").returncode == 0
    told = second.communicate()[0]
    assert "The database is not empty: no demo data was added.\n" in told
    assert "curl " not in told


DEFER = """
from procrastinate.contrib.django import app
app.configure_task("forget_expired_sessions").defer(timestamp=0)
"""
STATUS = """
from procrastinate.contrib.django.models import ProcrastinateJob
print(ProcrastinateJob.objects.get(task_name="forget_expired_sessions").status)
"""
