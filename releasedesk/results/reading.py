"""What was read from a result: rows, one a request, or totals; and what to say when it cannot be read."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

ROWS_AT_MOST = 20_000  # of one snapshot, as the desk takes it
SERVER_ERROR = 500
NO_ANSWER = 0


class Unreadable(ValueError):  # noqa: N818 - it names what the text is
    """The text cannot be read. `str()` says where, what is wrong, what was expected and what was there."""

    def __init__(
        self,
        detail: str,
        *,
        expected: str,
        received: str | None = None,
        line: int | None = None,
        column: int | None = None,
    ) -> None:
        self.detail, self.expected, self.received = detail, expected, received
        self.line, self.column = line, column
        place = ", ".join(f"{name} {at}" for name, at in (("line", line), ("column", column)) if at)
        self.where = f"{place}: {detail}" if place else detail
        self.where = self.where[:1].upper() + self.where[1:]
        super().__init__(f"{self.where} Expected: {expected}.")


class Row(NamedTuple):
    """One request: milliseconds; `status` 0 is no answer; None is "it does not say"."""

    response_ms: float
    status: int
    cache: str | None = None
    db_calls: int | None = None


class Sample:
    """A uniform sample of rows: all of them, or a random 20,000 where there are more.

    Reservoir sampling (algorithm R) in one pass and bounded memory; always the same rows of the same text.
    """

    def __init__(self, limit: int = ROWS_AT_MOST) -> None:
        self.limit = limit
        self.seen = 0
        self._kept: list[tuple[int, Row]] = []
        self._random = random.Random(0)  # noqa: S311 - to choose, not to hide

    def add(self, row: Row) -> None:
        """Offer one row."""
        self.seen += 1
        if len(self._kept) < self.limit:
            self._kept.append((self.seen, row))
        elif (at := self._random.randrange(self.seen)) < self.limit:
            self._kept[at] = (self.seen, row)

    @property
    def rows(self) -> list[Row]:
        """What was kept, in the order it came."""
        return [row for _, row in sorted(self._kept)]

    @property
    def notes(self) -> list[str]:
        """Say that it is a sample, if it is one."""
        if self.seen <= self.limit:
            return []
        return [f"These are {self.limit:,} of {self.seen:,} requests, chosen at random."]


@dataclass(frozen=True)
class Reading:
    """The numbers, in exactly one of two forms: `rows`, or `totals` in the shape of a snapshot's `summary`.

    `notes` say what a reader must know to believe them, such as what the tool calls an error.
    """

    tool: str
    rows: Sequence[Row] | None = None
    totals: dict[str, Any] | None = None
    taken_from: datetime | None = None
    taken_until: datetime | None = None
    seconds: float | None = None
    notes: Sequence[str] = field(default_factory=tuple)

    def form(self) -> dict[str, Any]:
        """Give the part of a snapshot body that holds the numbers."""
        if self.rows is None:
            return {"summary": self.totals}
        columns: dict[str, list[Any]] = {
            "response_ms": [row.response_ms for row in self.rows],
            "status": [row.status for row in self.rows],
        }
        for name in ("cache", "db_calls"):
            column = [getattr(row, name) for row in self.rows]
            if any(value is not None for value in column):
                columns[name] = column
        return {"requests": columns}

    def summary(self) -> dict[str, Any]:
        """Give totals in either form; what was not measured is left out."""
        return dict(self.totals or {}) if self.rows is None else totals(self.rows)

    def sentence(self) -> str:
        """Say what was read: `2,000 requests, p95 190 ms, 3 errors`."""
        numbers = self.summary()
        times = numbers.get("response_ms", {})
        name = next((name for name in ("p95", "p99", "p50", "mean") if name in times), None)
        parts = [_count(numbers["requests"], "request")]
        parts.append("no response time" if name is None else f"{name} {shown(times[name])} ms")
        errors = numbers.get("errors")
        parts.append("errors not told" if errors is None else _count(errors, "error"))
        if "cache_hits" in numbers:
            parts.append(_count(numbers["cache_hits"], "cache hit"))
        if "db_calls" in numbers:
            parts.append(f"{shown(numbers['db_calls']['mean'])} DB calls a request")
        return ", ".join(parts)


def totals(rows: Sequence[Row]) -> dict[str, Any]:
    """Add up at least one row, in the shape of a snapshot's `summary`. Errors count in the times too."""
    times = sorted(row.response_ms for row in rows)
    quantiles = {f"p{percent}": round(quantile(times, percent / 100), 3) for percent in (50, 95, 99)}
    found: dict[str, Any] = {
        "requests": len(rows),
        "errors": sum(row.status == NO_ANSWER or row.status >= SERVER_ERROR for row in rows),
        "response_ms": {"mean": round(math.fsum(times) / len(times), 3), **quantiles},
    }
    told = [row.cache for row in rows if row.cache is not None]
    if told:
        found["cache_hits"] = told.count("hit")
    calls = [row.db_calls for row in rows if row.db_calls is not None]
    if calls:
        found["db_calls"] = {"mean": round(sum(calls) / len(calls), 3)}
    return found


def quantile(ordered: Sequence[float], q: float) -> float:
    """Interpolate between the two nearest of an ascending, non-empty sequence (type 7, NumPy's default)."""
    position = (len(ordered) - 1) * q
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)


def shown(number: float) -> str:
    """Write a number as people do: three digits that matter, thousands apart.

    >>> shown(190.04), shown(2.347), shown(31.0), shown(12345.6)
    ('190', '2.35', '31', '12,346')
    """
    if number >= 100:  # noqa: PLR2004 - from here on whole numbers say enough
        return f"{number:,.0f}"
    return f"{number:.3g}"


def moment(text: str, line: int | None = None, column: int | None = None) -> datetime:
    """Read an ISO 8601 time with its zone, as UTC. Raises Unreadable."""
    try:
        read = datetime.fromisoformat(text)
        in_utc = None if read.tzinfo is None else read.astimezone(UTC)
    except (ValueError, OverflowError):
        in_utc = None
    if in_utc is None:
        raise Unreadable(
            f"'{text[:40]}' is not a time with its zone.",
            expected="such as 2026-11-23T11:38:00Z",
            received=text[:40],
            line=line,
            column=column,
        )
    return in_utc


def number(text: object, unit: str, line: int | None = None, column: int | None = None) -> float:
    """Read a number that is finite and at least 0. Raises Unreadable, naming the unit."""
    try:
        read = float(str(text)) if isinstance(text, str | int | float) and not isinstance(text, bool) else -1
    except ValueError:
        read = -1.0
    if not (math.isfinite(read) and read >= 0):
        raise Unreadable(
            f"'{str(text)[:40]}' is not a number of {unit}.",
            expected=f"{unit}, 0 or more, with a point for decimals",
            received=str(text)[:40],
            line=line,
            column=column,
        )
    return read


def whole(text: object, what: str, line: int | None = None, column: int | None = None) -> int:
    """Read a whole number of at least 0. Raises Unreadable."""
    read = number(text, what, line, column)
    if read != int(read):
        raise Unreadable(
            f"'{text}' is not a whole number.",
            expected=what,
            received=str(text)[:40],
            line=line,
            column=column,
        )
    return int(read)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
