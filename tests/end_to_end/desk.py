"""A desk of our own, started as anybody starts it, and asked only over HTTP and by its command."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.end_to_end.homes import furnish
from tests.end_to_end.processes import free_port, run, tail

ROOT = Path(__file__).parents[2]
RELEASEDESK = Path(sys.executable).with_name("releasedesk")
START_SECONDS = 300  # it takes 4; a machine with seven times the work that it has cores for took 129
SCOPES = "read,events:write,releases:write,gate:write"
PASSED_ON = ("PATH", "HOME", "LANG", "TMPDIR")  # nothing else of ours may decide what the desk is


class Desk:
    """The processes of one desk (web, worker and PostgreSQL under one parent), and a token to ask it with."""

    def __init__(self, home: Path) -> None:
        self.home, port = home, free_port()
        self.url = f"http://127.0.0.1:{port}"
        kept = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
        self.environment = {**kept, "DESK_HOME": str(home), "PORT": str(port)}
        self.token = ""
        self.parent: subprocess.Popen[bytes] | None = None

    @property
    def as_ci(self) -> dict[str, str]:
        """What a pipeline has in its environment to find the desk."""
        return {**os.environ, "RELEASEDESK_URL": self.url, "RELEASEDESK_TOKEN": self.token}

    def start(self) -> None:
        """Serve, and come back when everything that /ready asks for is there."""
        with (self.home / "serve.log").open("wb") as log:
            command = [sys.executable, str(ROOT / "manage.py"), "serve", "--without-demo"]
            self.parent = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while not self._is_ready():
            assert self.parent.poll() is None, "The desk ended before it was ready."
            assert time.monotonic() < deadline, f"The desk was not ready within {START_SECONDS} s."
            time.sleep(0.1)

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"{self.url}/ready", timeout=120).is_success
        except httpx.TransportError:
            return False

    def stop(self) -> None:
        """End what runs; were the parent gone, `stop` still finds its PostgreSQL."""
        if self.parent:
            self.parent.terminate()
            try:
                self.parent.wait(40)
            except subprocess.TimeoutExpired:
                self.parent.kill()
                self.parent.wait()
        self.manage("stop")

    def manage(self, *arguments: str, **more: str) -> str:
        """Run a management command; give what it printed."""
        environment = {**self.environment, **more}
        return run([sys.executable, ROOT / "manage.py", *arguments], environment=environment).stdout

    def register(self, username: str, password: str) -> None:
        """Add a person."""
        arguments = ("--noinput", "--username", username, "--email", f"{username}@shop.example")
        self.manage("createsuperuser", *arguments, DJANGO_SUPERUSER_PASSWORD=password)

    def command(self, *arguments: str, codes: Collection[int] = (0,)) -> subprocess.CompletedProcess[str]:
        """Run `releasedesk`, as a pipeline would."""
        environment = {**self.as_ci, "COLUMNS": "200"}
        return run([RELEASEDESK, *arguments], environment=environment, codes=codes, seconds=120)

    def ask(
        self, method: str, path: str, body: object = None, *, expect: int = 200, **headers: str
    ) -> httpx.Response:
        """Ask with the token. AssertionError, with the problem, for another answer than the expected one."""
        headers["Authorization"] = f"Bearer {self.token}"
        answer = httpx.request(method, self.url + path, json=body, headers=headers, timeout=120)
        assert answer.status_code == expect, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer

    def get(self, path: str) -> Any:
        """Read JSON from the API."""
        return self.ask("GET", path).json()

    def put(self, path: str, body: Mapping[str, Any], *, expect: int = 201) -> Any:
        """Write something new through the API."""
        return self.ask("PUT", path, body, expect=expect).json()

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Add something through the API."""
        return self.ask("POST", path, body, expect=201).json()


@contextmanager
def running_desk() -> Iterator[Desk]:
    """A new desk with an empty database and a token for CI, gone afterwards."""
    # Not pytest's tmp_path: root's PostgreSQL runs as an account of its own, which may not enter there.
    with tempfile.TemporaryDirectory(prefix="desk-") as place:
        home = Path(place)
        home.chmod(0o755)
        furnish(home)
        desk = Desk(home)
        try:
            desk.start()
            issue = ("issue_token", "--team", "shop", "--scopes", SCOPES, "--name", "pipeline")
            desk.token = desk.manage(*issue).strip()
            yield desk
        finally:
            print(tail(home / "serve.log"))  # noqa: T201 (pytest shows it when a test fails)
            desk.stop()
