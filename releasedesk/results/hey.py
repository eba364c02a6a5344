"""What `hey` prints: its report, or with `-o csv` one row a request. All its times are seconds."""

import re
from typing import Any

from releasedesk.results.reading import NO_ANSWER, SERVER_ERROR, Reading, Row, Sample, Unreadable, whole
from releasedesk.results.reading import number as a_number
from releasedesk.results.tables import lines

CSV_HEADER = "response-time,DNS+dialup,DNS,Request-write,Response-delay,Response-read"
TIME, STATUS = 0, 6
# Blanks are never \s, which over the line ends of a large text would take minutes.
# Some releases print the percent sign twice.
PERCENTILE = re.compile(r"^[ \t]*(50|95|99)%%? in ([0-9.]+) secs?[ \t]*$", re.MULTILINE)
TOTAL = re.compile(r"^[ \t]*Total:\s+([0-9.]+) secs?[ \t]*$", re.MULTILINE)
AVERAGE = re.compile(r"^[ \t]*Average:\s+([0-9.]+) secs?[ \t]*$", re.MULTILINE)
RESPONSES = re.compile(r"^[ \t]*\[(\d{3})\]\s+(\d+) responses?[ \t]*$", re.MULTILINE)
ERRORS = re.compile(r"^[ \t]*\[(\d+)\]\s+(?!\d+ responses?[ \t]*$)\S.*$", re.MULTILINE)


def is_text(text: str) -> bool:
    """Whether it is hey's report."""
    # Where nothing was answered it prints the errors alone.
    answered = "Summary:" in text and "Requests/sec:" in text and "secs" in text
    return answered or text.strip().startswith("Error distribution:")


def is_csv(first_line: str) -> bool:
    """Whether it is hey's table."""
    return first_line.strip().startswith(CSV_HEADER)


def read_text(text: str, _route: str | None = None) -> Reading:
    """Read the report. Raises Unreadable."""
    statuses = {int(status): int(count) for status, count in RESPONSES.findall(text)}
    _, _, errors_part = text.partition("Error distribution:")
    silent = sum(int(count) for count in ERRORS.findall(errors_part))
    requests = sum(statuses.values()) + silent
    if not requests:
        raise Unreadable(
            "The report counts no request.",
            expected="a 'Status code distribution' or an 'Error distribution' with numbers",
        )
    times: dict[str, float] = {f"p{percent}": _ms(value) for percent, value in PERCENTILE.findall(text)}
    if average := AVERAGE.search(text):
        times["mean"] = _ms(average[1])
    found: dict[str, Any] = {
        "requests": requests,
        "errors": silent + sum(count for status, count in statuses.items() if status >= SERVER_ERROR),
    }
    if times and statuses:
        found["response_ms"] = times
    took = TOTAL.search(text)
    notes = [f"The times leave out {silent:,} requests without an answer."] if silent else []
    return Reading("hey's report", totals=found, seconds=float(took[1]) if took else None, notes=notes)


def read_csv(text: str, _route: str | None = None) -> Reading:
    """Read the table. Raises Unreadable. hey leaves out what was not answered, and so do these rows."""
    table = lines(text)
    if "status-code" not in next(table).cells:
        raise Unreadable(
            "This table has no statuses, so errors would be unknown.",
            expected="hey 0.1.3 or newer, or its report as text",
            line=1,
        )
    sample = Sample()
    for line, cells in table:
        if len(cells) <= STATUS:
            raise Unreadable(
                f"this row has {len(cells)} cells.", expected="8, as the header names", line=line
            )
        time = a_number(cells[TIME].strip(), "seconds", line, TIME + 1) * 1000
        status = whole(cells[STATUS].strip(), "an HTTP status", line, STATUS + 1)
        sample.add(Row(round(time, 6), status or NO_ANSWER))
    if not sample.seen:
        raise Unreadable("There is a header and no row.", expected="one row a request", line=2)
    notes = ["hey's csv leaves out requests without an answer.", *sample.notes]
    return Reading("hey's csv", sample.rows, notes=notes)


def _ms(seconds: str) -> float:
    return round(a_number(seconds, "seconds") * 1000, 6)
