from collections.abc import Iterator
from pathlib import Path

import pytest

from releasedesk.cli import desk as desk_module
from releasedesk.cli.ci import KINDS

from .servers import Asked, Desk, Reply, Server


@pytest.fixture
def shop() -> Iterator[Server]:
    """Every third basket is a miss with 31 database calls; basket 13 does not exist and 500 is broken."""

    def reply(asked: Asked) -> Reply:
        number = int(asked.path.partition("?")[0].rpartition("/")[2])
        miss = number % 3 == 0
        headers = {
            "Server-Timing": f'app;dur=1, db;dur=1;desc="{31 if miss else 0}"',
            "Cache-Status": "basket; fwd=miss" if miss else "basket; hit",
        }
        return Reply({13: 404, 500: 500}.get(number, 200), {"id": number}, headers)

    server = Server(reply)
    yield server
    server.close()


@pytest.fixture
def silent_shop() -> Iterator[Server]:
    server = Server(lambda _: Reply(200, {}))
    yield server
    server.close()


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    server = Desk()
    monkeypatch.setenv("RELEASEDESK_URL", server.url)
    monkeypatch.setenv("RELEASEDESK_TOKEN", "rdk_1_secret")
    monkeypatch.setattr(desk_module, "FIRST_WAIT", 0.01)
    yield server
    server.close()


@pytest.fixture(autouse=True)
def in_a_directory_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor is this a run of CI, whatever runs it, and nobody's own configuration is read."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for variable in ("RELEASEDESK_URL", "RELEASEDESK_TOKEN", *KINDS):
        monkeypatch.delenv(variable, raising=False)
