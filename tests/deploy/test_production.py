"""The image's steps, one after the other, without Docker: its files, its settings, its commands."""

from __future__ import annotations

import gzip
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import yaml

from releasedesk.operations.embedded import FAST_AND_FORGETFUL, EmbeddedServer
from tests.deploy.image import DEPLOY, command, each, environment, health_check, lay_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = [pytest.mark.end_to_end, pytest.mark.xdist_group("production")]
WAIT_SECONDS = 240  # nothing takes long but on a machine that does much else


class Container:
    """What the image holds, in a folder: commands of the image and of compose run as they stand there."""

    def __init__(self, folder: Path, database: EmbeddedServer) -> None:
        self.app = folder / "app"
        self.home = folder / "desk-home"
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.environment = {
            **environment(),
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "DESK_HOME": str(self.home),
            "HOST": "127.0.0.1",
            "PORT": str(self.port),
            "SECRET_KEY": "k" * 60,
            "ALLOWED_HOSTS": "desk.example.com",
            "DATABASE_URL": f"postgres://releasedesk@{quote(str(database.socket), safe='')}/releasedesk",
        }
        self.files: dict[str, int] = {}

    def build(self) -> None:
        """What the second stage of the Dockerfile does."""
        lay_out(self.app)
        self.home.mkdir()
        (run,) = each("RUN", 1)
        built = subprocess.run(
            ["sh", "-c", run.replace("/venv/bin/python", sys.executable)],
            cwd=self.app,
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )
        assert built.returncode == 0, built.stderr
        self.files = self.written()

    def written(self) -> dict[str, int]:
        """Every file of the image and when it was last written."""
        return {str(path): path.stat().st_mtime_ns for path in self.app.rglob("*")}

    def run(self, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            arguments,
            cwd=self.app,
            env=self.environment,
            capture_output=True,
            check=False,
            timeout=WAIT_SECONDS,
        )

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        program = [sys.executable, "-m", "gunicorn"] if arguments[0] == "gunicorn" else [sys.executable]
        return subprocess.Popen([*program, *arguments[1:]], cwd=self.app, env=self.environment)

    def get(self, path: str, **headers: str) -> HTTPResponse:
        """Ask as the proxy would."""
        connection = HTTPConnection("127.0.0.1", self.port, timeout=120)
        forwarded = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        connection.request("GET", path, headers={"Host": "desk.example.com", **forwarded, **named})
        return connection.getresponse()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"waited {WAIT_SECONDS} s in vain"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder any account may enter, unlike pytest's own when root runs the tests."""
    path = Path(tempfile.mkdtemp(prefix="image-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.fixture(scope="module")
def desk(folder: Path) -> Iterator[Container]:
    """The image with its database, migrated, web and worker running as compose starts them."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]
    server = EmbeddedServer(folder / "database", FAST_AND_FORGETFUL)
    with server.attached():
        desk = Container(folder, server)
        desk.build()
        migrated = desk.run(*services["migrate"]["command"])
        assert migrated.returncode == 0, migrated.stderr
        running = [desk.start(*command()), desk.start(*services["worker"]["command"])]
        try:
            until(lambda: desk.run(*health_check()).returncode == 0)
            yield desk
        finally:
            for process in running:
                process.terminate()
            for process in running:
                process.wait(WAIT_SECONDS)


def test_the_image_says_that_it_is_well_and_ready(desk: Container) -> None:
    assert desk.run(*health_check()).stdout == b'{"ok": true}\n'
    until(lambda: desk.run("python", "deploy/ask.py", "/ready").returncode == 0)


def test_static_files_are_hashed_compressed_and_kept_for_ever(desk: Container) -> None:
    folder = desk.app / "staticfiles"
    manifest = json.loads((folder / "staticfiles.json").read_text())["paths"]
    name = max(manifest.values(), key=lambda name: (folder / name).stat().st_size)
    assert name not in manifest
    answer = desk.get(f"/static/{name}", Accept_Encoding="gzip")
    assert answer.status == 200
    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.headers["Cache-Control"] == "max-age=315360000, public, immutable"
    assert gzip.decompress(answer.read()) == (folder / name).read_bytes()


def test_what_was_asked_for_without_tls_is_sent_to_it(desk: Container) -> None:
    answer = desk.get("/api/v1/board", X_Forwarded_Proto="http")
    assert answer.status == 301
    assert answer.headers["Location"] == "https://desk.example.com/api/v1/board"


def test_browsers_are_told_to_stay_with_tls(desk: Container) -> None:
    assert desk.get("/health").headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_a_name_that_is_not_ours_is_refused(desk: Container) -> None:
    assert desk.get("/accounts/login/", Host="evil.example.com").status == 400
    assert desk.get("/health", Host="evil.example.com").status == 200  # probes come by address


def test_the_numbers_are_for_this_machine_and_not_through_the_proxy(desk: Container) -> None:
    assert desk.run("python", "deploy/ask.py", "/metrics").returncode == 0
    assert desk.get("/metrics").status == 403


def test_a_backup_is_made_inside_the_image(desk: Container) -> None:
    backup = desk.run("sh", "deploy/backup.sh", "-")
    assert backup.returncode == 0, backup.stderr
    assert backup.stdout.startswith(b"PGDMP")


def test_nothing_is_written_outside_the_desks_home(desk: Container) -> None:
    desk.get("/api/v1/board")
    assert desk.written() == desk.files
    assert [path.name for path in desk.home.iterdir()] == ["metrics"]


def test_who_asks_a_desk_that_is_down_is_told_so(desk: Container) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        desk.environment["PORT"] = str(free.getsockname()[1])
    asked = desk.run("python", "deploy/ask.py", "/health")
    desk.environment["PORT"] = str(desk.port)
    assert asked.returncode == 1
    assert asked.stderr.startswith(b"The desk does not answer: ")
