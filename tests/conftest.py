"""What every test stands on: a real PostgreSQL, a cheap password hasher, a real Chromium."""

from __future__ import annotations

import fcntl
import gc
import os
import shutil
from contextlib import contextmanager
from typing import TYPE_CHECKING

import hypothesis
import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.utils import timezone

from releasedesk.accounts.roles import Role
from releasedesk.operations.embedded import FAST_AND_FORGETFUL, EmbeddedServer
from releasedesk.problems import throttle
from tests.builders import NOON, make_team, make_token, make_user, minutes
from tests.databases import migrated

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from playwright.sync_api import Browser
    from pytest_django.plugin import DjangoDbBlocker

    from releasedesk.accounts.models import Team, User

CHROMIUM = next(filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome"])), None)
BROWSER_REQUIRED = any(
    os.environ.get(name, "").lower() in {"1", "true"} for name in ("CI", "REQUIRE_BROWSER")
)


# How fast a loaded machine draws examples, or runs one, is no property of what is tested.
hypothesis.settings.register_profile(
    "desk", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.load_profile("desk")


def pytest_configure() -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are cores: at any time some test waits for a process, a clock or a browser."""
    return (os.cpu_count() or 1) + 1


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Import only what can have a test for the browser, where no other is asked for: 14 files of 200."""
    if config.option.markexpr != "browser" or collection_path.suffix != ".py":
        return None
    return "pytest.mark.browser" not in collection_path.read_text(encoding="utf-8") or None


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is imported and collected stays until the end: looking through it for garbage finds none."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("long") is None)


def pytest_runtest_setup(item: pytest.Item) -> None:
    if CHROMIUM is None and item.get_closest_marker("browser"):
        if BROWSER_REQUIRED:
            pytest.fail("This test needs Chromium, and none is installed (apt-get install chromium).")
        pytest.skip("no Chromium on this machine (apt-get install chromium)")


@contextmanager
def free_slot(home: Path) -> Iterator[int]:
    """Hold the first free number, so that test runs at the same time never share a database.

    A number is taken by a lock: a killed run frees it, and the next run reuses its database.
    """
    home.mkdir(parents=True, exist_ok=True)
    for number in range(100):
        with (home / f"slot-{number}").open("a") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            yield number
            return
    pytest.exit("100 test runs are under way at once; that cannot be right.")


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Put a database of our own under this run; pytest-django asks for it before it first connects."""
    home = settings.DESK_HOME / "test"
    database = connections["default"].settings_dict
    database["CONN_MAX_AGE"] = 0  # idle connections of other threads would hold the test database open
    with free_slot(home) as number:
        database["TEST"]["NAME"] = f"test_releasedesk_{number}"
        if not settings.EMBEDDED_DATABASE:
            yield
            return
        server = EmbeddedServer(home, FAST_AND_FORGETFUL)
        database["HOST"] = str(server.socket)
        with server.attached():
            with django_db_blocker.unblock():
                database["TEST"]["TEMPLATE"] = migrated(server)
            yield


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """A real browser. Ask for it only in tests marked `browser`."""
    from playwright.sync_api import sync_playwright

    # Playwright keeps an event loop in this thread, and Django would refuse the database beside one.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        sandbox = [] if os.geteuid() else ["--no-sandbox"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=sandbox)
        yield browser
        browser.close()


class Clock:
    """What time it is, for a test that decides it."""

    def __init__(self, now: datetime) -> None:
        self.now = now

    def tick(self, count: float) -> None:
        """Let this many minutes pass."""
        self.now += minutes(count)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Five minutes past the noon that the builders speak of, whatever the day of the run."""
    clock = Clock(NOON + minutes(5))
    monkeypatch.setattr(timezone, "now", lambda: clock.now)
    return clock


@pytest.fixture
def committed(transactional_db: None) -> None:
    """A database where transactions really end, for tests of several connections."""


# -- The cast: alice leads payments, bob is an engineer of it, vera views, charlie is not on the team


@pytest.fixture
def payments(db: None) -> Team:
    return make_team("payments")


@pytest.fixture
def alice(payments: Team) -> User:
    return make_user("alice", payments, Role.LEAD)


@pytest.fixture
def bob(payments: Team) -> User:
    return make_user("bob", payments, Role.ENGINEER)


@pytest.fixture
def vera(payments: Team) -> User:
    return make_user("vera", payments, Role.VIEWER)


@pytest.fixture
def charlie(db: None) -> User:
    return make_user("charlie", make_team("search"), Role.LEAD)


@pytest.fixture
def ci_token(payments: Team) -> str:
    return make_token(payments)


@pytest.fixture
def ci(ci_token: str) -> Client:
    """What CI has: JSON and a token."""
    return Client(headers={"Authorization": f"Bearer {ci_token}"})


@pytest.fixture
def stranger() -> Client:
    return Client()


@pytest.fixture(autouse=True)
def _no_counts_from_other_tests() -> None:
    throttle.forget()
