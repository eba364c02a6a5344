"""The rows of several questions in one query: a page of ten small lists asks once and not ten times."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.db.models import Field, JSONField, Model, QuerySet


def together(*asked: QuerySet[Any, Any]) -> list[list[Any]]:
    """Return the rows of each QuerySet, in its order, as the same models.

    Each is of one table: what a foreign key points at is not read along. Binary columns must be deferred.
    """
    parts: list[str] = []
    parameters: list[Any] = []
    for rows in asked:
        sql, given = rows.query.sql_with_params()
        parts.append(f"(SELECT json_agg(part) FROM ({sql}) part)")  # noqa: S608 - Django's own SQL
        parameters += given
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", parameters)
        found = cursor.fetchone()
    return [
        [_row(rows.model, told) for told in answer or ()] for rows, answer in zip(asked, found, strict=True)
    ]


def _row(model: type[Model], told: dict[str, Any]) -> Model:
    fields = [field for field in model._meta.concrete_fields if field.column in told]  # noqa: SLF001
    values = [_value(field, told[str(field.column)]) for field in fields]
    return model.from_db("default", [field.attname for field in fields], values)


def _value(field: Field[Any, Any], value: Any) -> Any:
    """JSON has no times and no binary; what is JSON itself came as it is."""
    if isinstance(field, JSONField):
        return value
    if field.get_internal_type() == "BinaryField":
        raise TypeError(f"{field} is binary: defer it")
    return field.to_python(value)
