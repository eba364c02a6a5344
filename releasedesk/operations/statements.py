"""SQL that is parsed and planned once a connection, for the few places that are asked all day long.

Django builds each statement anew, which costs more than PostgreSQL takes to answer it. Here rows come out as
the same models, on the same connection and in the same transaction, by statements that are prepared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from django.db import OperationalError, connections
from psycopg import errors
from psycopg.pq import ConnStatus, ExecStatus

from releasedesk.operations.database.base import is_alive
from releasedesk.probe.count import Call

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper
    from django.db.models import Model
    from psycopg.pq.abc import PGresult

Row = TypeVar("Row", bound="Model")
Result = TypeVar("Result")
Parameters = Sequence[Any] | Mapping[str, Any]
# Whoever waits on a connection that several share has all wait: soon everybody goes their own way instead.
PATIENCE_MS = 50
SACRIFICED = "40"  # the class of errors that PostgreSQL calls `transaction_rollback`
_shared: dict[int, _Shared] = {}  # by lane


def run(statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
    """Run one prepared statement that answers rows, as Django runs its own: same errors, log and wrappers."""
    default = connections["default"]  # asking the proxy for each attribute would cost more than the call
    default.close_if_health_check_failed()
    default.ensure_connection()
    with default.wrap_database_errors:
        raw: Any = _cursor(default)(default.connection)
        wrapped = default.make_debug_cursor if default.queries_logged else default.make_cursor
        wrapped(raw).execute(statement, parameters)
        return raw.fetchall()  # type: ignore[no-any-return]


def is_away() -> bool:
    """Whether the connection over which something has just failed is gone, and not only that refused."""
    raw = connections["default"].connection
    return raw is None or bool(raw.closed)


def unless_sacrificed(deed: Callable[[], Result]) -> Result:
    """Do it, and once more where PostgreSQL gave it up for another's sake, as one of two in a deadlock is.

    Nothing of it has happened then: `deed` is a transaction of its own.
    """
    try:
        return deed()
    except OperationalError as error:
        if not (getattr(error.__cause__, "sqlstate", None) or "").startswith(SACRIFICED):
            raise
    return deed()


def is_shared() -> bool:
    """Whether the threads of this process share a connection: not where none is kept, nor behind a pooler."""
    default = connections["default"]
    kept, pooled = (default.settings_dict[name] for name in ("CONN_MAX_AGE", "DISABLE_SERVER_SIDE_CURSORS"))
    return bool(kept) and not pooled and not default.in_atomic_block


def run_shared(lane: int, statement: str, parameters: Sequence[str]) -> list[tuple[str, ...]]:
    """Run one prepared statement, a transaction of its own, over one of the connections that threads share.

    Text goes in and text comes out, as PostgreSQL writes it and never NULL: to find a type for each value
    takes the driver longer than all the rest. The caller sees to it that on each connection they take turns.
    Nobody waits long for another's lock here (`OperationalError`).
    """
    with connections["default"].wrap_database_errors, Call():
        shared = _lane(lane)
        name = shared.names.get(statement) or shared.prepare(statement)
        rows = shared.libpq.exec_prepared(name, [_sent(text) for text in parameters])
        shared.refuse_failure(rows)
    columns = range(rows.nfields)
    return [
        tuple((rows.get_value(row, column) or b"").decode() for column in columns)
        for row in range(rows.ntuples)
    ]


class _Shared:
    """A connection that threads share, without the driver's cursors: see `run_shared`."""

    def __init__(self, default: BaseDatabaseWrapper) -> None:
        self.connection: psycopg.Connection[Any] = psycopg.connect(
            **default.get_connection_params(), autocommit=True
        )
        self.connection.execute(f"SET lock_timeout = {PATIENCE_MS}")
        self.libpq, self.names = self.connection.pgconn, dict[str, bytes]()

    def prepare(self, statement: str) -> bytes:
        """Prepare a statement with `%s` for each parameter, and return its name."""
        name = f"shared {len(self.names)}".encode()
        first, *others = statement.split("%s")
        numbered = first + "".join(f"${number}{part}" for number, part in enumerate(others, 1))
        self.refuse_failure(self.libpq.prepare(name, numbered.encode()))
        self.names[statement] = name
        return name

    def refuse_failure(self, result: PGresult) -> None:
        """Raise what the driver would raise for this result."""
        if result.status in {ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK}:
            return
        if self.libpq.status != ConnStatus.OK:
            raise psycopg.OperationalError(result.get_error_message())
        raise errors.error_from_result(result)


def _lane(lane: int) -> _Shared:
    shared = _shared.get(lane)
    if shared is None or not is_alive(shared.connection):
        shared = _shared[lane] = _Shared(connections["default"])
    return shared


def _sent(text: str) -> bytes:
    """Encode a parameter. libpq would end it at a NUL, without a word."""
    if "\0" in text:
        raise psycopg.DataError("PostgreSQL text cannot contain NUL (0x00) bytes")
    return text.encode()


def close_shared() -> None:
    """Close the connections that the threads share, if there are any."""
    while _shared:
        _shared.popitem()[1].connection.close()


def find(model: type[Row], where: str, parameters: Parameters = ()) -> list[Row]:
    """Return the rows of a model that meet a condition: all after the `FROM`. The model holds no JSON."""
    select, names = _select(model)
    return [model.from_db("default", names, row) for row in run(f"{select} {where}", parameters)]


def _cursor(default: BaseDatabaseWrapper) -> type[psycopg.Cursor[Any]]:
    """Prepare, except where pghistory puts a statement before ours to note who acts."""
    notes = any(wrapper.__module__ == "pghistory.runtime" for wrapper in default.execute_wrappers)
    return psycopg.ClientCursor if notes else psycopg.Cursor


@cache
def _select(model: type[Model]) -> tuple[str, list[str]]:
    fields = model._meta.concrete_fields  # noqa: SLF001 - Django's public name for it
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f'SELECT {columns} FROM "{model._meta.db_table}"', [field.attname for field in fields]  # noqa: S608, SLF001
