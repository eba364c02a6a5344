"""On the way back the worker is killed, then the database goes away: what to do is said, nothing is lost.

Web, worker and PostgreSQL are processes of their own here, as in `deploy/`.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from releasedesk.operations.embedded import EmbeddedServer
from tests.end_to_end.desk import ROOT, SCOPES, Desk
from tests.end_to_end.homes import furnish
from tests.end_to_end.reader import Reader
from tests.end_to_end.routine import now, way_back

pytestmark = pytest.mark.end_to_end
BASKET, PASSWORD = "/api/v1/services/basket", "correct-horse-battery"
PAGE, TEXT = "/services/basket/rollback/production/", "/services/basket/rollback/production.txt"
PLAN: dict[str, Any] = {
    "data": "stays",
    "triggers": [{"metric": "error_rate", "above": 0.01}],
    "steps": [
        {"instruction": "Deploy the release before.", "command": "./deploy {environment} {target_version}"},
        {"instruction": "Ask it for its version.", "command": "./healthy {environment} {target_version}"},
    ],
}
WAIT_SECONDS = 240  # nothing takes long but on a machine that does much else


class Apart(Desk):
    """A desk whose parts can go away one by one."""

    def __init__(self, home: Path) -> None:
        super().__init__(home)
        self.environment |= {"WEB_CONCURRENCY": "1"}
        self.database = EmbeddedServer(home)
        self.parts: dict[str, subprocess.Popen[bytes]] = {}

    def begin(self, name: str, *command: str) -> None:
        with (self.home / f"{name}.log").open("ab") as log:
            self.parts[name] = subprocess.Popen(
                [sys.executable, *command], env=self.environment, cwd=ROOT, stdout=log, stderr=log
            )

    def work(self) -> None:
        self.begin("worker", str(ROOT / "manage.py"), "work")

    def is_ready(self) -> bool:
        return self._is_ready()

    def read(self, path: str) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.get(self.url + path, headers=headers, timeout=120)


@contextmanager
def apart() -> Iterator[Apart]:
    with tempfile.TemporaryDirectory(prefix="desk-") as place:
        home = Path(place)
        home.chmod(0o755)  # root's PostgreSQL runs as an account of its own
        furnish(home)
        desk = Apart(home)
        with desk.database.attached():
            try:
                desk.begin("web", "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "releasedesk.wsgi")
                desk.work()
                until(desk.is_ready)
                desk.token = desk.manage(
                    "issue_token", "--team", "shop", "--scopes", SCOPES, "--name", "ci"
                ).strip()
                yield desk
            finally:
                for part in desk.parts.values():
                    part.kill()
                    part.wait()


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds():
        assert time.monotonic() < deadline, f"It did not come true within {WAIT_SECONDS} s."
        time.sleep(0.1)


def deployed(desk: Desk, version: str) -> None:
    event = {"id": f"{version}-{time.time_ns()}", "type": "deployment.succeeded", "occurred_at": now()}
    desk.post(
        "/api/v1/events", {**event, "service": "basket", "environment": "production", "version": version}
    )


def judged(desk: Desk, version: str) -> bool:
    """Whether the worker has looked how it passed the gate."""
    return bool(desk.get(f"{BASKET}/releases/{version}")["deployments"][0]["gate"])


def test_a_killed_worker_and_a_database_that_goes_away_lose_nothing_on_the_way_back() -> None:
    with apart() as desk:
        desk.register("alice", PASSWORD)
        desk.put(BASKET, {"team": "shop", "owner": "alice"})
        desk.put(f"{BASKET}/rollback-plan", PLAN)
        for version in ("v1", "v2"):
            deployed(desk, version)
        until(lambda: judged(desk, "v2"))
        alice = Reader(desk.url, "alice", PASSWORD)
        run = desk.post(f"{BASKET}/rollback", {"environment": "production", "reason": "Baskets are empty."})
        ticks = f"{BASKET}/rollback/runs/{run['id']}/ticks"

        the_worker_is_killed(desk, alice, ticks)
        the_database_goes_away_and_comes_back(desk, alice, ticks)

        deployed(desk, "v1")
        told = way_back(desk, "production")["run"]
        assert (told["outcome"], told["from"], told["to"]) == ("done", "v2", "v1")
        assert [bool(step["done_by"]) for step in told["steps"]] == [True, True]
        desk.work()
        deployed(desk, "v3")
        until(lambda: judged(desk, "v3"))


def the_worker_is_killed(desk: Apart, alice: Reader, ticks: str) -> None:
    """Page, text and ticks need none; /ready says that it is gone."""
    deployed(desk, "v2")  # it has something to do
    desk.parts["worker"].kill()
    desk.parts["worker"].wait()
    assert tick(desk, ticks, 1) == 200
    text = desk.read(TEXT).text
    assert "SOMEBODY IS ROLLING BACK" in text
    assert "1 of 2 steps done" in text
    assert "    $ ./healthy production v1\n" in text
    assert "./healthy production v1" in alice.read(PAGE)


def the_database_goes_away_and_comes_back(desk: Apart, alice: Reader, ticks: str) -> None:
    """Both forms say what to do meanwhile, and that the same may be sent again."""
    assert desk.database.stop()
    for path in (PAGE, TEXT):
        began = time.monotonic()
        answer = desk.read(path) if path == TEXT else alice.ask(path)
        assert answer.status_code == 503
        assert time.monotonic() - began < 20, (
            "one wait for a connection, and not one for each part of the page"
        )
        assert int(answer.headers["Retry-After"]) > 0
        assert "The database does not answer. Nothing was stored." in answer.text
        assert "Do not wait for the desk: go on by the steps that you have" in answer.text
    assert tick(desk, ticks, 2) == 503
    desk.database.attach()
    until(lambda: desk.read(TEXT).status_code == 200)
    assert "1 of 2 steps done" in desk.read(TEXT).text
    assert tick(desk, ticks, 2) == 200
    assert "2 of 2 steps done" in desk.read(TEXT).text


def tick(desk: Desk, ticks: str, step: int) -> int:
    """Tick a step under the same key each time; the status of the answer."""
    headers = {"Authorization": f"Bearer {desk.token}", "Idempotency-Key": f"step-{step}"}
    return httpx.post(desk.url + ticks, json={"step": step}, headers=headers, timeout=120).status_code
