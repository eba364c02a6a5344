"""SQL that is parsed and planned once a connection, for the few places that are asked all day long.

Django builds each statement anew, which costs more than PostgreSQL takes to answer it. Here rows come out as
the same models, on the same connection and in the same transaction, by statements that are prepared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from django.db import connection, transaction

if TYPE_CHECKING:
    from django.db.models import Model

Row = TypeVar("Row", bound="Model")
Parameters = Sequence[Any] | Mapping[str, Any]


def run(statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
    """Run one prepared statement that answers rows, as Django runs its own: same errors, log and wrappers."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    with connection.wrap_database_errors:
        raw: Any = _cursor()(connection.connection)
        wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
        wrapped(raw).execute(statement, parameters)
        return raw.fetchall()  # type: ignore[no-any-return]


def run_alone(statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
    """Run one prepared statement that is a transaction of its own: all of it happens, or none of it.

    Within another's transaction that is a savepoint.
    """
    with transaction.atomic() if connection.in_atomic_block else nullcontext():
        return run(statement, parameters)


def find(model: type[Row], where: str, parameters: Parameters = ()) -> list[Row]:
    """Return the rows of a model that meet a condition: all after the `FROM`. The model holds no JSON."""
    select, names = _select(model)
    return [model.from_db("default", names, row) for row in run(f"{select} {where}", parameters)]


def _cursor() -> type[psycopg.Cursor[Any]]:
    """Prepare, except where pghistory puts a statement before ours to note who acts."""
    notes = any(wrapper.__module__ == "pghistory.runtime" for wrapper in connection.execute_wrappers)
    return psycopg.ClientCursor if notes else psycopg.Cursor


@cache
def _select(model: type[Model]) -> tuple[str, list[str]]:
    fields = model._meta.concrete_fields  # noqa: SLF001 - Django's public name for it
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f'SELECT {columns} FROM "{model._meta.db_table}"', [field.attname for field in fields]  # noqa: S608, SLF001
