"""What one request did: its database calls and cache look-ups, counted where they happen.

The tally is a mutable object held by a context variable. A worker thread or a child task runs in a *copy* of
the context: a number set there would be lost, an object changed there is seen by the request.
"""

import sys
from contextvars import ContextVar
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any


@dataclass(slots=True)
class Tally:
    """Lists and a dict, because their changes are atomic: threads of one request need no lock to count."""

    db_seconds: list[float] = field(default_factory=list)
    hits: list[str] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)
    running: dict[int, float] = field(default_factory=dict)


current: ContextVar[Tally | None] = ContextVar("releasedesk_probe_tally", default=None)
_sources: set[str] = set()


def cache_hit(cache: str = "app") -> None:
    """Note that the request found what it needed in `cache`. Outside a watched request it does nothing."""
    if (tally := current.get()) is not None:
        tally.hits.append(cache)


def cache_miss(cache: str = "app") -> None:
    """Note that `cache` had no answer and the work was done. Outside a watched request it does nothing."""
    if (tally := current.get()) is not None:
        tally.misses.append(cache)


def db_call(seconds: float) -> None:
    """Add one database call to the request that is being answered, if one is."""
    if (tally := current.get()) is not None:
        tally.db_seconds.append(seconds)


def counts(source: str) -> None:
    """Note that `source` reports its calls from now on. Without any, their number is unknown, not 0."""
    _sources.add(source)


def counting() -> bool:
    """Whether anything reports database calls."""
    return bool(_sources)


def hook_sqlalchemy() -> None:
    """Count the statements of every SQLAlchemy engine, async ones too, once the service has imported it.

    Cheap to call again. One execution is one call, as with DB-API's `executemany`; BEGIN, COMMIT and the
    pool's ping are not executions. SQLAlchemy is never imported for a service that does not use it.
    """
    if "sqlalchemy" in _sources or "sqlalchemy" not in sys.modules:
        return
    from sqlalchemy import event  # noqa: PLC0415 - optional: the bare distribution has only the standard library
    from sqlalchemy.engine import Engine  # noqa: PLC0415 - see above

    counts("sqlalchemy")
    event.listen(Engine, "before_cursor_execute", _begin)
    event.listen(Engine, "after_cursor_execute", _end)
    event.listen(Engine, "handle_error", _fail)


# These three run inside the service's own statement, so they do nothing that can raise.


def _begin(connection: Any, *_: Any) -> None:
    if (tally := current.get()) is not None:
        tally.running[id(connection)] = perf_counter()


def _end(connection: Any, *_: Any) -> None:
    # Popped, so that an error while the rows are fetched does not count the statement a second time.
    if (tally := current.get()) is not None and (started := tally.running.pop(id(connection), None)):
        tally.db_seconds.append(perf_counter() - started)


def _fail(failure: Any) -> None:
    _end(failure.connection)
