"""The probe's own log lines, read back: a service nobody may load-test is measured all the same."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from releasedesk.results.reading import Reading, Row, Sample, Unreadable, moment, number, whole

# A service or a container that logs in JSON puts the line into a field of its own.
WRAPPERS = ("event", "message", "msg", "log", "MESSAGE")


@dataclass
class Found:
    """What a log holds: a sample and a window a route, and how much of it was not used."""

    routes: dict[str, Sample] = field(default_factory=dict)
    windows: dict[str, tuple[datetime, datetime]] = field(default_factory=dict)
    unmatched: int = 0
    other_lines: int = 0

    def reading(self, route: str) -> Reading:
        """Give one route's numbers."""
        sample, (first, last) = self.routes[route], self.windows[route]
        notes = ["Read from the service's own log: real traffic, without the network.", *sample.notes]
        return Reading("the probe's log", sample.rows, taken_from=first, taken_until=last, notes=notes)


def is_line(document: Any) -> bool:
    """Whether this is a line of the probe's."""
    return (
        isinstance(document, dict)
        and document.get("event") == "request"
        and {"at", "method", "status", "response_ms"} <= document.keys()
    )


def is_log(first_line: str) -> bool:
    """Whether a text that begins so is a log of the probe's."""
    return is_line(_document(first_line))


def scan(
    lines: Iterable[str],
    routes: Iterable[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> Found:
    """Read a log in one pass and bounded memory, only `routes` if any are named. Raises Unreadable.

    A line may begin with what a log shipper puts before it. Lines of others are counted, not refused.
    """
    found, wanted = Found(), set(routes)
    for at, line in enumerate(lines, 1):
        document = _document(line)
        if not is_line(document):
            found.other_lines += bool(line.strip())
            continue
        when = moment(str(document["at"]), at)
        if (since and when < since) or (until and when >= until):
            continue
        route = document.get("route")
        if not isinstance(route, str):
            found.unmatched += 1
            route = f"{document['method']} {document.get('path')}"
            if route not in wanted:
                continue
        if wanted and route not in wanted:
            continue
        found.routes.setdefault(route, Sample()).add(_row(document, at))
        first, last = found.windows.get(route, (when, when))
        found.windows[route] = min(first, when), max(last, when)
    return found


def read(text: str, route: str | None = None) -> Reading:
    """Read the lines of `route`, or of the only one. Raises Unreadable, naming the routes there are."""
    found = scan(text.split("\n"))
    if not found.routes:
        raise Unreadable("No line tells of a request whose route is known.", expected="the probe's log lines")
    if route not in found.routes and len(found.routes) > 1:
        raise Unreadable(
            "The log holds several routes; these numbers are of one.",
            expected=f"one of these as the route: {', '.join(sorted(found.routes))}"[:500],
            received=route,
        )
    return found.reading(route if route in found.routes else next(iter(found.routes)))


def _document(line: str) -> Any:
    start = line.find("{")
    if start < 0:
        return None
    try:
        document = json.loads(line[start:])
        if not is_line(document) and isinstance(document, dict):
            wrapped = (document.get(name) for name in WRAPPERS)
            inner = next((text for text in wrapped if isinstance(text, str) and text.startswith("{")), "null")
            return json.loads(inner)
    except (ValueError, RecursionError):  # somebody else's line: counted by the caller
        return None
    return document


def _row(document: dict[str, Any], at: int) -> Row:
    calls, cache = document.get("db_calls"), document.get("cache")
    return Row(
        number(document["response_ms"], "milliseconds", at),
        whole(document["status"], "an HTTP status, or 0", at),
        cache if cache in ("hit", "miss") else None,
        None if calls is None else whole(calls, "database calls", at),
    )
