"""Windows on a desk: one that every test of a module only reads, and one that each test has for itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from pytest_django.live_server_helper import LiveServer

from releasedesk.accounts.models import User
from tests.browser.story import fill
from tests.browser.windows import PATIENCE, Windows, session_of
from tests.databases import copy_of_filled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser
    from pytest_django.plugin import DjangoDbBlocker

expect.set_options(timeout=PATIENCE)


@dataclass(frozen=True)
class Desk:
    """A desk that runs, and who is signed in to it."""

    origin: str
    sessions: dict[str, str]


@pytest.fixture(scope="module")
def filled_desk(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[Desk]:
    """A desk with a month of releases, committed. Tests that ask for it only read."""
    with django_db_blocker.unblock(), copy_of_filled(fill):
        sessions = {user.username: session_of(user) for user in User.objects.all()}
        server = LiveServer("localhost")
        yield Desk(server.url, sessions)
        server.stop()


@pytest.fixture
def readers(chromium: Browser, filled_desk: Desk, db: None) -> Iterator[Windows]:
    """Windows on the filled desk."""
    windows = Windows(chromium, filled_desk.origin, filled_desk.sessions)
    yield windows
    windows.close()


@pytest.fixture
def windows(chromium: Browser, committed: None, live_server: LiveServer) -> Iterator[Windows]:
    """Windows on an empty desk of the test's own."""
    windows = Windows(chromium, live_server.url, {})
    yield windows
    windows.close()
