"""Counting for psycopg 3, used without SQLAlchemy and Django: its own cursor classes, by its own option.

    psycopg.connect(address, cursor_factory=CountedCursor)
    ConnectionPool(address, kwargs={"cursor_factory": CountedCursor})
    await psycopg.AsyncConnection.connect(address, cursor_factory=CountedAsyncCursor)

A `COPY` and a `stream()` are one call each; their time is the time until they begin.
"""

from collections.abc import AsyncIterator, Iterator
from typing import Any, Self

import psycopg

from releasedesk.probe.count import Call, counts


class CountedCursor(psycopg.Cursor[Any]):
    """Times `execute`, `executemany`, `stream` and `copy`."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        counts("psycopg")

    def execute(self, *arguments: Any, **named: Any) -> Self:
        """Count one call."""
        with Call():
            return super().execute(*arguments, **named)

    def executemany(self, *arguments: Any, **named: Any) -> None:
        """Count one call, whatever the number of rows."""
        with Call():
            super().executemany(*arguments, **named)

    def stream(self, *arguments: Any, **named: Any) -> Iterator[Any]:
        """Count one call at the first row."""
        rows = super().stream(*arguments, **named)
        with Call():
            first = next(rows, None)
        if first is not None:
            yield first
            yield from rows

    def copy(self, *arguments: Any, **named: Any) -> Any:
        """Count one call."""
        with Call():
            return super().copy(*arguments, **named)


class CountedAsyncCursor(psycopg.AsyncCursor[Any]):
    """The same for asyncio."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        counts("psycopg")

    async def execute(self, *arguments: Any, **named: Any) -> Self:
        """Count one call."""
        with Call():
            return await super().execute(*arguments, **named)

    async def executemany(self, *arguments: Any, **named: Any) -> None:
        """Count one call, whatever the number of rows."""
        with Call():
            await super().executemany(*arguments, **named)

    async def stream(self, *arguments: Any, **named: Any) -> AsyncIterator[Any]:
        """Count one call at the first row."""
        rows = super().stream(*arguments, **named)
        with Call():
            first = await anext(rows, None)
        if first is not None:
            yield first
            async for row in rows:
                yield row

    def copy(self, *arguments: Any, **named: Any) -> Any:
        """Count one call."""
        with Call():
            return super().copy(*arguments, **named)
