"""How much less a series of neighbours that resemble each other says than as many strangers would.

Every function returns the statistical inefficiency of a series, at least 1: so many values in a row say as
much as one independent value does, and n of them as much as n / inefficiency. docs/judge.md names sources.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats: TypeAlias = NDArray[np.float64]

# An autocorrelation within so many standard errors of zero is taken to be noise. Thousands of requests show
# theirs plainly; of a few windows even a hint has to count, for a wrong "regressed" costs more than a wait.
_NOISE_OF_REQUESTS, _NOISE_OF_WINDOWS = 2.0, 1.0
# An estimate from n windows may be too low by (5 / n) squared: whoever accuses counts it in (docs/judge.md).
_LUCK = 5.0
_LONGEST_MEMORY = 2_000
_STRONGEST = 0.95


def of_requests(values: NDArray[np.generic]) -> float:
    """Inefficiency of one value a request, in the order they were sent (Geyer's initial positive sequence).

    Autocorrelations are summed pair by pair until a pair is no longer told from noise. A column that only
    rises or only falls was sorted by somebody: it says nothing about the order, and is taken as independent.
    """
    series = np.asarray(values, dtype=np.float64)
    centred, n = series - series.mean(), len(series)
    square = float(centred @ centred)
    if square == 0 or _is_sorted(series):
        return 1.0

    def correlation(lag: int) -> float:
        return float(centred[lag:] @ centred[:-lag]) / square

    noise = _NOISE_OF_REQUESTS / math.sqrt(n)
    first = correlation(1)
    if first < noise:
        return 1.0
    total = 1 + 2 * first
    for lag in range(2, min(n // 4, _LONGEST_MEMORY), 2):
        pair = correlation(lag) + correlation(lag + 1)
        if pair < noise * math.sqrt(2):
            break
        total += 2 * pair
    return min(total, n / 2)


def of_windows(sides: Sequence[Floats], *, cautious: bool = False) -> float:
    """Inefficiency of windows, from the first autocorrelation of both sides together (Yue and Wang's factor).

    Each side is centred on its own mean, so that the change itself is not taken for memory. The estimate is
    freed of its bias towards -1 / n (Kendall), without which a dozen windows would always look independent.
    A `cautious` estimate is raised by what it may be too low by.
    """
    centred = [side - side.mean() for side in sides]
    square = sum(float(side @ side) for side in centred)
    n = sum(map(len, sides)) / len(sides)
    if square == 0 or n <= 4:  # noqa: PLR2004 - the correction divides by n - 4
        return 1.0
    raw = sum(float(side[1:] @ side[:-1]) for side in centred) / square
    correlation = (n * raw + 1) / (n - 4)
    noise = 0.0 if cautious else _NOISE_OF_WINDOWS / math.sqrt(len(sides) * n)
    correlation = min(correlation + (_LUCK / n) ** 2 if cautious else correlation, _STRONGEST)
    return (1 + correlation) / (1 - correlation) if correlation > noise else 1.0


def _is_sorted(series: Floats) -> bool:
    steps = np.diff(series)
    return bool((steps >= 0).all() or (steps <= 0).all())
