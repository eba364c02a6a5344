import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from releasedesk.probe import count_calls
from releasedesk.probe.count import Tally, current


@pytest.fixture
def tally() -> Iterator[Tally]:
    token = current.set(Tally())
    tally = current.get()
    assert tally is not None
    yield tally
    current.reset(token)


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    connection = count_calls(sqlite3.connect)(":memory:")
    connection.execute("create table line (article text, price integer)")
    yield connection
    connection.close()


def test_every_way_to_execute_is_counted_once(connection: sqlite3.Connection, tally: Tally) -> None:
    connection.execute("select 1")
    connection.executemany("insert into line values (?, ?)", [("tea", 3), ("cup", 5)])
    connection.executescript("select 1; select 2")
    connection.cursor().execute("select 1")
    assert len(tally.db_seconds) == 4
    assert all(seconds > 0 for seconds in tally.db_seconds)


def test_a_chained_cursor_is_still_counted_and_still_gives_its_rows(
    connection: sqlite3.Connection, tally: Tally
) -> None:
    connection.executemany("insert into line values (?, ?)", [("tea", 3), ("cup", 5)])
    cursor = connection.cursor()
    rows = cursor.execute("select article from line order by price").execute("select price from line")
    assert list(rows) == [(3,), (5,)]
    assert next(cursor.execute("select 7")) == (7,)
    assert cursor.execute("select 8").fetchone() == (8,)
    assert len(tally.db_seconds) == 5


def test_a_failing_call_is_counted_and_raises_as_before(connection: sqlite3.Connection, tally: Tally) -> None:
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        connection.execute("select * from nowhere")
    assert len(tally.db_seconds) == 1


def test_a_transaction_is_rolled_back_as_before(connection: sqlite3.Connection) -> None:
    def fail_half_way() -> None:
        with connection as same:
            assert same is connection
            same.execute("insert into line values ('tea', 3)")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert connection.execute("select count(*) from line").fetchone() == (0,)


def test_attributes_are_the_drivers_own(connection: sqlite3.Connection) -> None:
    connection.row_factory = sqlite3.Row
    assert connection.execute("select 1 as one").fetchone()["one"] == 1
    assert connection.in_transaction is False
    with pytest.raises(AttributeError):
        connection.no_such_thing  # type: ignore[attr-defined]  # noqa: B018 - that is the test


def test_outside_a_request_a_call_is_counted_for_nobody(connection: sqlite3.Connection) -> None:
    assert current.get() is None
    assert connection.execute("select 1").fetchone() == (1,)


def test_a_coroutine_function_is_refused_at_once() -> None:
    async def connect() -> None: ...

    with pytest.raises(TypeError, match="coroutine function"):
        count_calls(connect)


def test_the_callable_keeps_its_name(tmp_path: Path) -> None:
    def connect() -> sqlite3.Connection:
        """Open the shop."""
        return sqlite3.connect(tmp_path / "shop.db")

    assert count_calls(connect).__doc__ == "Open the shop."
