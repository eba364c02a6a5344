"""Counting for asyncpg, used without SQLAlchemy: its own connection class, by its own option.

    await asyncpg.connect(address, connection_class=CountedConnection)
    await asyncpg.create_pool(address, connection_class=CountedConnection)

BEGIN, COMMIT and what the pool does between two users are not calls of a request.
"""

import re
from typing import Any

import asyncpg

from releasedesk.probe.count import Call, counts, uncounted

CONTROL = re.compile(r"\s*(?:begin|start\s+transaction|commit|rollback|savepoint|release)\b", re.IGNORECASE)


class CountedConnection(asyncpg.Connection):  # type: ignore[misc]  # asyncpg is not typed
    """Times every way to ask."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        counts("asyncpg")

    async def execute(self, query: str, *arguments: Any, **named: Any) -> Any:
        """Count one call, unless it only begins or ends a transaction."""
        if CONTROL.match(query):
            return await super().execute(query, *arguments, **named)
        with Call():
            return await super().execute(query, *arguments, **named)

    async def reset(self, **named: Any) -> None:
        """Clean up between two users of a pool, uncounted."""
        with uncounted():
            await super().reset(**named)

    async def prepare(self, *arguments: Any, **named: Any) -> Any:
        """Prepare a statement whose calls are counted; preparing it is a call too."""
        with Call():
            statement = await super().prepare(*arguments, **named)
        return CountedStatement(statement)


class CountedStatement:
    """Stands in for a prepared statement."""

    def __init__(self, statement: Any) -> None:
        self._statement = statement

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._statement, name)
        return _counted(found) if name in ASKING else found


ASKING = ("executemany", "fetch", "fetchmany", "fetchrow", "fetchval")
COPYING = ("copy_from_query", "copy_from_table", "copy_records_to_table", "copy_to_table")


def _counted(ask: Any) -> Any:
    async def counted(*arguments: Any, **named: Any) -> Any:
        with Call():
            return await ask(*arguments, **named)

    return counted


def _method(name: str) -> Any:
    async def counted(self: Any, *arguments: Any, **named: Any) -> Any:
        with Call():
            return await getattr(super(CountedConnection, self), name)(*arguments, **named)

    counted.__name__ = name
    return counted


for _name in (*ASKING, *COPYING):
    if hasattr(asyncpg.Connection, _name):
        setattr(CountedConnection, _name, _method(_name))
