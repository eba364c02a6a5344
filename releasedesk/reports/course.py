"""A metric over the last releases: numbers in, coordinates and words out. Pure; the template draws it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from releasedesk.reports.charts import TONES, Tick, round_step

WIDTH, HEIGHT = 640, 170
_LEFT, _RIGHT, _TOP, _FLOOR = 52, 612, 16, 140
MOST = 24
_LABELS = 6  # versions that fit below the axis
FACTORS = {"share": 100.0}
UNITS = {"ms": " ms", "share": " %", "calls": ""}


@dataclass(frozen=True, slots=True)
class Judged:
    """One release that has succeeded in the environment. `metric` is the judge's, None where it has none."""

    version: str
    at: datetime
    rolled_back: bool
    metric: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class Stop:
    """One release on the chart. `y` is None where it was not measured: a dash on the floor stands for it."""

    version: str
    at: datetime
    value: str
    verdict: str
    tone: str
    rolled_back: bool
    x: float
    y: float | None
    label: bool


@dataclass(frozen=True, slots=True)
class Course:
    """The chart. All places are in units of the view box (640 by 170)."""

    path: str
    stops: tuple[Stop, ...]
    up: tuple[Tick, ...]
    words: str

    @property
    def rolled_back(self) -> bool:
        """Whether one of them was taken back."""
        return any(stop.rolled_back for stop in self.stops)


def course(label: str, unit: str, releases: Sequence[Judged]) -> Course | None:
    """Draw the newest releases, oldest first; None where not one of them was measured."""
    shown = releases[-MOST:]
    values = [_value(release, unit) for release in shown]
    known = [value for value in values if value is not None]
    if not known:
        return None
    step = round_step(max(known) or 1.0, 2)
    until = step * (int(max(known) / step) + 1)
    every = -(-len(shown) // _LABELS)
    stops = tuple(
        Stop(
            version=release.version,
            at=release.at,
            value="not measured" if value is None else _write(value, unit),
            verdict=release.metric["verdict"] if release.metric else "not_measured",
            tone=TONES.get(release.metric["verdict"], "idle") if release.metric else "idle",
            rolled_back=release.rolled_back,
            x=_x(number, len(shown)),
            y=None if value is None else _y(value, until),
            label=(len(shown) - 1 - number) % every == 0,
        )
        for number, (release, value) in enumerate(zip(shown, values, strict=True))
    )
    up = tuple(Tick(_y(step * count, until), f"{step * count:g}") for count in range(round(until / step) + 1))
    return Course(" ".join(_lines(stops)), stops, up, _words(label, stops))


def _value(release: Judged, unit: str) -> float | None:
    after = release.metric["after"] if release.metric else None
    return None if after is None else float(after) * FACTORS.get(unit, 1.0)


def _write(value: float, unit: str) -> str:
    digits = 0 if value >= 100 or value == round(value) else 1 if value >= 1 else 2  # noqa: PLR2004
    return f"{value:.{digits}f}{UNITS.get(unit, '')}"


def _x(number: int, count: int) -> float:
    share = (number + 0.5) / count
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def _y(value: float, until: float) -> float:
    return round(_FLOOR - value / until * (_FLOOR - _TOP), 1)


def _lines(stops: Sequence[Stop]) -> Iterator[str]:
    """One line for each stretch that was measured without a break."""
    for measured, stretch in groupby(stops, key=lambda stop: stop.y is not None):
        if measured:
            yield "M" + "L".join(f"{stop.x:g} {stop.y:g}" for stop in stretch)


def _words(label: str, stops: Sequence[Stop]) -> str:
    each = ", ".join(
        f"{stop.version} {stop.value}{' (rolled back)' if stop.rolled_back else ''}" for stop in stops
    )
    count = "the last release" if len(stops) == 1 else f"the last {len(stops)} releases"
    return f"{label} after {count}: {each}."
