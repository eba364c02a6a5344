"""One metric of one side, and how two of them compare."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Protocol

import numpy as np

from releasedesk.measurements.judge import dependence, intervals

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

# No clock of ours resolves less than a nanosecond; it keeps the logarithm of 0 ms finite.
_SHORTEST_MS = 1e-6
# A window below this is zero but for rounding; a fraction of it would be a number without meaning.
_NOTHING = 1e-12

# Who says that something moved past its limit has to be surer than 95 %, or one release in forty would be
# accused of what it did not do. Windows are few, and their dependence is known less well.
SURER, SURER_OF_WINDOWS = 0.98, 0.99
# Requests that depend on each other are no evidence below so many independent ones, nor with fewer beyond a
# quantile.
LEAST_WORTH, LEAST_BEYOND = 30.0, 5.0
NOWHERE: intervals.Limits = (-math.inf, math.inf)


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

    `at` gives the limits that so many times the requests would give if the numbers stayed as they are, and
    `surer` the wider ones of those who want to be `SURER`, exactly at 1.0.
    `inefficiency` is how many windows weigh as one, where that is known only of both sides together.
    """

    value: float
    limits: intervals.Limits | None
    at: Callable[[float], intervals.Limits] | None = None
    surer: Callable[[float], intervals.Limits] | None = None
    inefficiency: float = 1.0


def _shrunk(value: float, limits: intervals.Limits, times: float) -> intervals.Limits:
    """An interval shrinks with the square root of the number of requests."""
    root = math.sqrt(times)
    return value - (value - limits[0]) / root, value + (limits[1] - value) / root


def _shrinking(
    value: float, limits: Callable[[float], intervals.Limits], enough: Callable[[float], bool]
) -> Change:
    """Build a change from its limits by confidence; `enough` says whether so many times the requests are."""
    found = limits(intervals.CONFIDENCE)

    @cache
    def wide() -> intervals.Limits:
        return limits(SURER)

    def surer(times: float) -> intervals.Limits:
        return _shrunk(value, wide(), times) if enough(times) else NOWHERE

    return Change(value, found, lambda times: _shrunk(value, found, times), surer)


def _enough(before: Reading, after: Reading, least: float) -> Callable[[float], bool]:
    """Whether so many times the requests, where they depend on each other, are worth `least` a side."""
    worth = min(math.inf if side.effective is None else side.effective for side in (before, after))
    return lambda times: worth * times >= least


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
        return intervals.quantile(self.times, self.q)

    def change(self, after: Quantile, *, relative: bool) -> Change:
        worth = self.effective, after.effective
        enough = _enough(self, after, max(LEAST_WORTH, LEAST_BEYOND / (1 - self.q)))
        old, new = self.times, after.times
        if relative:
            old, new = (np.log(np.maximum(times, _SHORTEST_MS)) for times in (old, new))
        found = intervals.quantile_differences(old, new, self.q, worth, (intervals.CONFIDENCE, SURER))
        if not relative:
            return _shrinking(after.value - self.value, found.__getitem__, enough)

        def limits(confidence: float) -> intervals.Limits:
            lower, upper = found[confidence]
            return math.expm1(lower), math.expm1(upper)

        return _shrinking(after.value / self.value - 1, limits, enough)


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
        def at(times: float, confidence: float = intervals.CONFIDENCE) -> intervals.Limits:
            old, new = self._worth(times), after._worth(times)
            if not relative:
                return intervals.newcombe_difference(old, new, confidence)
            return intervals.relative_from_limits(
                (self.value, intervals.wilson_limits(*old, confidence)),
                (after.value, intervals.wilson_limits(*new, confidence)),
            )

        value = after.value / self.value - 1 if relative else after.value - self.value
        enough = _enough(self, after, LEAST_WORTH)
        return Change(value, at(1.0), at, lambda times: at(times, SURER) if enough(times) else NOWHERE)


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
        sides, enough = (self._moments, after._moments), _enough(self, after, LEAST_WORTH)
        if not relative:
            welch = partial(intervals.welch_difference, *sides)
            return _shrinking(after.value - self.value, welch, enough)

        def limits(confidence: float) -> intervals.Limits:
            old, new = ((side[0], intervals.mean_limits(*side, confidence)) for side in sides)
            return intervals.relative_from_limits(old, new)

        return _shrinking(after.value / self.value - 1, limits, enough)


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
        if not relative:
            return _of_shift(self.values, after.values, float)
        if self.values.min() < _NOTHING:
            return Change(math.inf, NOWHERE)
        with np.errstate(divide="ignore"):
            old, new = np.log(self.values), np.log(after.values)
        raw = self.values, after.values
        return _of_shift(old, new, math.expm1, raw)


def _of_shift(
    before: NDArray[np.float64],
    after: NDArray[np.float64],
    told: Callable[[float], float],
    raw: tuple[NDArray[np.float64], NDArray[np.float64]] | None = None,
) -> Change:
    """Widen the intervals of windows that depend on each other; a forecast remains where none exists."""
    many = dependence.of_windows(raw or (before, after))
    value, limits = intervals.shift(before, after, many)

    @cache
    def wide(confidence: float) -> intervals.Limits:
        inefficiency = many if confidence == intervals.CONFIDENCE else careful()
        _, alone = intervals.shift(before, after, confidence=confidence)
        return _told(_shrunk(value, alone, 1 / inefficiency) if math.isfinite(alone[0]) else alone, told)

    @cache
    def careful() -> float:
        return dependence.of_windows(raw or (before, after), cautious=True)

    def surer(times: float) -> intervals.Limits:
        if times == 1:
            return _told(intervals.shift(before, after, careful(), SURER_OF_WINDOWS)[1], told)
        return _shrunk(told(value), wide(SURER_OF_WINDOWS), times)

    def at(times: float) -> intervals.Limits:
        return _shrunk(told(value), wide(intervals.CONFIDENCE), times)

    return Change(told(value), _told(limits, told), at, surer, many)


def _told(limits: intervals.Limits, told: Callable[[float], float]) -> intervals.Limits:
    return limits if not any(map(math.isfinite, limits)) else (told(limits[0]), told(limits[1]))


@dataclass(frozen=True)
class Typed:
    """An aggregate: a value without what lies behind it."""

    value: float
    n: int
    effective: None = None

    def change(self, after: Reading, *, relative: bool) -> Change:
        return Change(after.value / self.value - 1 if relative else after.value - self.value, None)


AnyReading = Quantile | Proportion | Mean | Series | Typed


def compare(before: AnyReading, after: AnyReading, *, relative: bool) -> Change:
    """Return the change between two readings of one metric, without interval when one is an aggregate."""
    if type(before) is type(after):
        return before.change(after, relative=relative)  # type: ignore[arg-type]  # they are of one type
    return Typed(before.value, before.n).change(after, relative=relative)
