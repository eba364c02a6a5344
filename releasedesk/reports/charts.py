"""The geometry of charts: numbers in, coordinates and words out. Pure; templates draw it, CSS colours it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from releasedesk.reports.wording import MINUS

Floats: TypeAlias = np.ndarray[Any, np.dtype[np.float64]]

INTERVAL_WIDTH, INTERVAL_HEIGHT = 150, 22
_EDGE = 5  # a dot of radius 4 at the end of the scale stays inside
_WIDER = 1.35  # beyond the band there is room, so that a band never fills the whole chart

DISTRIBUTION_WIDTH, DISTRIBUTION_HEIGHT = 640, 180
_TOP, _FLOOR, _LEFT = 8, 152, 34  # of the plot; below the floor stand the numbers of the axis
_POINTS = 120
_MARKED = (0.5, 0.95, 0.99)
_LEAST_REACH = 1e-12
_TAIL = 0.995  # the few slowest requests would press all others into the left corner


@dataclass(frozen=True, slots=True)
class Interval:
    """A change with its interval against the allowed band, on one scale with zero in the middle.

    All `x` and widths are in units of the view box (150 by 22). `tone` is a class of the stylesheet. An open
    interval reaches from edge to edge: the numbers bound the change on neither side.
    """

    band_x: float
    band_width: float
    zero_x: float
    from_x: float
    until_x: float
    dot_x: float
    tone: str
    words: str
    is_open: bool = False


def interval(metric: Mapping[str, Any]) -> Interval | None:
    """Draw one judged metric; None where nothing was compared.

    The scale reaches as far to both sides as the band, the interval and the dot need, and a little beyond the
    band. A change without interval (aggregates) is a dot alone.
    """
    change, allowed = metric["change"], metric["allowed"]
    if change is None or allowed is None:
        return None
    known = metric["interval"] or (change, change)
    is_open = None in known
    lower, upper = (change if end is None else end for end in known)
    reach = max(abs(change), abs(lower), abs(upper), allowed * _WIDER) or 1.0
    half = INTERVAL_WIDTH / 2

    def x(value: float) -> float:
        return round(half + value / reach * (half - _EDGE), 2)

    return Interval(
        band_x=x(-allowed),
        band_width=round(x(allowed) - x(-allowed), 2),
        zero_x=half,
        from_x=_EDGE if is_open else x(lower),
        until_x=INTERVAL_WIDTH - _EDGE if is_open else x(upper),
        dot_x=x(change),
        tone=TONES.get(metric["verdict"], "idle"),
        words=_in_words(metric, lower, upper),
        is_open=is_open,
    )


TONES = {"regressed": "bad", "improved": "good", "unchanged": "idle", "inconclusive": "warn"}


def amount(metric: Mapping[str, Any], value: float, *, signed: bool = True) -> str:
    """Write a change in the unit of the metric's limit: "+31 %", "+0.04 pt", "+19.2"."""
    factor, unit = scale(metric)
    number = value * factor
    size = abs(number)
    whole_from = 100 if unit in {"", " ms"} else 10  # from here on decimals say nothing
    digits = 0 if size >= whole_from else 1 if size >= 1 else 2
    text = f"{size:.{digits}f}"
    if not float(text):
        return f"0{unit}"
    sign = (MINUS if number < 0 else "+") if signed else ""
    return f"{sign}{text}{unit}"


def scale(metric: Mapping[str, Any]) -> tuple[float, str]:
    """Return the factor and the unit in which this metric's change is written."""
    if metric["change_kind"] == "relative":
        return 100.0, " %"
    return {"share": (100.0, " pt"), "ms": (1.0, " ms")}.get(metric["unit"], (1.0, ""))


def _in_words(metric: Mapping[str, Any], lower: float, upper: float) -> str:
    label = metric["label"]
    said = f"{label}: {amount(metric, metric['change'])}"
    if None in (metric["interval"] or ()):
        said += ", with no 95 % interval"
    elif lower != upper:
        percent = round((metric["confidence"] or 0) * 100)
        said += f", {percent} % interval {amount(metric, lower)} to {amount(metric, upper)}"
    return f"{said}; allowed ±{amount(metric, metric['allowed'], signed=False)}"


@dataclass(frozen=True, slots=True)
class Curve:
    """One side: the share of requests (up) answered within a time (right), with its quantiles marked."""

    phase: str
    path: str
    requests: int
    p50: float
    p95: float
    p99: float
    slowest: float
    marks: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """A number on an axis."""

    at: float
    words: str


@dataclass(frozen=True, slots=True)
class Distribution:
    """Before and after as empirical distribution functions of response times on one scale."""

    curves: tuple[Curve, ...]
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]
    words: str
    cut_off: int  # slower requests than the axis reaches, both sides together

    @property
    def rows(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The numbers behind the picture: what, and its value before and after."""
        named = ("p50", "p95", "p99", "slowest")
        return (
            ("requests", tuple(f"{curve.requests:,}" for curve in self.curves)),
            *((name, tuple(f"{getattr(curve, name):.4g} ms" for curve in self.curves)) for name in named),
        )


def distribution(before: Sequence[float], after: Sequence[float]) -> Distribution | None:
    """Draw two lists of response times (ms), each in any order; None when one of them is empty."""
    sides = {"before": np.sort(np.asarray(before, float)), "after": np.sort(np.asarray(after, float))}
    if not all(len(times) for times in sides.values()):
        return None
    reach = max(float(np.quantile(times, _TAIL)) for times in sides.values()) or 1.0
    step = round_step(reach, 4)
    until = step * int(np.ceil(reach / step))
    curves = tuple(_curve(phase, times, until) for phase, times in sides.items())
    old, new = curves
    return Distribution(
        curves=curves,
        across=tuple(
            Tick(_x(step * count, until), f"{step * count:g}") for count in range(round(until / step) + 1)
        ),
        up=tuple(Tick(_y(share), f"{share:.0%}".replace("%", " %")) for share in (0.0, 0.5, 0.95)),
        words=(
            f"Half of the requests took at most {old.p50:.3g} ms before and {new.p50:.3g} ms after; "
            f"95 % took at most {old.p95:.3g} ms before and {new.p95:.3g} ms after."
        ),
        cut_off=sum(int((times > until).sum()) for times in sides.values()),
    )


def _curve(phase: str, times: Floats, until: float) -> Curve:
    # At evenly spaced shares, not times: a curve has its steep parts where most requests are.
    shares = np.linspace(0, 1, _POINTS)
    at = np.quantile(times, shares)
    places = [(_x(float(time), until), _y(float(share))) for time, share in zip(at, shares, strict=True)]
    inside = [place for place, time in zip(places, at, strict=True) if time <= until]
    first, *others = inside
    path = f"M{first[0]:g} {first[1]:g}" + "".join(f"L{x:g} {y:g}" for x, y in others)
    found = [float(value) for value in np.quantile(times, _MARKED)]
    marks = tuple(
        (_x(value, until), _y(share)) for value, share in zip(found, _MARKED, strict=True) if value <= until
    )
    p50, p95, p99 = found
    return Curve(phase, path, len(times), p50, p95, p99, float(times[-1]), marks)


def _x(time: float, until: float) -> float:
    return round(_LEFT + time / until * (DISTRIBUTION_WIDTH - _LEFT - _EDGE), 1)


def _y(share: float) -> float:
    return round(_FLOOR - share * (_FLOOR - _TOP), 1)


def round_step(reach: float, fewest: int) -> float:
    """Choose a distance of 1, 2 or 5 times a power of ten that fits `fewest` to about 2.5 times as often.

    A reach below a millionth of a millionth has no picture of its own: powers of ten that small are zero.
    """
    reach = max(reach, _LEAST_REACH)
    power = 10.0 ** np.floor(np.log10(reach / fewest))
    return float(next(power * factor for factor in (1, 2, 5, 10) if reach / (power * factor) <= 2 * fewest))
