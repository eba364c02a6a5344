"""One metric of one side, and how two of them compare. Evidence is turned into readings here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from releasedesk.measurements.judge import dependence, intervals
from releasedesk.measurements.judge.policy import QUANTILES
from releasedesk.measurements.judge.samples import HIT, UNKNOWN, Evidence, Requests, Summary, Windows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

# No clock of ours resolves less than a nanosecond; it keeps the logarithm of 0 ms finite.
_SHORTEST_MS = 1e-6
# A window below this is zero but for rounding; a fraction of it would be a number without meaning.
_NOTHING = 1e-12


class Reading(Protocol):
    """A value with the number of requests (or windows) behind it, and what they are worth together.

    `effective` is None where they count in full: they do not depend on each other, or nobody can know.
    """

    @property
    def n(self) -> int: ...
    @property
    def effective(self) -> float | None: ...
    @property
    def value(self) -> float: ...


@dataclass(frozen=True)
class Change:
    """Before to after: absolute, or relative to before. `limits` is None where no interval is possible.

    `at` gives the limits that so many times the requests would give if the numbers stayed as they are.
    `inefficiency` is how many windows weigh as one, where that is known only of both sides together.
    """

    value: float
    limits: intervals.Limits | None
    at: Callable[[float], intervals.Limits] | None = None
    inefficiency: float = 1.0


def _shrinking(value: float, limits: intervals.Limits) -> Change:
    def at(times: float) -> intervals.Limits:
        root = math.sqrt(times)
        return value - (value - limits[0]) / root, value + (limits[1] - value) / root

    return Change(value, limits, at)


@dataclass(frozen=True, eq=False)
class Quantile:
    """A quantile of single requests, `times` sorted ascending (ms)."""

    times: NDArray[np.float64]
    q: float
    effective: float | None = None

    @property
    def n(self) -> int:
        return len(self.times)

    @property
    def value(self) -> float:
        return float(np.quantile(self.times, self.q))

    def change(self, after: Quantile, *, relative: bool) -> Change:
        worth = self.effective, after.effective
        if not relative:
            limits = intervals.quantile_difference(self.times, after.times, self.q, worth)
            return _shrinking(after.value - self.value, limits)
        old, new = (np.log(np.maximum(side.times, _SHORTEST_MS)) for side in (self, after))
        lower, upper = intervals.quantile_difference(old, new, self.q, worth)
        return _shrinking(after.value / self.value - 1, (math.expm1(lower), math.expm1(upper)))


@dataclass(frozen=True)
class Proportion:
    """So many of so many requests."""

    count: int
    n: int
    effective: float | None = None

    @property
    def value(self) -> float:
        return self.count / self.n

    def _worth(self, times: float) -> tuple[float, float]:
        """Count and number as so many times the requests would have them."""
        size = (self.n if self.effective is None else self.effective) * times
        return self.value * size, size

    def change(self, after: Proportion, *, relative: bool) -> Change:
        def at(times: float) -> intervals.Limits:
            old, new = self._worth(times), after._worth(times)
            if not relative:
                return intervals.newcombe_difference(old, new)
            return intervals.relative_from_limits(
                (self.value, intervals.wilson_limits(*old)), (after.value, intervals.wilson_limits(*new))
            )

        value = after.value / self.value - 1 if relative else after.value - self.value
        return Change(value, at(1.0), at)


@dataclass(frozen=True)
class Mean:
    """A mean a request."""

    value: float
    variance: float
    n: int
    effective: float | None = None

    @property
    def _moments(self) -> tuple[float, float, float]:
        return self.value, self.variance, self.n if self.effective is None else max(2.0, self.effective)

    def change(self, after: Mean, *, relative: bool) -> Change:
        sides = self._moments, after._moments
        if not relative:
            return _shrinking(after.value - self.value, intervals.welch_difference(*sides))
        old, new = ((side[0], intervals.mean_limits(*side)) for side in sides)
        return _shrinking(after.value / self.value - 1, intervals.relative_from_limits(old, new))


@dataclass(frozen=True, eq=False)
class Series:
    """One value a window, in order and without the missing ones; its value is the median.

    What the windows are worth shows only beside the other side's: `Change.inefficiency`.
    """

    values: NDArray[np.float64]
    effective: None = None

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def value(self) -> float:
        return float(np.median(self.values))

    def change(self, after: Series, *, relative: bool) -> Change:
        many = dependence.of_windows((self.values, after.values))
        if not relative:
            return _of_shift(self.values, after.values, many, float)
        if self.values.min() < _NOTHING:
            return Change(math.inf, (-math.inf, math.inf))
        with np.errstate(divide="ignore"):
            return _of_shift(np.log(self.values), np.log(after.values), many, math.expm1)


def _of_shift(
    before: NDArray[np.float64], after: NDArray[np.float64], many: float, told: Callable[[float], float]
) -> Change:
    """Widen the interval of windows that depend on each other; a forecast remains where no interval does."""
    value, limits = intervals.shift(before, after, many)
    _, alone = intervals.shift(before, after)
    root, wide = math.sqrt(many), alone
    if many > 1 and all(map(math.isfinite, alone)):
        wide = value - root * (value - alone[0]), value + root * (alone[1] - value)
    at = _shrinking(told(value), (told(wide[0]), told(wide[1]))).at
    if not any(map(math.isfinite, limits)):
        return Change(told(value), limits, at, many)
    return Change(told(value), (told(limits[0]), told(limits[1])), at, many)


@dataclass(frozen=True)
class Typed:
    """An aggregate: a value without what lies behind it."""

    value: float
    n: int
    effective: None = None

    def change(self, after: Reading, *, relative: bool) -> Change:
        return Change(after.value / self.value - 1 if relative else after.value - self.value, None)


AnyReading = Quantile | Proportion | Mean | Series | Typed


def readings(evidence: Evidence) -> dict[str, AnyReading]:
    """Return what the evidence holds, by metric; a metric that was not measured is left out."""
    if isinstance(evidence, Requests):
        return _of_requests(evidence)
    return _of_windows(evidence) if isinstance(evidence, Windows) else _of_summary(evidence)


def _of_requests(requests: Requests) -> dict[str, AnyReading]:
    if not len(requests):
        return {}
    times = np.sort(requests.response_ms)
    found: dict[str, AnyReading] = {
        # What a quantile is worth depends on how requests on its far side follow each other.
        metric: Quantile(times, q, _worth(requests.response_ms > np.quantile(times, q)))
        for metric, q in QUANTILES.items()
    }
    # Errors count in full: to whom they happened, a burst of them is no single event.
    found["error_rate"] = Proportion(int(requests.failed.sum()), len(requests))
    if requests.cache is not None and len(known := requests.cache[requests.cache != UNKNOWN]):
        found["cache_hit_rate"] = Proportion(int((known == HIT).sum()), len(known), _worth(known))
    if requests.db_calls is not None:
        calls = requests.db_calls[requests.db_calls != UNKNOWN]
        if len(calls):
            found["db_calls"] = _mean(calls)
    return found


def _mean(calls: NDArray[np.int32]) -> Mean:
    # Sorted, so that the last bit of the variance does not depend on the order of the requests.
    ordered = np.sort(calls)
    variance = float(ordered.var(ddof=1)) if len(calls) > 1 else 0.0
    return Mean(float(ordered.mean()), variance, len(calls), _worth(calls))


def _worth(series: NDArray[np.generic]) -> float | None:
    many = dependence.of_requests(series)
    return None if many == 1 else len(series) / many


def _of_windows(windows: Windows) -> dict[str, AnyReading]:
    found: dict[str, AnyReading] = {}
    for metric in (*QUANTILES, "error_rate", "cache_hit_rate", "db_calls"):
        series = getattr(windows, metric)
        values = np.empty(0) if series is None else np.asarray(series, dtype=np.float64)
        values = values[np.isfinite(values)]
        if len(values):
            found[metric] = Series(values)
    return found


def _of_summary(summary: Summary) -> dict[str, AnyReading]:
    n = summary.requests
    if n == 0:
        return {}
    known = n if summary.cache_known is None else summary.cache_known
    values: Mapping[str, float | None] = {
        **{metric: getattr(summary, metric) for metric in QUANTILES},
        "error_rate": None if summary.errors is None else summary.errors / n,
        "cache_hit_rate": None if summary.cache_hits is None or not known else summary.cache_hits / known,
        "db_calls": summary.db_calls_mean,
    }
    counts = {"cache_hit_rate": known}
    return {
        metric: Typed(float(value), counts.get(metric, n))
        for metric, value in values.items()
        if value is not None
    }


def compare(before: AnyReading, after: AnyReading, *, relative: bool) -> Change:
    """Return the change between two readings of one metric, without interval when one is an aggregate."""
    if type(before) is type(after):
        return before.change(after, relative=relative)  # type: ignore[arg-type]  # they are of one type
    return Typed(before.value, before.n).change(after, relative=relative)
