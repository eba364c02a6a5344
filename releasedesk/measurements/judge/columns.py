"""Lists of numbers from outside, checked once. A ValueError names the column, and the row where it can."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats: TypeAlias = NDArray[np.float64]

# Eleven days in milliseconds. Beyond it a number is a mistake, and ratios could overflow.
LARGEST = 1e9


def numbers(name: str, values: Sequence[float | None] | Floats, highest: float = LARGEST) -> Floats:
    """Return `values` as float64, None as NaN; ValueError unless they are numbers from 0 to `highest`."""
    try:
        found = np.array(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be a list of numbers.") from error
    if found.ndim != 1:
        raise ValueError(f"{name} must be a flat list of numbers.")
    wrong = ((found < 0) | (found > highest)) & np.isfinite(found)
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f"{name}[{row}] is {found[row]:g}; it must be between 0 and {highest:g}.")
    return found


def whole(name: str, values: Sequence[int | None], highest: int) -> Floats:
    """Like `numbers`, and ValueError for fractions."""
    found = numbers(name, values, highest)
    known = found[~np.isnan(found)]
    if not (np.isfinite(known) & (known == np.floor(known))).all():
        raise ValueError(f"{name} must hold whole numbers.")
    return found


def no_gaps(name: str, values: Floats) -> Floats:
    """Return the values; ValueError when one is missing or not finite."""
    gaps = ~np.isfinite(values)
    if gaps.any():
        raise ValueError(f"{name}[{int(np.argmax(gaps))}] is not a finite number.")
    return values
