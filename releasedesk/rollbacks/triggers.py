"""A trigger is executable: does a snapshot meet it? Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

WORDS = {
    "response_ms_p50": ("p50", "ms"),
    "response_ms_p95": ("p95", "ms"),
    "response_ms_p99": ("p99", "ms"),
    "error_rate": ("error rate", "%"),
    "cache_hit_rate": ("cache hits", "%"),
    "db_calls": ("DB calls", "a request"),
}


def met(
    triggers: Sequence[Mapping[str, Any]],
    numbers: Mapping[str, float | None],
    before: Mapping[str, float | None] | None = None,
) -> list[str]:
    """Return one sentence for each trigger that the numbers are past; it says what was past it `before` too.

    `numbers` maps metrics to values in the judge's units (milliseconds; rates from 0 to 1; calls a request).
    What was not measured meets nothing. `for_minutes` is for people who watch a graph: one window past it is
    enough here.
    """
    return [
        f"{WORDS[metric][0]} is {_number(metric, value)}, the plan says to go back {bound(trigger)}"
        f"{_already(trigger, (before or {}).get(metric))}."
        for trigger in triggers
        if (value := numbers.get(metric := trigger["metric"])) is not None and _is_past(trigger, value)
    ]


def _already(trigger: Mapping[str, Any], value: float | None) -> str:
    """Say that the change is not to blame: it was so bad already."""
    if value is None or not _is_past(trigger, value):
        return ""
    return f"; it was already past that before the change, at {_number(trigger['metric'], value)}"


def words(trigger: Mapping[str, Any]) -> str:
    """Say the trigger: `p95 above 230 ms for 5 min`."""
    minutes = trigger.get("for_minutes")
    return f"{WORDS[trigger['metric']][0]} {bound(trigger)}" + (f" for {minutes:g} min" if minutes else "")


def bound(trigger: Mapping[str, Any]) -> str:
    """Say the bound alone: `above 230 ms`."""
    side = "above" if trigger.get("above") is not None else "below"
    return f"{side} {_number(trigger['metric'], trigger[side])}"


def _is_past(trigger: Mapping[str, Any], value: float) -> bool:
    above, below = trigger.get("above"), trigger.get("below")
    return (above is not None and value > above) or (below is not None and value < below)


def _number(metric: str, value: float) -> str:
    unit = WORDS[metric][1]
    shown = value * 100 if unit == "%" else value
    return f"{shown:.4g} {unit}"
