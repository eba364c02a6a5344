"""SQL that is parsed and planned once a connection, for the few places that are asked all day long.

Django builds each statement anew, which costs more than PostgreSQL takes to answer it. Here rows go in and
out as the same models, on the same connection and in the same transaction, by statements that are prepared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from django.db import connection
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper
    from django.db.models import Field, Model

Row = TypeVar("Row", bound="Model")
Parameters = Sequence[Any] | Mapping[str, Any]


def run(statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
    """Run one prepared statement, as Django runs its own: same errors, same log, same wrappers."""
    return run_together((statement, parameters))[0]


def run_together(*statements: tuple[str, Parameters]) -> list[list[tuple[Any, ...]]]:
    """Run statements of which none needs another's answer: sent one after the other, waited for once."""
    connection.ensure_connection()
    kind = _cursor()
    together = len(statements) > 1 and kind is psycopg.Cursor
    with connection.wrap_database_errors, connection.connection.pipeline() if together else nullcontext():
        cursors = [_sent(kind, statement, parameters) for statement, parameters in statements]
    return [cursor.fetchall() if cursor.description else [] for cursor in cursors]


def _cursor() -> type[psycopg.Cursor[Any]]:
    """Prepare, except where pghistory puts a statement before ours to note who acts."""
    notes = any(wrapper.__module__ == "pghistory.runtime" for wrapper in connection.execute_wrappers)
    return psycopg.ClientCursor if notes else psycopg.Cursor


def _sent(kind: type[psycopg.Cursor[Any]], statement: str, parameters: Parameters) -> CursorWrapper:
    raw: Any = kind(connection.connection)
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    cursor = wrapped(raw)
    cursor.execute(statement, parameters)
    return cursor


def selecting(model: type[Model], where: str = "") -> str:
    """The statement whose answer `rows_of` reads. `where` is all that follows the `FROM`."""
    return f"{_select(model)[0]} {where}"


def rows_of(model: type[Row], answer: list[tuple[Any, ...]]) -> list[Row]:
    """Make the answer to `selecting` rows of the model."""
    names = _select(model)[1]
    return [model.from_db("default", names, row) for row in answer]


def find(model: type[Row], where: str = "", parameters: Parameters = ()) -> list[Row]:
    """Return the rows of a model that meet a condition. The model holds no JSON."""
    return rows_of(model, run(selecting(model, where), parameters))


def insert(rows: Sequence[Row]) -> None:
    """Store new rows of one model and set their keys."""
    if not rows:
        return
    statement, parameters = inserting(rows, "RETURNING id")
    for row, (key,) in zip(rows, run(statement, parameters), strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, "default"  # noqa: SLF001 - as Django marks what is stored


def inserting(rows: Sequence[Model], more: str = "") -> tuple[str, Parameters]:
    """The statement that stores rows of one model, and an `ON CONFLICT` or `RETURNING` behind it."""
    statement, fields = _insert(type(rows[0]))
    return f"{statement} {more}", [[_value(field, row) for row in rows] for field in fields]


@cache
def _select(model: type[Model]) -> tuple[str, list[str]]:
    fields = model._meta.concrete_fields  # noqa: SLF001 - Django's public name for it
    columns = ", ".join(f'"{field.column}"' for field in fields)
    return f'SELECT {columns} FROM "{model._meta.db_table}"', [field.attname for field in fields]  # noqa: S608, SLF001


@cache
def _insert(model: type[Model]) -> tuple[str, list[Field[Any, Any]]]:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key]  # noqa: SLF001
    columns = ", ".join(f'"{field.column}"' for field in fields)
    arrays = ", ".join(f"%s::{_type(field)}[]" for field in fields)
    values = ", ".join(map(_as_stored, fields))
    into = f'INSERT INTO "{model._meta.db_table}" ({columns})'  # noqa: SLF001
    return f"{into} SELECT {values} FROM unnest({arrays}) AS new({columns})", fields  # noqa: S608 - our own names


def _as_stored(field: Field[Any, Any]) -> str:
    """An array of arrays would be taken apart altogether, so an array travels as JSON."""
    name = f'"{field.column}"'
    return f"ARRAY(SELECT jsonb_array_elements_text({name}))" if _is_array(field) else name


def _type(field: Field[Any, Any]) -> str:
    """Without the length of a varchar: a cast would cut what is too long, where storing refuses it."""
    return "jsonb" if _is_array(field) else (field.db_type(connection) or "").partition("(")[0]


def _is_array(field: Field[Any, Any]) -> bool:
    return field.get_internal_type() == "ArrayField"


def _value(field: Field[Any, Any], row: Model) -> object:
    value = getattr(row, field.attname)
    as_json = field.get_internal_type() in {"JSONField", "ArrayField"}
    return Jsonb(value) if as_json and value is not None else value
