"""SQL that is parsed and planned once a connection, for the few places that are asked all day long.

Django builds each statement anew, which costs more than PostgreSQL takes to answer it. Here rows go in and
out as the same models, on the same connection and in the same transaction, by statements that are prepared.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import psycopg
from django.db import connection
from psycopg.types.json import Jsonb

if TYPE_CHECKING:
    from django.db.models import Field, Model

Row = TypeVar("Row", bound="Model")
Parameters = Sequence[Any] | Mapping[str, Any]


def run(statement: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
    """Run one prepared statement, as Django runs its own: same errors, same log, same wrappers."""
    connection.ensure_connection()
    raw: Any = _cursor()(connection.connection)
    wrapped = connection.make_debug_cursor if connection.queries_logged else connection.make_cursor
    with wrapped(raw) as cursor:
        cursor.execute(statement, parameters)
        return cursor.fetchall() if cursor.description else []


def _cursor() -> type[psycopg.Cursor[Any]]:
    """Prepare, except where pghistory puts a statement before ours to note who acts."""
    notes = any(wrapper.__module__ == "pghistory.runtime" for wrapper in connection.execute_wrappers)
    return psycopg.ClientCursor if notes else psycopg.Cursor


def find(model: type[Row], where: str = "", parameters: Parameters = ()) -> list[Row]:
    """Return the rows of a model that meet a condition: all that follows the `FROM` of a `SELECT`."""
    select, names = _select(model)
    return [model.from_db("default", names, row) for row in run(f"{select} {where}", parameters)]


def insert(rows: Sequence[Row], conflict: str = "") -> None:
    """Store new rows of one model and set their keys. `conflict` is an `ON CONFLICT` clause that updates."""
    if not rows:
        return
    statement, fields = _insert(type(rows[0]))
    columns = [[_value(field, row) for row in rows] for field in fields]
    keys = run(f"{statement} {conflict} RETURNING id", columns)
    for row, (key,) in zip(rows, keys, strict=True):
        row.pk = key
        row._state.adding, row._state.db = False, "default"  # noqa: SLF001 - as Django marks what is stored


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
