"""What `vegeta` writes: `report -type=json`, or `encode -to json` and `-to csv`. All in nanoseconds."""

import json
import re
from datetime import UTC, datetime, timedelta
from typing import Any

from releasedesk.results.reading import (
    SERVER_ERROR,
    Reading,
    Row,
    Sample,
    Unreadable,
    moment,
    number,
    whole,
)
from releasedesk.results.tables import lines

NS_PER_MS = 1_000_000
PERCENTILES = {"mean": "mean", "50th": "p50", "95th": "p95", "99th": "p99"}
CSV_ROW = re.compile(r"\d{16,20},\d{1,3},\d+,\d+,\d+,")
AT, CODE, LATENCY = 0, 1, 2
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def is_report(document: Any) -> bool:
    """Whether it is the JSON report."""
    return isinstance(document, dict) and {"latencies", "requests", "status_codes"} <= document.keys()


def is_line(document: Any) -> bool:
    """Whether it is the first of the JSON lines."""
    return isinstance(document, dict) and {"code", "latency", "timestamp"} <= document.keys()


def is_csv(first_line: str) -> bool:
    """Whether it is the table, which has no header."""
    return CSV_ROW.match(first_line) is not None


def read_report(text: str, _route: str | None = None) -> Reading:
    """Read the report. Raises Unreadable."""
    report = json.loads(text)
    latencies, codes = report["latencies"], report["status_codes"]
    requests = whole(report["requests"], "requests")
    if not requests or not isinstance(latencies, dict) or not isinstance(codes, dict):
        raise Unreadable("vegeta sent no request.", expected="a report with requests, latencies and codes")
    by_code = {whole(code, "an HTTP status"): whole(count, "answers") for code, count in codes.items()}
    errors = sum(count for code, count in by_code.items() if code == 0 or code >= SERVER_ERROR)
    times = {ours: _ms(latencies[theirs]) for theirs, ours in PERCENTILES.items() if theirs in latencies}
    found = {"requests": requests, "errors": errors, "response_ms": times}
    window = [moment(str(report[name])) for name in ("earliest", "end") if report.get(name)]
    start, end = window if len(window) == 2 else (None, None)  # noqa: PLR2004 - both or none
    return Reading("vegeta's report", totals=found, taken_from=start, taken_until=end)


def read_lines(text: str, _route: str | None = None) -> Reading:
    """Read each request. Raises Unreadable."""
    sample, times = Sample(), _Times()
    for at, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            hit = json.loads(line)
            code, latency, when = hit["code"], hit["latency"], str(hit["timestamp"])
        except (ValueError, KeyError, TypeError) as error:
            raise Unreadable(
                "this is no hit of vegeta's.", expected="one JSON object a line", line=at
            ) from error
        row = Row(_ms(latency, at), whole(code, "an HTTP status, or 0", at))
        sample.add(row)
        times.add(moment(when, at), row)
    return Reading("vegeta's JSON lines", sample.rows, **times.window, notes=sample.notes)


def read_csv(text: str, _route: str | None = None) -> Reading:
    """Read each request. Raises Unreadable."""
    sample, times = Sample(), _Times()
    for line, cells in lines(text):
        if len(cells) <= LATENCY:
            raise Unreadable(
                f"this row has {len(cells)} cells.",
                expected="time, code, latency and more, as vegeta encode -to csv writes",
                line=line,
            )
        code = whole(cells[CODE], "an HTTP status, or 0", line, CODE + 1)
        row = Row(_ms(cells[LATENCY], line, LATENCY + 1), code)
        sample.add(row)
        times.add(EPOCH + timedelta(microseconds=_us(cells[AT], line)), row)
    return Reading("vegeta's csv", sample.rows, **times.window, notes=sample.notes)


class _Times:
    """From the first request sent to the last one answered."""

    def __init__(self) -> None:
        self.window: dict[str, Any] = {}

    def add(self, sent: datetime, row: Row) -> None:
        answered = sent + timedelta(milliseconds=row.response_ms)
        self.window = {
            "taken_from": min(self.window.get("taken_from", sent), sent),
            "taken_until": max(self.window.get("taken_until", answered), answered),
        }


def _ms(nanoseconds: object, line: int | None = None, column: int | None = None) -> float:
    return number(nanoseconds, "nanoseconds", line, column) / NS_PER_MS


def _us(text: str, line: int) -> int:
    at = whole(text, "nanoseconds since 1970", line, AT + 1)
    if at >= 253_402_300_800 * 10**9:  # the year 10000
        raise Unreadable(
            f"{text} lies too far ahead.", expected="nanoseconds since 1970", line=line, column=1
        )
    return at // 1000
