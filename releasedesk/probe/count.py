"""What one request did: its database calls and cache look-ups, counted where they happen.

The tally is a mutable object held by a context variable. A worker thread or a child task runs in a *copy* of
the context: a number set there would be lost, an object changed there is seen by the request.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from time import perf_counter
from typing import Any


class Tally:
    """Lists, because adding to one is atomic: threads of one request need no lock to count."""

    def __init__(self) -> None:
        self.db_seconds: list[float] = []
        self.hits: list[str] = []
        self.misses: list[str] = []


current: ContextVar[Tally | None] = ContextVar("releasedesk_probe_tally", default=None)
# When the call under way began, else 0: what an ORM asks of its driver is that call, seen again below.
_began: ContextVar[float] = ContextVar("releasedesk_probe_call", default=0.0)
# Who reports database calls. Without any, their number is unknown, not 0.
sources: set[str] = set()


def cache_hit(cache: str = "app") -> None:
    """Note that the request found what it needed in `cache`. Outside a watched request it does nothing."""
    if (tally := current.get()) is not None:
        tally.hits.append(cache)


def cache_miss(cache: str = "app") -> None:
    """Note that `cache` had no answer and the work was done. Outside a watched request it does nothing."""
    if (tally := current.get()) is not None:
        tally.misses.append(cache)


class Call:
    """Counts what is done within as one database call of the request that is being answered, if one is."""

    __slots__ = ("tally",)

    def __enter__(self) -> None:
        self.tally = None if _began.get() else current.get()
        if self.tally is not None:
            _began.set(perf_counter())

    def __exit__(self, *_: object) -> None:
        if self.tally is not None:
            self.tally.db_seconds.append(perf_counter() - _began.get())
            _began.set(0.0)


@contextmanager
def uncounted() -> Iterator[None]:
    """Let what is done within count for nobody."""
    before = _began.get()
    _began.set(perf_counter())
    try:
        yield
    finally:
        _began.set(before)


def counts(source: str) -> None:
    """Note that `source` reports its calls from now on."""
    sources.add(source)


def hook_sqlalchemy() -> None:
    """Count the statements of every SQLAlchemy engine, async ones too, once the service has imported it.

    One execution is one call, as with DB-API's `executemany`; BEGIN, COMMIT and the
    pool's ping are not executions. SQLAlchemy is never imported for a service that does not use it.
    """
    if "sqlalchemy" in sources:
        return
    from sqlalchemy import event  # noqa: PLC0415 - optional: the bare distribution has only the standard library
    from sqlalchemy.engine import Engine  # noqa: PLC0415 - see above

    counts("sqlalchemy")
    event.listen(Engine, "before_cursor_execute", _begin)
    event.listen(Engine, "after_cursor_execute", _end)
    event.listen(Engine, "handle_error", _fail)


# These three run inside the service's own statement, so they do nothing that can raise.


def _begin(*_: Any) -> None:
    if not _began.get() and current.get() is not None:
        _began.set(perf_counter())


def _end(*_: Any) -> None:
    # Set back, so that an error while the rows are fetched does not count the statement a second time.
    if (tally := current.get()) is not None and (began := _began.get()):
        tally.db_seconds.append(perf_counter() - began)
        _began.set(0.0)


def _fail(_: Any) -> None:
    _end()
