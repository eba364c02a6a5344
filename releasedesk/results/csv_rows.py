"""A table of ours: a header line that names columns with their units, then one row a request."""

import csv
import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from releasedesk.results.reading import Reading, Row, Sample, Unreadable, moment, number, whole
from releasedesk.results.tables import lines, separator

PER_MS = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1000.0, "sec": 1000.0, "seconds": 1000.0}
WITH_UNIT = re.compile(r"([a-z_]+?)[ _]*[\[(]?(" + "|".join(PER_MS) + r")[\])]?")
TIMES = ("response", "response_time", "latency", "duration", "elapsed", "time")
STATUS = ("status", "status_code", "code", "http_status")
CACHE = ("cache", "cache_status")
CALLS = ("db_calls", "queries")
AT = ("at", "timestamp", "taken_at")
EXPECTED = "a header such as response_ms,status,cache,db_calls,at"
CACHE_WORDS = {"hit": "hit", "miss": "miss", "": None}


class Columns(NamedTuple):
    """Where each value stands; None is a column that is not there."""

    time: int
    unit: str
    status: int
    cache: int | None
    db_calls: int | None
    at: int | None


def is_csv(first_line: str) -> bool:
    """Whether it begins with a header of ours; one that forgot the unit is ours too, to be told so."""
    names = _names(first_line)
    return any(_time_column(name) is not None for name in names) and len(names) > 1


def read(text: str, _route: str | None = None) -> Reading:
    """Read the rows. Raises Unreadable."""
    table = lines(text, separator(next(line for line in text.split("\n") if line.strip())))
    columns = _columns(next(table).cells)
    sample, first, last = Sample(), None, None
    for line, cells in table:
        sample.add(_row(cells, columns, line))
        if columns.at is not None:
            at = moment(_cell(cells, columns.at, line), line, columns.at + 1)
            first, last = min(first or at, at), max(last or at, at)
    if not sample.seen:
        raise Unreadable("There is a header and no row.", expected="one row a request", line=2)
    return Reading("CSV", sample.rows, taken_from=first, taken_until=last, notes=sample.notes)


def write(rows: Sequence[Row], times: Sequence[datetime] | None = None) -> str:
    """Write rows as `read` reads them."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(["response_ms", "status", "cache", "db_calls", *(["at"] if times else [])])
    for index, row in enumerate(rows):
        calls = "" if row.db_calls is None else row.db_calls
        at = [times[index].isoformat()] if times else []
        table.writerow([repr(row.response_ms), row.status, row.cache or "", calls, *at])
    return text.getvalue()


def _names(header: str) -> list[str]:
    return [name.strip().strip('"').lower().replace("-", "_") for name in header.split(separator(header))]


def _time_column(name: str) -> str | None:
    """Give the unit of a column of times, "" where it names none, None for another column.

    >>> _time_column("response_ms"), _time_column("latency"), _time_column("elapsed (s)"), _time_column("at")
    ('ms', '', 's', None)
    """
    if name in TIMES:
        return ""
    found = WITH_UNIT.fullmatch(name)
    return found[2] if found and found[1] in TIMES else None


def _columns(cells: Sequence[str]) -> Columns:
    names = [cell.strip().lower().replace("-", "_") for cell in cells]
    times = [index for index, name in enumerate(names) if _time_column(name) is not None]
    if not times:
        raise Unreadable("the header names no response time.", expected=EXPECTED, line=1)
    time = times[0]
    unit = _time_column(names[time])
    if not unit:
        raise Unreadable(
            f"the column '{cells[time].strip()}' does not say its unit.",
            expected="a name that ends in _ms, _s, _us or _ns, such as response_ms",
            received=cells[time].strip(),
            line=1,
            column=time + 1,
        )
    status = _find(names, STATUS)
    if status is None:
        raise Unreadable(
            "there is no column of statuses, so errors would be unknown.",
            expected="a column named status: 200, 404, 503, or 0 for no answer",
            received=", ".join(cell.strip() for cell in cells)[:80],
            line=1,
        )
    return Columns(time, unit, status, _find(names, CACHE), _find(names, CALLS), _find(names, AT))


def _find(names: Sequence[str], wanted: Sequence[str]) -> int | None:
    return next((index for index, name in enumerate(names) if name in wanted), None)


def _row(cells: Sequence[str], columns: Columns, line: int) -> Row:
    time = number(_cell(cells, columns.time, line), _word(columns.unit), line, columns.time + 1)
    status = whole(_cell(cells, columns.status, line), "an HTTP status, or 0", line, columns.status + 1)
    if status > 999:  # noqa: PLR2004 - the last three-digit number
        raise Unreadable(
            f"{status} is no HTTP status.",
            expected="100 to 599, or 0 for no answer",
            received=str(status),
            line=line,
            column=columns.status + 1,
        )
    cache = None
    if columns.cache is not None:
        word = _cell(cells, columns.cache, line).lower()
        if word not in CACHE_WORDS:
            raise Unreadable(
                f"'{word[:40]}' is no cache outcome.",
                expected="hit, miss or nothing",
                received=word[:40],
                line=line,
                column=columns.cache + 1,
            )
        cache = CACHE_WORDS[word]
    calls = None
    if columns.db_calls is not None and (text := _cell(cells, columns.db_calls, line)):
        calls = whole(text, "database calls", line, columns.db_calls + 1)
    return Row(time * PER_MS[columns.unit], status, cache, calls)


def _word(unit: str) -> str:
    words = {"ns": "nanoseconds", "us": "microseconds", "µs": "microseconds", "ms": "milliseconds"}
    return words.get(unit, "seconds")


def _cell(cells: Sequence[str], at: int, line: int) -> str:
    if at >= len(cells):
        raise Unreadable(
            f"this row has {len(cells)} cells and the header names more.",
            expected=f"a value in column {at + 1}",
            line=line,
            column=at + 1,
        )
    return cells[at].strip()
