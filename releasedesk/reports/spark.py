"""A sparkline's geometry. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

WIDTH, HEIGHT, EDGE = 96.0, 26.0, 3.0
DASH = 6.0  # of the dash on the floor that stands for a release nobody measured

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Spark:
    """A line through the values, its last point, and the same in words.

    The line is broken where a release was not measured; `gaps` are dashes on the floor below the breaks.
    """

    path: str
    gaps: str
    x: float
    y: float
    words: str


def sparkline(values: Sequence[float | None], *, unit: str = "ms") -> Spark | None:
    """Draw values (a release each, oldest first, None not measured) into 96 by 26; None without any.

    A flat line lies in the middle; less than a tenth of the level is not drawn as a mountain.
    """
    known = [value for value in values if value is not None]
    if not known:
        return None
    low, high = min(known), max(known)
    span, middle = max(high - low, 0.1 * high, 1e-9), (low + high) / 2
    step = WIDTH / max(len(values) - 1, 1)
    places = [round(number * step if len(values) > 1 else WIDTH, 1) for number in range(len(values))]
    points = [
        None if value is None else (x, round(HEIGHT / 2 - (value - middle) / span * (HEIGHT - 2 * EDGE), 1))
        for x, value in zip(places, values, strict=True)
    ]
    gaps = [_dash(x) for x, point in zip(places, points, strict=True) if point is None]
    x, y = next(point for point in reversed(points) if point)
    return Spark(" ".join(_lines(points)), " ".join(gaps), x, y, _words(values, unit))


def _dash(x: float) -> str:
    start = min(max(x - DASH / 2, 0), WIDTH - DASH)
    return f"M{start:g} {HEIGHT - 1:g}h{DASH:g}"


def _lines(points: Sequence[Point | None]) -> Iterator[str]:
    """One line for each stretch that was measured without a break; a point alone becomes a dot."""
    for measured, stretch in groupby(points, key=lambda point: point is not None):
        if measured:
            drawn = [f"{point[0]:g} {point[1]:g}" for point in stretch if point]
            yield f"M{' '.join(drawn)}" + ("h0" if len(drawn) == 1 else "")


def _words(values: Sequence[float | None], unit: str) -> str:
    each = ["not measured" if value is None else f"{value:.0f}" for value in values]
    if len(each) == 1:
        return f"p95 of the last release: {each[0]} {unit}"
    return f"p95 of the last {len(each)} releases, in {unit}: {', '.join(each)}"
