"""Intervals for the change from before to after; docs/judge.md gives each method's source.

Every function returns (lower, upper) of after minus before, or of after / before - 1 where it says relative.
They hold the truth in 95 of 100 cases, or as often as `confidence` says.
Nothing here draws a random number.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import cache, lru_cache
from statistics import NormalDist
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

Floats: TypeAlias = NDArray[np.float64]
Limits: TypeAlias = tuple[float, float]

CONFIDENCE = 0.95

# Ranks beyond eight standard deviations weigh under 1e-6 together; the tails are 0.025.
_REACH = 8.0
_HALVINGS = 34
_NODES, _NODE_WEIGHTS = np.polynomial.legendre.leggauss(32)
_CELL_NODES, _CELL_WEIGHTS = np.polynomial.legendre.leggauss(3)
_NORMAL_FROM = 1e6
_EXACT_UP_TO = 2_000


@cache
def _normal(confidence: float) -> float:
    """How many standard deviations from the middle an interval of a normal variable ends."""
    return NormalDist().inv_cdf((1 + confidence) / 2)


def quantile(times: Floats, q: float) -> float:
    """Return the q-quantile of a sample sorted ascending, bit by bit as `np.quantile`, which sorts anew."""
    place = (len(times) - 1) * q
    below = math.floor(place)
    lower, upper = float(times[below]), float(times[min(below + 1, len(times) - 1)])
    between = place - below
    if between >= 0.5:  # noqa: PLR2004 - from the nearer end, so that rounding never leaves the two
        return upper - (upper - lower) * (1 - between)
    return lower + (upper - lower) * between


@lru_cache(maxsize=64)
def quantile_ranks(n: int, q: float, effective: float | None = None) -> tuple[NDArray[np.int64], Floats]:
    """Return the 0-based ranks that the q-quantile of a bootstrap sample may have, with their probabilities.

    A bootstrap sample of n takes ranks evenly from 1 to n, so its k-th smallest is the rank below which a
    Beta(k, n + 1 - k) variable, cut into n equal cells, falls. k = 1 + (n - 1) * q is NumPy's own quantile.
    Where the n depend on each other, the sample is as large as they are worth: `effective`.
    """
    size = float(n) if effective is None else effective
    k, cells = 1 + (size - 1) * q, n / size
    middle, reach = k * cells, (2 + _REACH * math.sqrt(size * q * (1 - q))) * cells
    ranks = np.arange(max(1, math.floor(middle - reach)), min(n, math.ceil(middle + reach)) + 1)
    places = (ranks[:, None] - 0.5 + _CELL_NODES / 2) / n
    logs = (k - 1) * np.log(places) + (size - k) * np.log1p(-places)
    weights = np.exp(logs - logs.max()) @ _CELL_WEIGHTS
    return ranks - 1, weights / weights.sum()


def quantile_differences(
    before: Floats,
    after: Floats,
    q: float,
    effective: tuple[float | None, float | None],
    confidences: Sequence[float],
) -> dict[float, Limits]:
    """Intervals of the difference between two q-quantiles by confidence; both samples sorted ascending.

    The resampling-free bootstrap draws one rank a side and takes the difference, many times over. The
    distribution of that difference is known, so its percentiles are read off, as infinitely many draws would
    give them: P(difference <= d) is the sum over before's ranks i of
    P(i) * P(after's order statistic <= before[i] + d).
    """
    ranks, weights = quantile_ranks(len(before), q, effective[0])
    old = before[ranks]
    ranks, new_weights = quantile_ranks(len(after), q, effective[1])
    new = after[ranks]
    below = np.concatenate(([0.0], np.cumsum(new_weights)))
    targets = np.array([(1 + end * confidence) / 2 for confidence in confidences for end in (-1, 1)])
    low, high = np.full(len(targets), new[0] - old[-1]), np.full(len(targets), new[-1] - old[0])
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        reached = below[new.searchsorted(old + middle[:, None], side="right")] @ weights >= targets
        high, low = np.where(reached, middle, high), np.where(reached, low, middle)
    ends = iter(high.tolist())
    return {confidence: (next(ends), next(ends)) for confidence in confidences}


def student_quantile(p: float, freedom: float) -> float:
    """Quantile of Student's t for p >= 0.5 and any freedom >= 1.

    With t = sqrt(freedom) * tan(angle) the density becomes cos(angle) ** (freedom - 1). It is smooth, so
    Gauss-Legendre is exact to rounding, and it falls, so Newton's steps from the normal quantile climb to the
    root without overshooting.
    """
    if freedom > _NORMAL_FROM:
        return NormalDist().inv_cdf(p)
    scale = math.exp(math.lgamma((freedom + 1) / 2) - math.lgamma(freedom / 2)) / math.sqrt(math.pi)
    angle = math.atan(NormalDist().inv_cdf(p) / math.sqrt(freedom))
    for _ in range(50):
        heights = np.cos(angle / 2 * (_NODES + 1)) ** (freedom - 1)
        step = (p - 0.5 - scale * angle / 2 * float(_NODE_WEIGHTS @ heights)) / (
            scale * math.cos(angle) ** (freedom - 1)
        )
        angle += step
        if abs(step) <= 1e-14 * angle:
            break
    return math.sqrt(freedom) * math.tan(angle)


def mean_limits(mean: float, variance: float, n: float, confidence: float = CONFIDENCE) -> Limits:
    """Interval of one mean (n >= 2)."""
    margin = student_quantile((1 + confidence) / 2, n - 1) * math.sqrt(variance / n)
    return mean - margin, mean + margin


def welch_difference(
    before: tuple[float, float, float], after: tuple[float, float, float], confidence: float = CONFIDENCE
) -> Limits:
    """Welch's interval of the difference of two means, each given as (mean, variance, n), n >= 2."""
    (mean_0, variance_0, n_0), (mean_1, variance_1, n_1) = before, after
    square_0, square_1 = variance_0 / n_0, variance_1 / n_1
    square = square_0 + square_1
    if square == 0:  # every request made the same number of calls
        return mean_1 - mean_0, mean_1 - mean_0
    # Shares first: squaring the variances themselves underflows for tiny ones.
    share_0, share_1 = square_0 / square, square_1 / square
    freedom = 1 / (share_0**2 / (n_0 - 1) + share_1**2 / (n_1 - 1))
    margin = student_quantile((1 + confidence) / 2, freedom) * math.sqrt(square)
    return mean_1 - mean_0 - margin, mean_1 - mean_0 + margin


def wilson_limits(count: float, n: float, confidence: float = CONFIDENCE) -> Limits:
    """Wilson's score interval of one proportion (n > 0)."""
    z = _normal(confidence)
    share, spread = count / n, z**2 / n
    margin = z * math.sqrt((share * (1 - share) + spread / 4) / n)
    lower, upper = ((share + spread / 2 + side * margin) / (1 + spread) for side in (-1, 1))
    return (0.0 if count <= 0 else lower), (1.0 if count >= n else upper)


def newcombe_difference(
    before: tuple[float, float], after: tuple[float, float], confidence: float = CONFIDENCE
) -> Limits:
    """Newcombe's hybrid score interval (1998, method 10) of a difference of proportions, each (count, n)."""
    (count_0, n_0), (count_1, n_1) = before, after
    share_0, share_1 = count_0 / n_0, count_1 / n_1
    lower_0, upper_0 = wilson_limits(count_0, n_0, confidence)
    lower_1, upper_1 = wilson_limits(count_1, n_1, confidence)
    change = share_1 - share_0
    return (
        change - math.hypot(share_1 - lower_1, upper_0 - share_0),
        change + math.hypot(upper_1 - share_1, share_0 - lower_0),
    )


def relative_from_limits(before: tuple[float, Limits], after: tuple[float, Limits]) -> Limits:
    """Interval of after / before - 1 from each side's (value, limits): Donner and Zou's MOVER-R (2012).

    The upper limit is infinite where before's own interval reaches zero.
    """
    (old, (old_lower, old_upper)), (new, (new_lower, new_upper)) = before, after
    product = old * new

    def root(numerator: float, denominator: float) -> float:
        inner = product**2 - numerator * denominator * (2 * new - numerator) * (2 * old - denominator)
        return math.sqrt(max(0.0, inner))

    if old_lower <= 0:
        return -1.0, math.inf
    # The same roots with the difference moved below the line: 2 * old - old_upper may be zero or negative.
    reach = new_lower * (2 * new - new_lower)
    lower = reach / (product + root(new_lower, old_upper)) if reach else 0.0
    upper = (product + root(new_upper, old_lower)) / (old_lower * (2 * old - old_lower))
    return lower - 1, upper - 1


@cache
def _mann_whitney_tail(m: int, n: int, confidence: float = CONFIDENCE) -> int:
    """Return the rank, from either end, of the sorted differences that bounds the interval (0: none does)."""
    if m * n > _EXACT_UP_TO:  # then the normal approximation differs by one difference at most
        return max(0, math.floor(m * n / 2 - _normal(confidence) * math.sqrt(m * n * (m + n + 1) / 12)))
    ways = [1] + [0] * (m * n)  # the Gaussian binomial coefficient: ways[u] orders have Mann-Whitney's U = u
    for i in range(1, min(m, n) + 1):
        for u in range(m * n, max(m, n) + i - 1, -1):
            ways[u] -= ways[u - max(m, n) - i]
        for u in range(i, m * n + 1):
            ways[u] += ways[u - i]
    allowed, reached = (1 - confidence) / 2 * math.comb(m + n, m), 0
    for u, count in enumerate(ways):
        reached += count
        if reached > allowed:
            return u
    return 0


def shift(
    before: Floats, after: Floats, inefficiency: float = 1.0, confidence: float = CONFIDENCE
) -> tuple[float, Limits]:
    """Hodges and Lehmann's shift of two small samples, and its Mann-Whitney interval.

    The shift is the median of all pairwise differences. Where windows depend on each other, the rank that
    bounds the interval lies so much farther out as U varies more: by the root of the inefficiency. With fewer
    than four values a side, or too much dependence, no such interval exists and the limits are infinite.
    """
    differences = np.sort(np.subtract.outer(after, before), axis=None)
    out, half = _mann_whitney_tail(len(before), len(after), confidence), len(differences) / 2
    if inefficiency > 1 and out > 0:
        out = max(0, math.floor(half - math.sqrt(inefficiency) * (half - out)))
    if out == 0:
        return float(np.median(differences)), (-math.inf, math.inf)
    return float(np.median(differences)), (float(differences[out - 1]), float(differences[-out]))
