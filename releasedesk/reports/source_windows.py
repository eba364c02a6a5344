"""How far the windows are that are read off a metric source by themselves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from releasedesk.measurements.judge import LABELS
from releasedesk.measurements.metric_source import Window
from releasedesk.releases.models import Release
from releasedesk.reports.charts import amount

PHASES = {"before": "Before", "after": "After", "week_before": "The same hour a week before"}
UNITS = {"response_ms_p95": "ms", "error_rate": "share", "cache_hit_rate": "share", "db_calls": "calls"}
A_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class WindowLine:
    """One window in words. `share` of it is there, of 100."""

    name: str
    environment: str
    state: str
    words: str
    detail: str
    share: int


def window_lines(release: Release, *, now: datetime) -> list[WindowLine]:
    """Tell of every window of a release; one query."""
    return lines_of(release.windows.select_related("source__environment").order_by("-taken_from"), now=now)


def lines_of(rows: Iterable[Window], *, now: datetime) -> list[WindowLine]:
    """Tell of the windows of the latest deployments; `rows` come the newest first, with their sources."""
    order = list(PHASES)
    latest: dict[tuple[int, str], Window] = {}
    for row in rows:
        latest.setdefault((row.source_id, row.phase), row)
    shown = sorted(latest.values(), key=lambda row: (row.source.environment.rank, -order.index(row.phase)))
    return [_line(row, now) for row in reversed(shown)]


def _line(window: Window, now: datetime) -> WindowLine:
    return WindowLine(
        name=PHASES[window.phase],
        environment=window.source.environment.name,
        state=window.state,
        words=_words(window, now),
        detail=window.detail,
        share=min(round(100 * window.points / max(window.expected, 1)), 100),
    )


def _words(window: Window, now: datetime) -> str:
    points = f"{window.points} of {window.expected} points"
    if window.state == Window.State.GAVE_UP:
        return f"gave up, {points}"
    if window.state == Window.State.DONE:
        return f"{points}. {_medians(window)}" if window.phase == Window.Phase.WEEK_BEFORE else points
    if now < window.taken_from:
        return f"begins in {_minutes(window.taken_from - now)}, after the warm-up"
    if window.is_over(now):
        return f"{points}; asked again soon"
    passed, whole = now - window.taken_from, window.taken_until - window.taken_from
    return f"{_minutes(min(passed, whole), unit=False)} of {_minutes(whole)}, {points}"


def _minutes(span: timedelta, *, unit: bool = True) -> str:
    number = round(span / A_MINUTE, 1)
    return f"{number:g} min" if unit else f"{number:g}"


def _medians(window: Window) -> str:
    """What the week before was like: the median of each metric."""
    said = []
    for metric, values in (window.numbers or {}).items():
        known = [value for value in values if value is not None] if isinstance(values, list) else []
        if known:
            unit = {"change_kind": "absolute", "unit": UNITS[metric]}
            text = amount(unit, median(known), signed=False).replace(" pt", " %")
            said.append(f"{LABELS[metric]} {text}")
    return ", ".join(said)
