"""The four numbers of a window, as a person types and reads them."""

from __future__ import annotations

from typing import Any

from django import forms

from releasedesk.problems.problem import FieldError
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.forms import ActionForm

# form field → where it stands in the summary's body (DESIGN §5.7), and its unit
NUMBERS: dict[str, tuple[tuple[str, ...], str]] = {
    "requests": (("requests",), "requests"),
    "error_count": (("errors",), "errors"),
    "p50": (("response_ms", "p50"), "ms p50"),
    "p95": (("response_ms", "p95"), "ms p95"),
    "p99": (("response_ms", "p99"), "ms p99"),
    "cache_hits": (("cache_hits",), "cache hits"),
    "db_calls": (("db_calls", "mean"), "database calls a request"),
}


def whole(label: str) -> forms.IntegerField:
    """A number of things."""
    return forms.IntegerField(label=label, required=False)


def measured(label: str) -> forms.FloatField:
    """A number with its unit in the label."""
    return forms.FloatField(label=label, required=False)


class SummaryForm(ActionForm):
    """Aggregates, as they are read off a dashboard."""

    requests = whole("Requests in the window")
    error_count = whole("Errors, of these requests")
    p50 = measured("Response time p50, ms")
    p95 = measured("Response time p95, ms")
    p99 = measured("Response time p99, ms")
    cache_hits = whole("Cache hits, of these requests")
    db_calls = measured("Database calls, mean a request")

    def show(self, error: FieldError, path: list[str]) -> None:
        """Find the form's field of a number in the body."""
        if path[:1] == ["summary"]:
            path = [name for name, (place, _) in NUMBERS.items() if list(place) == path[1:]] or path
        super().show(error, path)


def summary(asked: Asked) -> dict[str, Any]:
    """The numbers that were given, in the body's shape. What is missing stays missing."""
    body: dict[str, Any] = {}
    for name, ((*groups, last), _) in NUMBERS.items():
        if (number := asked[name]) is not None:
            group = body.setdefault(groups[0], {}) if groups else body
            group[last] = number
    return body


def figures(body: dict[str, Any]) -> str:
    """A summary in one line, with its units."""
    found = ((look_up(body, place), unit) for place, unit in NUMBERS.values())
    given = [f"{short(number)} {unit}" for number, unit in found if number is not None]
    return ", ".join(given) or "not measured"


def short(number: float) -> str:
    """At most two decimals."""
    return f"{number:,.2f}".rstrip("0").rstrip(".")


def look_up(body: Any, place: tuple[str, ...]) -> float | None:
    """Follow a path into a summary; None where nothing was measured."""
    for name in place:
        body = body.get(name) if isinstance(body, dict) else None
    return body if isinstance(body, int | float) else None
