"""One metric of one side, and how two of them compare. Evidence is turned into readings here."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np

from releasedesk.measurements.judge import intervals
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
    """A value with the number of requests (or windows) behind it."""

    @property
    def n(self) -> int: ...
    @property
    def value(self) -> float: ...


@dataclass(frozen=True)
class Change:
    """Before to after: absolute, or relative to before. `limits` is None where no interval is possible.

    `at` gives the limits that so many times the requests would give if the numbers stayed as they are.
    """

    value: float
    limits: intervals.Limits | None
    at: Callable[[float], intervals.Limits] | None = None


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

    @property
    def n(self) -> int:
        return len(self.times)

    @property
    def value(self) -> float:
        return float(np.quantile(self.times, self.q))

    def change(self, after: Quantile, *, relative: bool) -> Change:
        if not relative:
            limits = intervals.quantile_difference(self.times, after.times, self.q)
            return _shrinking(after.value - self.value, limits)
        old, new = (np.log(np.maximum(side.times, _SHORTEST_MS)) for side in (self, after))
        lower, upper = intervals.quantile_difference(old, new, self.q)
        return _shrinking(after.value / self.value - 1, (math.expm1(lower), math.expm1(upper)))


@dataclass(frozen=True)
class Proportion:
    """So many of so many requests."""

    count: int
    n: int

    @property
    def value(self) -> float:
        return self.count / self.n

    def change(self, after: Proportion, *, relative: bool) -> Change:
        def at(times: float) -> intervals.Limits:
            old, new = ((side.count * times, side.n * times) for side in (self, after))
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

    def change(self, after: Mean, *, relative: bool) -> Change:
        if not relative:
            limits = intervals.welch_difference(
                (self.value, self.variance, self.n), (after.value, after.variance, after.n)
            )
            return _shrinking(after.value - self.value, limits)
        old, new = (
            (side.value, intervals.mean_limits(side.value, side.variance, side.n)) for side in (self, after)
        )
        return _shrinking(after.value / self.value - 1, intervals.relative_from_limits(old, new))


@dataclass(frozen=True, eq=False)
class Series:
    """One value a window, without the missing ones; its value is the median."""

    values: NDArray[np.float64]

    @property
    def n(self) -> int:
        return len(self.values)

    @property
    def value(self) -> float:
        return float(np.median(self.values))

    def change(self, after: Series, *, relative: bool) -> Change:
        if not relative:
            return _shrinking(*intervals.shift(self.values, after.values))
        if self.values.min() < _NOTHING:
            return Change(math.inf, (-math.inf, math.inf))
        with np.errstate(divide="ignore"):
            value, (lower, upper) = intervals.shift(np.log(self.values), np.log(after.values))
        return _shrinking(math.expm1(value), (math.expm1(lower), math.expm1(upper)))


@dataclass(frozen=True)
class Typed:
    """An aggregate: a value without what lies behind it."""

    value: float
    n: int

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
    found: dict[str, AnyReading] = {metric: Quantile(times, q) for metric, q in QUANTILES.items()}
    found["error_rate"] = Proportion(int(requests.failed.sum()), len(requests))
    if requests.cache is not None and (known := int((requests.cache != UNKNOWN).sum())):
        found["cache_hit_rate"] = Proportion(int((requests.cache == HIT).sum()), known)
    if requests.db_calls is not None:
        # Sorted, so that the last bit of the variance does not depend on the order of the requests.
        calls = np.sort(requests.db_calls[requests.db_calls != UNKNOWN])
        if len(calls):
            variance = float(calls.var(ddof=1)) if len(calls) > 1 else 0.0
            found["db_calls"] = Mean(float(calls.mean()), variance, len(calls))
    return found


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
