"""Numbers in the words of the pages. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

Tone = Literal["good", "warn", "bad", "idle"]
MINUS = "\N{MINUS SIGN}"
SHORT = {
    "response_ms_p50": "p50",
    "response_ms_p95": "p95",
    "response_ms_p99": "p99",
    "error_rate": "errors",
    "cache_hit_rate": "cache hits",
    "db_calls": "DB calls",
}


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with a tone and a shape, so that nothing is said by colour alone."""

    tone: Tone
    icon: str  # a symbol of the sprite: up, down, same, ask, back; "" for none
    words: str


def change(metric: Mapping[str, Any]) -> str:
    """Say a metric's change: "+31 %", "+0.4 pt"."""
    relative = metric["relative"]["change"] if metric.get("relative") else None
    value = metric["change"] if metric["change_kind"] == "relative" else relative
    if metric["unit"] == "share":
        return f"{signed((metric['change'] or 0) * 100, 1)} pt"
    if value is not None:
        return f"{signed(value * 100, 0)} %"
    return signed(metric["change"] or 0, 1)


def signed(value: float, digits: int) -> str:
    """Write a number with its sign; a true minus, and none for what rounds to zero."""
    rounded = round(value, digits)
    if rounded == 0:
        return f"{0:.{digits}f}"
    return f"{'+' if rounded > 0 else MINUS}{abs(rounded):.{digits}f}"


def metric_mark(metric: Mapping[str, Any]) -> Mark:
    """The mark of one judged metric."""
    verdict = metric["verdict"]
    if verdict in {"regressed", "improved"}:
        tone: Tone = "bad" if verdict == "regressed" else "good"
        icon = "up" if (metric["change"] or 0) > 0 else "down"
        return Mark(tone, icon, f"{SHORT[metric['metric']]} {change(metric)}")
    if verdict == "unchanged":
        return Mark("idle", "same", "no change")
    return (
        Mark("warn", "ask", "not decided")
        if verdict == "inconclusive"
        else Mark("idle", "ask", "not measured")
    )


def comparison_mark(verdict: str, result: Mapping[str, Any] | None) -> Mark:
    """The mark of a whole comparison: its worst metric, or why there is no verdict."""
    metrics = result["metrics"] if result else []
    for wanted in ("regressed", "improved"):
        found = [metric for metric in metrics if metric["verdict"] == wanted and not metric["muted"]]
        if found and (verdict == "suspect") == (wanted == "regressed") and verdict in {"suspect", "verified"}:
            return metric_mark(max(found, key=_weight))
    if verdict == "inconclusive" and any(metric["reason"] == "cache_hits" for metric in metrics):
        return Mark("warn", "ask", "the gain is cache hits")
    return {
        "suspect": Mark("bad", "up", "regressed"),
        "verified": Mark("idle", "same", "no change"),
        "inconclusive": Mark("warn", "ask", "not decided"),
        "not_comparable": Mark("warn", "ask", "not comparable"),
    }.get(verdict, Mark("idle", "ask", "not measured"))


def _weight(metric: Mapping[str, Any]) -> tuple[bool, float]:
    """Critical ones first, then the larger share of change."""
    relative = metric["relative"]["change"] if metric.get("relative") else metric["change"]
    return bool(metric["critical"]), abs(relative or 0)
