"""How many events a second `POST /api/v1/events` takes in: `python tests/benchmarks/bench_events.py`.

Side by side on one durable PostgreSQL, in rounds that take turns: a plain DRF view of the usual kind
(`peer/`, one ORM insert), the database alone (`pgbench`, one row at a time, one client), and the desk with
all of its work: authenticate, keep the delivery, the release, the fact, the deployment, its mode and what is
live. Both servers are gunicorn with 2 workers of 4 threads; wrk sends over 8 connections. Exits 1 when a
promise is broken.
"""

# ruff: noqa: T201 - printing is what it is for

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import django

ROUNDS, SECONDS, CONNECTIONS, SERVICES = 7, 3, 8, 50
BATCH, A_RELEASE = 500, 4
LEAST_RATIO, LEAST_BATCHED = 2.5, 4000
PEER, DESK, LISTS = "a plain DRF view", "the desk", f"the desk, lists of {BATCH}"
ROOT, HERE = Path(__file__).parents[2], Path(__file__).parent
PEER_MODE = ["-k", "gthread", "-w", "2", "--threads", "4", "--preload", "--log-level", "warning"]
BUSY = "SELECT FROM pg_stat_activity WHERE state NOT LIKE 'idle' AND pid <> pg_backend_pid()"
ROW = "INSERT INTO row_of_pgbench (key, body) VALUES (md5(random()::text), :client_id);\n"


def main() -> int:
    """Print the ranges and answer the exit code."""
    if missing := [name for name in ("wrk",) if shutil.which(name) is None]:
        print(f"This needs {' and '.join(missing)} (apt-get install wrk).")
        return 1
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        home.chmod(0o755)  # PostgreSQL refuses to run as root and must come in as somebody else
        bench = Bench(home, stack)
        figures = bench.rounds()
    return judged(figures)


@dataclass(frozen=True)
class Rate:
    """Events a second, and milliseconds of a processor that server and database spent on each."""

    a_second: float
    milliseconds: float


class Bench:
    """A database, two servers and what is sent to them."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        os.environ.pop("DATABASE_URL", None)
        os.environ.update(
            DJANGO_SETTINGS_MODULE="releasedesk.settings", DESK_HOME=str(home), LOG_LEVEL="ERROR"
        )
        django.setup()
        from releasedesk.operations.embedded import EmbeddedServer

        self.home, self.server = home, EmbeddedServer(home)
        stack.enter_context(self.server.attached())
        self.desk_token, self.peer_token = self._desk(), self._peer()
        self.servers: list[int] = [self.server.pid() or 0]
        self.desk = stack.enter_context(self._serving("releasedesk.wsgi", ["-c", "deploy/gunicorn.conf.py"]))
        self.peer = stack.enter_context(self._serving("tests.benchmarks.peer.wsgi", PEER_MODE))
        self.sent = 0

    def _desk(self) -> str:
        from django.core.management import call_command
        from django.db import connection, transaction
        from django.utils import timezone

        from releasedesk.accounts.models import Team
        from releasedesk.actions.services import register_service
        from releasedesk.actions.tokens import issue_token
        from releasedesk.operations.embedded import close_connections

        call_command("migrate", verbosity=0)
        team, now = Team.objects.create(slug="bench", name="Bench"), timezone.now()
        with transaction.atomic():
            for number in range(SERVICES):
                register_service(team, f"service-{number}", now=now)
        token = issue_token(
            team, service=None, scopes=["events:write"], name="bench", created_by="bench", now=now
        )[1]
        with connection.cursor() as cursor:
            cursor.execute("CREATE TABLE row_of_pgbench (id bigserial PRIMARY KEY, key text, body text)")
            cursor.execute("CREATE DATABASE peer")
        close_connections()
        return token

    def _peer(self) -> str:
        os.environ["PEER_SOCKET"] = str(self.server.socket)
        command = [sys.executable, "-m", "tests.benchmarks.peer.set_up"]
        done = subprocess.run(command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE)
        return done.stdout.strip()

    @contextmanager
    def _serving(self, application: str, mode: list[str]) -> Iterator[str]:
        """gunicorn, as the desk is deployed; the peer in the same mode. Yields its address."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "gunicorn", *mode, "-b", f"127.0.0.1:{port}", application]
        environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
        with (self.home / f"{port}.log").open("wb") as log:
            server = subprocess.Popen(
                command, cwd=ROOT, env={**environment, "PORT": str(port)}, stdout=log, stderr=log
            )
        self.servers.append(server.pid)
        try:
            wait_until_answers(server, port, self.home / f"{port}.log")
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()
            server.wait(30)

    def rounds(self) -> dict[str, list[Rate]]:
        """Take turns; a first round warms up and does not count."""
        figures: dict[str, list[Rate]] = {}
        for number in range(ROUNDS + 1):
            taken = {
                PEER: self._wrk(f"{self.peer}/events", "Token", self.peer_token, names="key"),
                DESK: self._to_desk(),
                "pgbench, one row": self._pgbench(),
                "the desk, all new releases": self._to_desk(a_release=1),
                LISTS: self._to_desk(size=BATCH),
            }
            for name, rate in taken.items() if number else ():
                figures.setdefault(name, []).append(rate)
        return figures

    def _to_desk(self, *, size: int = 0, a_release: int = A_RELEASE) -> Rate:
        url = f"{self.desk}/api/v1/events"
        return self._wrk(url, "Bearer", self.desk_token, size=size, a_release=a_release)

    def _wrk(
        self,
        url: str,
        scheme: str,
        token: str,
        *,
        size: int = 0,
        a_release: int = A_RELEASE,
        names: str = "id",
    ) -> Rate:
        self.sent += 1
        command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "--timeout", "30s", "-s"]
        arguments = [token, scheme, size, self.sent, SERVICES, a_release, names]
        command += [str(HERE / "events.lua"), url, "--", *map(str, arguments)]
        before = processor_seconds(self.servers)
        said = subprocess.run(command, check=True, text=True, capture_output=True).stdout
        rate, count = (re.search(what, said) for what in (r"Requests/sec:\s+([\d.]+)", r"(\d+) requests in"))
        if rate is None or count is None or "Non-2xx" in said or "Socket errors" in said:
            sys.exit(f"{url} did not take in everything:\n{said}")
        self._wait_until_idle()
        spent = processor_seconds(self.servers) - before
        events = (size or 1) * int(count[1])
        return Rate((size or 1) * float(rate[1]), 1000 * spent / events if events else float("nan"))

    def _wait_until_idle(self) -> None:
        """Let what wrk has left behind come to its end, that it is not the next one's burden."""
        import psycopg

        with psycopg.connect(
            f"host={self.server.socket} user=releasedesk dbname=releasedesk", autocommit=True
        ) as database:
            while database.execute(BUSY).rowcount:
                time.sleep(0.2)

    def _pgbench(self) -> Rate:
        from releasedesk.operations import placement

        script = self.home / "row.sql"
        script.write_text(ROW)
        program = placement.programs(placement.account_for(self.server.data.resolve())) / "pgbench"
        command = [str(program), "-n", "-c", "1", "-T", str(SECONDS), "-f", str(script), "-M", "prepared"]
        command += ["-h", str(self.server.socket), "-U", "releasedesk", "releasedesk"]
        before = processor_seconds(self.servers)
        done = subprocess.run(command, check=True, text=True, capture_output=True)
        found = re.search(r"tps = ([\d.]+)", done.stdout)
        assert found, done.stdout
        spent = processor_seconds(self.servers) - before
        return Rate(float(found[1]), 1000 * spent / (SECONDS * float(found[1])))


def wait_until_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Wait until the port is open. Ends the benchmark when the server is gone."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if server.poll() is not None:
            break
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    sys.exit(f"A server did not start:\n{log.read_text()}")


def processor_seconds(parents: Sequence[int]) -> float:
    """What these processes and their children have spent of processors so far, as Linux counts it."""
    ticks = 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parent, *others = path.read_text().rpartition(")")[2].split()[1:]
            if int(parent) in parents or int(path.parent.name) in parents:
                ticks += int(others[9]) + int(others[10])
    return ticks / os.sysconf("SC_CLK_TCK")


def judged(figures: dict[str, list[Rate]]) -> int:
    """Print the figures beside the promises. How many times is asked within each round: machines drift."""
    rates = {name: [each.a_second for each in several] for name, several in figures.items()}
    times = {
        name: median(ours / view for ours, view in zip(several, rates[PEER], strict=True))
        for name, several in rates.items()
    }
    for name, several in figures.items():
        middle, low, high = median(rates[name]), min(rates[name]), max(rates[name])
        spent = median(each.milliseconds for each in several)
        said = f"{middle:8.0f} a second ({low:.0f} to {high:.0f}), {times[name]:5.2f} times"
        print(f"{name:26} {said}, {spent:6.3f} ms of a processor")
    kept = times[DESK] >= LEAST_RATIO and median(rates[LISTS]) >= LEAST_BATCHED
    promised = f"{LEAST_RATIO} times the plain view, and {LEAST_BATCHED} a second in lists"
    print(f"promised: {promised}: {'kept' if kept else 'broken'}")
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
