"""A sparkline's geometry. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, EDGE = 96.0, 26.0, 3.0


@dataclass(frozen=True, slots=True)
class Spark:
    """A line through the values, its last point, and the same in words."""

    path: str
    x: float
    y: float
    words: str


def sparkline(values: Sequence[float], *, unit: str = "ms") -> Spark | None:
    """Draw values (oldest first) into 96 by 26; None without any. A flat line lies in the middle."""
    if not values:
        return None
    low, high = min(values), max(values)
    span = max(high - low, 0.1 * high, 1e-9)  # less than a tenth of the level is not drawn as a mountain
    middle = (low + high) / 2
    step = WIDTH / max(len(values) - 1, 1)
    points = [
        (
            round(number * step if len(values) > 1 else WIDTH, 1),
            round(HEIGHT / 2 - (value - middle) / span * (HEIGHT - 2 * EDGE), 1),
        )
        for number, value in enumerate(values)
    ]
    path = "M" + " ".join(f"{x:g} {y:g}" for x, y in points)
    words = f"p95 of the last {len(values)}: {', '.join(f'{value:.0f}' for value in values)} {unit}"
    return Spark(path, *points[-1], words)
