"""A query that Django writes once a process, and PostgreSQL plans once a connection.

Both take far longer than answering it does. It is built with stand-ins where its values will be. Afterwards
each parameter that equals a stand-in is the place of a value; a time that lies beside a stand-in keeps its
distance, as `at - an hour` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

from releasedesk.operations.statements import run

Row = TypeVar("Row", bound=Model)
NEAR = timedelta(days=365)
Converter = Callable[[Any, Any, Any], Any]


@dataclass(frozen=True, slots=True)
class Place:
    """Where the value `name` goes; a time is moved by `offset`."""

    name: str
    offset: timedelta | None = None

    def of(self, values: Mapping[str, Any]) -> Any:
        """The value that goes here."""
        value = values[self.name]
        return value if self.offset is None else value + self.offset


@dataclass(frozen=True, slots=True)
class Compiled:
    """SQL with places for values, and how its columns are read."""

    sql: str
    parameters: tuple[Any, ...]
    columns: tuple[tuple[str, tuple[Converter, ...], Any], ...]

    def rows(self, **values: Any) -> list[dict[str, Any]]:
        """Ask with these values, in one query."""
        return [self._read(row) for row in run(self.sql, given(self.parameters, values))]

    def _read(self, row: Sequence[Any]) -> dict[str, Any]:
        found = {}
        for value, (name, converters, expression) in zip(row, self.columns, strict=True):
            read = value
            for convert in converters:
                read = convert(read, expression, connection)
            found[name] = read
        return found


@dataclass(frozen=True, slots=True)
class CompiledRows(Generic[Row]):
    """SQL with places for values, whose answer becomes rows of a model with what `select_related` names."""

    sql: str
    parameters: tuple[Any, ...]
    model: type[Row]
    compiler: Any

    def first(self, **values: Any) -> Row | None:
        """Ask with these values, in one query, and return the first row."""
        return next(self._read(run(self.sql, given(self.parameters, values))[:1]), None)

    def all(self, **values: Any) -> list[Row]:
        """Ask with these values, in one query, and return all rows."""
        return list(self._read(run(self.sql, given(self.parameters, values))))

    def _read(self, answers: Sequence[Sequence[Any]]) -> Iterator[Row]:
        """Make rows as Django's own `ModelIterable` does."""
        select, whole = self.compiler.select, self.compiler.klass_info
        converters = self.compiler.get_converters([expression for expression, _, _ in select])
        own = whole["select_fields"]
        names = [select[position][0].target.attname for position in own]
        populators = get_related_populators(whole, select, "default")  # type: ignore[call-arg] # the stubs are of Django 6
        for read in self.compiler.apply_converters(answers, converters):
            row = self.model.from_db("default", names, [read[position] for position in own])
            for related in populators:
                related.populate(read, row)
            yield row


def given(parameters: Sequence[Any], values: Mapping[str, Any]) -> list[Any]:
    """The parameters with values in their places."""
    return [one.of(values) if isinstance(one, Place) else one for one in parameters]


def stand_in_time(number: int) -> datetime:
    """A time that no row of ours can have, far from other stand-ins."""
    return datetime(1700 + 10 * number, 1, 1, tzinfo=UTC)


def compiled(query: QuerySet[Any, Any], stand_ins: Mapping[str, Any]) -> Compiled:
    """Write the SQL of a `.values()` query. Every stand-in must be found in it, or KeyError names it."""
    compiler, sql, places = _written(query, stand_ins)
    expressions = [expression for expression, _, _ in compiler.select or ()]
    by_position = compiler.get_converters(expressions)
    names = list(query.query.selected or ())
    columns = tuple(
        (name, tuple(by_position[position][0]) if position in by_position else (), expression)
        for position, (name, expression) in enumerate(zip(names, expressions, strict=True))
    )
    return Compiled(sql, places, columns)


def compiled_rows(query: QuerySet[Row, Row], stand_ins: Mapping[str, Any]) -> CompiledRows[Row]:
    """Write the SQL of a query for rows. Every stand-in must be found in it, or KeyError names it."""
    compiler, sql, places = _written(query, stand_ins)
    return CompiledRows(sql, places, query.model, compiler)


def _written(query: QuerySet[Any, Any], stand_ins: Mapping[str, Any]) -> tuple[Any, str, tuple[Any, ...]]:
    compiler = query.query.get_compiler(connection=connection)
    sql, parameters = compiler.as_sql()
    places = tuple(_place(parameter, stand_ins) for parameter in parameters)
    found = {place.name for place in places if isinstance(place, Place)}
    if missing := stand_ins.keys() - found:
        raise KeyError(f"not in the query: {', '.join(sorted(missing))}")
    return compiler, sql, places


def _place(parameter: Any, stand_ins: Mapping[str, Any]) -> Any:
    for name, stand_in in stand_ins.items():
        if isinstance(stand_in, datetime):
            if isinstance(parameter, datetime) and abs(parameter - stand_in) < NEAR:
                return Place(name, parameter - stand_in)
        elif type(parameter) is type(stand_in) and parameter == stand_in:
            return Place(name)
    return parameter
