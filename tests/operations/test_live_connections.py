"""A pooled connection is looked at before it is used, and not asked as long as it says nothing."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest
from django.db import connection

from releasedesk.operations.database.base import is_alive


@pytest.fixture
def another(committed: None) -> Any:
    """A connection beside the test's own."""
    parameters = {**connection.get_connection_params(), "cursor_factory": psycopg.Cursor}
    with psycopg.connect(**parameters, autocommit=True) as opened:
        yield opened


def end(opened: psycopg.Connection[Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [opened.info.backend_pid])


def test_one_that_lives_is_not_asked(
    another: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(another, "execute", pytest.fail)
    assert is_alive(another)


def test_one_whose_server_has_gone_is_not_used(another: psycopg.Connection[Any]) -> None:
    end(another)
    assert not is_alive(another)
    assert another.closed, "so that the pool throws it away"
    assert not is_alive(another)


def test_one_that_has_something_to_say_and_lives_is_used(another: psycopg.Connection[Any]) -> None:
    another.execute("LISTEN news")
    with connection.cursor() as cursor:
        cursor.execute("NOTIFY news")
    another.execute("SELECT pg_sleep(0.01)")
    assert is_alive(another)
