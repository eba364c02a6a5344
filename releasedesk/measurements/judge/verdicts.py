"""The rules: one metric against its limit, a comparison from its metrics, a release from its routes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from releasedesk.measurements.judge.intervals import Limits
    from releasedesk.measurements.judge.policy import Better

MetricVerdict: TypeAlias = Literal[
    "regressed", "improved", "unchanged", "inconclusive", "not_measured", "not_comparable"
]
Verdict: TypeAlias = Literal["suspect", "not_comparable", "inconclusive", "verified", "not_measured"]

# Worst first. What was not measured is no verdict at all, so anything else speaks before it.
ORDER: tuple[Verdict, ...] = ("suspect", "not_comparable", "inconclusive", "verified", "not_measured")

CACHE_HITS = "cache_hits"
_DECIDED = frozenset({"regressed", "improved", "unchanged"})
# 209 / 190 - 1 is a hair more than 0.1; what is at its limit is not past it.
_ROUNDING = 1e-9
_MOST_TIMES = 10_000.0


def against_limit(limits: Limits, allowed: float, better: Better) -> MetricVerdict:
    """Compare the interval of a change with the allowed change."""
    lower, upper = limits if better == "lower" else (-limits[1], -limits[0])
    allowed += _ROUNDING
    if lower > allowed:
        return "regressed"
    if upper < -allowed:
        return "improved"
    return "unchanged" if -allowed <= lower and upper <= allowed else "inconclusive"


def confirmed(limits: Limits, surer: Callable[[], Limits], allowed: float, better: Better) -> MetricVerdict:
    """Compare with the allowed change, and hear who is surer before something is said to be past it."""
    verdict = against_limit(limits, allowed, better)
    if verdict in {"regressed", "improved"} and against_limit(surer(), allowed, better) != verdict:
        return "inconclusive"
    return verdict


def times_to_decide(
    at: Callable[[float], Limits], surer: Callable[[float], Limits], allowed: float, better: Better
) -> float | None:
    """Return how many times the requests would decide it if the numbers stayed the same (None: too many)."""

    def decided(times: float) -> bool:
        return confirmed(at(times), lambda: surer(times), allowed, better) in _DECIDED

    low, high = 1.0, 2.0
    while not decided(high):
        low, high = high, high * 2
        if high > _MOST_TIMES:
            return None
    while high - low > low * 1e-3:
        middle = (low + high) / 2
        low, high = (low, middle) if decided(middle) else (middle, high)
    return high


def rounded_up(count: float) -> int:
    """Round up to two figures: a forecast is not exact, and should not look so."""
    step = int(10 ** max(0, math.floor(math.log10(max(count, 1))) - 1))
    return math.ceil(count / step) * step


class Counted(Protocol):
    """What the verdict of a comparison needs to know of one metric."""

    @property
    def verdict(self) -> MetricVerdict: ...
    @property
    def reason(self) -> str | None: ...
    @property
    def critical(self) -> bool: ...
    @property
    def must_have(self) -> bool: ...
    @property
    def muted(self) -> bool: ...


def holds_back(metric: Counted) -> bool:
    """Whether this metric, undecided as it is, keeps a comparison from being verified."""
    if metric.reason == CACHE_HITS:
        return True
    if metric.verdict == "not_measured":
        return metric.must_have
    return metric.verdict not in _DECIDED and (metric.critical or metric.must_have)


def comparison_verdict(metrics: Iterable[Counted]) -> Verdict:
    """Return the first that holds; muted metrics have no say."""
    counted = [metric for metric in metrics if not metric.muted]
    verdicts = {metric.verdict for metric in counted}
    if verdicts <= {"not_measured"}:
        return "not_measured"
    if "regressed" in verdicts:
        return "suspect"
    if verdicts <= {"not_measured", "not_comparable"}:
        return "not_comparable"
    if any(holds_back(metric) for metric in counted) or not verdicts & _DECIDED:
        return "inconclusive"
    return "verified"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of several comparisons, as over the routes of a release; none is `not_measured`."""
    return min(verdicts, key=ORDER.index, default="not_measured")


def release_verdict(routes: Iterable[tuple[int, Verdict]]) -> Verdict:
    """Return a release's verdict from (order of the environment, verdict) of every route measured anywhere.

    The highest environment in which anything was measured decides, with the worst of its routes.
    """
    measured = [(order, verdict) for order, verdict in routes if verdict != "not_measured"]
    highest = max((order for order, _ in measured), default=0)
    return worst(verdict for order, verdict in measured if order == highest)
