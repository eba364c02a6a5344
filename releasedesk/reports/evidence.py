"""Why the desk believes a verdict: what it was judged from, hits and misses apart, windows one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from releasedesk.measurements.judge import LABELS, UNITS, Requests, Windows, figures
from releasedesk.measurements.judge.metrics import SURER, SURER_OF_WINDOWS
from releasedesk.measurements.models import Snapshot
from releasedesk.reports.charts import Distribution, distribution
from releasedesk.reports.window_chart import WindowChart, windows
from releasedesk.reports.wording import Mark, metric_mark

FIRST_SURER = 3  # the first judge that asks a wider interval before something is past its limit
CACHE_CODES = {"hits": 1, "misses": 0}
NAMES = {
    "hits": "Cache hits alone",
    "misses": "Cache misses alone",
    "same_share": "At the same share of hits",
}
# The first of these that both sides hold is the one drawn.
DRAWN = ("response_ms_p95", "response_ms_p50", "response_ms_p99", "error_rate", "db_calls", "cache_hit_rate")
KINDS = {
    "requests": "{} requests",
    "windows": "{} windows of {:g} s",
    "summary": "numbers that somebody read off over {} requests",
}


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One metric of one group, in words."""

    label: str
    before: str
    after: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Group:
    """Hits alone, misses alone, or after thinned to before's share of hits."""

    name: str
    lines: tuple[GroupLine, ...]
    distribution: Distribution | None


def because(before: Snapshot, after: Snapshot, result: Mapping[str, Any]) -> str:
    """Say what a verdict was judged from: how much, how, under which conditions, by which judge."""
    sides = dict.fromkeys(_counted(side) for side in (before, after))
    each = " on each side" if len(sides) == 1 else ""
    by = (
        "its limit alone, without an interval"
        if "summary" in {before.kind, after.kind}
        else "the 95 % interval of each change against its limit"
    )
    if surer := _surer_than({before.kind, after.kind}, result):
        by += f" ({surer:g} % to be past it)"
    return (
        f"Judged from {' before and '.join(sides)}{each or ' after'}, by {by}{_conditions(before, after)}. "
        f"Judge {result['judge']}."
    )


def _surer_than(kinds: set[str], result: Mapping[str, Any]) -> float | None:
    """How sure, in per cent, of something past its limit; older judges asked for no more than 95."""
    if "summary" in kinds or int(result["judge"]) < FIRST_SURER:
        return None
    return 100 * (SURER_OF_WINDOWS if "windows" in kinds else SURER)


def _counted(side: Snapshot) -> str:
    if side.kind == Snapshot.Kind.WINDOWS:
        assert side.numbers is not None
        series = [values for values in side.numbers.values() if isinstance(values, list)]
        return KINDS[side.kind].format(max(map(len, series), default=0), side.numbers["seconds"])
    return KINDS[side.kind].format(f"{side.summary.get('requests', 0):,}")


def _conditions(before: Snapshot, after: Snapshot) -> str:
    """Say the conditions that both sides share; where they differ the judge has said so."""
    if (before.cache_state, before.cache_cleared) != (after.cache_state, after.cache_cleared):
        return ""
    cleared = f", {before.cache_cleared} cleared" if before.cache_cleared else ""
    return f", both with a {before.cache_state} cache{cleared}" if before.cache_state else ""


def groups(
    before: Snapshot | None,
    after: Snapshot | None,
    samples: Mapping[int, Requests],
    result: Mapping[str, Any],
) -> tuple[Group, ...]:
    """Return hits and misses apart, where both sides say which was which and there is more than one kind."""
    told = [metric for metric in result["metrics"] if metric.get("groups")]
    if before is None or after is None or not told or before.pk not in samples or after.pk not in samples:
        return ()
    sides = samples[before.pk], samples[after.pk]
    found = [_group(name, told, sides) for name in NAMES if any(name in metric["groups"] for metric in told)]
    lines = [group for group in found if group.lines]
    return tuple(lines) if len(lines) > 1 else ()


def _group(name: str, told: list[Mapping[str, Any]], sides: tuple[Requests, Requests]) -> Group:
    lines = (_line(metric, metric["groups"][name]) for metric in told if name in metric["groups"])
    return Group(NAMES[name], tuple(line for line in lines if line), _drawn(name, sides))


def _line(metric: Mapping[str, Any], figures_of: Mapping[str, Any]) -> GroupLine | None:
    before, after, unit = figures_of["before"], figures_of["after"], UNITS[metric["metric"]]
    if before is None and after is None:
        return None
    old, new = figures.pair(after if before is None else before, before if after is None else after, unit)
    suffix = figures.suffix(unit)
    return GroupLine(
        LABELS[metric["metric"]],
        "" if before is None else old + suffix,
        "" if after is None else new + suffix,
        metric_mark({**metric, **figures_of, "relative": None}),
    )


def _drawn(name: str, sides: tuple[Requests, Requests]) -> Distribution | None:
    code = CACHE_CODES.get(name)
    if code is None:
        return None
    times = [side.response_ms[side.cache == code] for side in sides if side.cache is not None]
    return distribution(times[0].tolist(), times[1].tolist()) if len(times) == len(sides) else None


def window_chart(before: Snapshot | None, after: Snapshot | None) -> WindowChart | None:
    """Draw the windows of both sides, of the first metric that both hold."""
    if before is None or after is None or {before.kind, after.kind} != {Snapshot.Kind.WINDOWS}:
        return None
    old, new = before.evidence, after.evidence
    assert isinstance(old, Windows)
    assert isinstance(new, Windows)
    for metric in DRAWN:
        first, second = getattr(old, metric), getattr(new, metric)
        if first is not None and second is not None:
            percent = UNITS[metric] == "share"
            scale, unit = (100.0, "%") if percent else (1.0, figures.suffix(UNITS[metric]).strip())
            drawn = windows(LABELS[metric], unit, (scale * first).tolist(), (scale * second).tolist())
            if drawn is not None:
                return drawn
    return None
