"""The sample service is what the day is told with, so it must do what its versions say."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

HERE = Path(__file__).parent
pytestmark = pytest.mark.end_to_end


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


class Shop:
    def __init__(self, at: Path) -> None:
        self.at = at
        self.port = free_port()
        subprocess.run([sys.executable, HERE / "make_repository.py", at], check=True)

    def run(self, *command: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "STAGING_PORT": str(self.port), "PYTHON": sys.executable}
        return subprocess.run(
            command, cwd=self.at, env=environment, capture_output=True, text=True, timeout=240, check=False
        )

    def ask(self, path: str, method: str = "GET") -> tuple[dict[str, str], object]:
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method)
        with urllib.request.urlopen(request, timeout=120) as answer:
            text = answer.read()
            return dict(answer.headers), json.loads(text) if text else None


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    shop = Shop(tmp_path_factory.mktemp("shop") / "basket")
    yield shop
    shop.run("./stop", "staging")


class Seen(NamedTuple):
    """What one version says of itself, on the first request for one basket and on the second."""

    health: object
    first: dict[str, str]
    second: dict[str, str]
    early: dict[str, str]
    basket: object


@pytest.fixture(scope="module")
def seen(shop: Shop) -> dict[str, Seen]:
    """Every version deployed in turn, as a team does it."""
    versions = {}
    for version in ("v1", "v2", "v3", "v4"):
        done = shop.run("./deploy", "staging", version)
        assert (done.returncode, done.stderr) == (0, "")
        first, basket = shop.ask("/basket/799")
        second, _ = shop.ask("/basket/799")
        early, _ = shop.ask("/basket/7")
        versions[version] = Seen(shop.ask("/health")[1], first, second, early, basket)
    return versions


@pytest.mark.parametrize(("version", "calls"), [("v1", 31), ("v2", 1), ("v3", 1), ("v4", 1)])
def test_each_version_asks_the_database_as_often_as_it_says(
    seen: dict[str, Seen], version: str, calls: int
) -> None:
    assert seen[version].health == {"ok": True, "version": version}
    assert seen[version].first["server-timing"].endswith(f';desc="{calls}"')
    assert seen[version].first["cache-status"] == "basket; fwd=miss"
    assert seen[version].second["cache-status"] == "basket; hit"


def test_only_v4_has_a_cache_before_anybody_asked(shop: Shop, seen: dict[str, Seen]) -> None:
    early = {version: said.early["cache-status"] for version, said in seen.items()}
    assert early == {**dict.fromkeys(("v1", "v2", "v3"), "basket; fwd=miss"), "v4": "basket; hit"}
    shop.ask("/cache/clear", "POST")
    assert shop.ask("/basket/7")[0]["cache-status"] == "basket; fwd=miss"


def test_a_basket_is_the_same_in_every_version(seen: dict[str, Seen]) -> None:
    baskets = [said.basket for said in seen.values()]
    assert baskets == [baskets[0]] * 4


def test_a_version_that_does_not_exist_leaves_what_runs_alone(shop: Shop, seen: dict[str, Seen]) -> None:
    done = shop.run("./deploy", "staging", "v9")
    assert done.returncode == 1
    assert "There is no tag v9." in done.stderr
    assert shop.ask("/health")[1] == seen["v4"].health


def test_stopping_ends_the_process_and_may_be_repeated(shop: Shop, seen: dict[str, Seen]) -> None:
    assert shop.run("./stop", "staging").returncode == 0
    with pytest.raises(OSError, match="refused"):
        shop.ask("/health")
    assert shop.run("./stop", "staging").returncode == 0
