"""Windows of a time series as dots, before beside after. Pure; a template draws it, CSS colours it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from releasedesk.reports.charts import Floats, Tick, round_step

_WIDTH, _TOP, _FLOOR, _LEFT, _EDGE = 640, 8, 152, 34, 5
_GAP = 24  # between the two sides


@dataclass(frozen=True, slots=True)
class Row:
    """One side of a series: its dots as a path of lines without length, and the line of its median."""

    phase: str
    path: str
    median_y: float
    from_x: float
    until_x: float
    windows: int
    lowest: str
    median: str
    highest: str


@dataclass(frozen=True, slots=True)
class WindowChart:
    """Windows in the order they were taken, before on the left and after on the right."""

    label: str
    rows: tuple[Row, ...]
    up: tuple[Tick, ...]
    divide_x: float
    words: str


def windows(label: str, unit: str, before: Sequence[float], after: Sequence[float]) -> WindowChart | None:
    """Draw two series of windows on one scale that begins at zero; None when one of them is empty.

    `unit` is how a number is written: `ms`, `%` or nothing. What is missing (NaN) is left out of the picture.
    """
    sides = {"before": np.asarray(before, float), "after": np.asarray(after, float)}
    known = {phase: side[np.isfinite(side)] for phase, side in sides.items()}
    if not all(len(side) for side in known.values()):
        return None
    reach = max(float(side.max()) for side in known.values()) or 1.0
    step = round_step(reach, 2)
    until = step * int(np.ceil(reach / step))
    half = (_WIDTH - _LEFT - _EDGE - _GAP) / 2
    starts = {"before": float(_LEFT), "after": _LEFT + half + _GAP}
    rows = tuple(_row(phase, side, starts[phase], half, until, unit) for phase, side in sides.items())
    return WindowChart(
        label=label,
        rows=rows,
        up=tuple(
            Tick(_y(step * count / until), f"{step * count:g}") for count in range(round(until / step) + 1)
        ),
        divide_x=round(_LEFT + half + _GAP / 2, 1),
        words=f"{label}: the median of {rows[0].windows} windows before is {rows[0].median}, "
        f"of {rows[1].windows} after {rows[1].median}.",
    )


def _y(share: float) -> float:
    return round(_FLOOR - share * (_FLOOR - _TOP), 1)


def _row(phase: str, side: Floats, start: float, wide: float, until: float, unit: str) -> Row:
    places = start + (np.arange(len(side)) + 0.5) * wide / len(side)
    dots = [
        f"M{x:.1f} {_y(float(value) / until):g}h0"
        for x, value in zip(places.tolist(), side.tolist(), strict=True)
        if np.isfinite(value)
    ]
    known = side[np.isfinite(side)]
    lowest, median, highest = (float(value) for value in np.quantile(known, (0, 0.5, 1)))

    def written(value: float) -> str:
        return f"{value:.4g} {unit}".strip()

    return Row(
        phase=phase,
        path="".join(dots),
        median_y=_y(median / until),
        from_x=round(start, 1),
        until_x=round(start + wide, 1),
        windows=len(known),
        lowest=written(lowest),
        median=written(median),
        highest=written(highest),
    )
