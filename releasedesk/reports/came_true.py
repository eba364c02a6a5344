"""Did the change do what was expected of it: each promise against what was measured. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from releasedesk.measurements.judge import NAMING, figures
from releasedesk.releases.expectations import Expectation, expectations
from releasedesk.reports.wording import MINUS, Mark, signed

Outcome: TypeAlias = Literal["came_true", "did_not", "cannot_tell", "not_measured"]
MARKS: dict[Outcome, Mark] = {
    "came_true": Mark("good", "tick", "came true"),
    "did_not": Mark("bad", "cross", "did not come true"),
    "cannot_tell": Mark("warn", "ask", "cannot be told"),
    "not_measured": Mark("idle", "ask", "not measured yet"),
}
_WORST_FIRST: tuple[Outcome, ...] = ("did_not", "cannot_tell", "not_measured", "came_true")
_SIGNS = {"at_most": "≤", "at_least": "≥"}
_ROUNDING = 1e-9


@dataclass(frozen=True, slots=True)
class Answer:
    """One promise and what became of it."""

    metric: str
    outcome: Outcome
    expected: str
    measured: str

    @property
    def mark(self) -> Mark:
        """The outcome with its tone and shape."""
        return MARKS[self.outcome]

    @property
    def sentence(self) -> str:
        """Both in one sentence: "Expected DB calls per request ≤ 2: came true, 2.0 were measured."."""
        said = f"Expected {self.expected}: {MARKS[self.outcome].words}"
        return f"{said}, {self.measured}." if self.measured else f"{said}."

    def to_json(self) -> dict[str, str]:
        """As the API shows it."""
        return {"metric": self.metric, "outcome": self.outcome, "sentence": self.sentence}


def answers(text: str, result: Mapping[str, Any]) -> list[Answer]:
    """Hold every promise of an expected result against one comparison (DESIGN §5.7)."""
    metrics = {metric["metric"]: metric for metric in result["metrics"]}
    return [_answer(one, metrics.get(one.metric), result) for one in expectations(text)]


def over_routes(text: str, results: Sequence[Mapping[str, Any]]) -> list[Answer]:
    """Hold them against several routes: of each promise the answer that says least for the change."""
    columns = zip(*(answers(text, result) for result in results), strict=True)
    return [min(column, key=lambda answer: _WORST_FIRST.index(answer.outcome)) for column in columns]


def _answer(one: Expectation, metric: Mapping[str, Any] | None, result: Mapping[str, Any]) -> Answer:
    told = f"{NAMING[one.metric].short} {_bound(one)}"
    if metric is None or metric["after"] is None:
        return Answer(one.metric, "not_measured", told, "")
    if metric["reason"] == "cache_hits":
        return Answer(one.metric, "cannot_tell", told, "for the gain is cache hits")
    if one.direction in _SIGNS:
        value, sign = metric["after"], 1 if one.direction == "at_most" else -1
        outcome: Outcome = "came_true" if sign * (value - one.number) <= _ROUNDING else "did_not"
        return Answer(one.metric, outcome, told, f"it is {_value(one.metric, value)}")
    return _by(one, metric, told, comparable=result["comparable"])


def _by(one: Expectation, metric: Mapping[str, Any], told: str, *, comparable: bool) -> Answer:
    """Judge a promised change. Only a change of comparable sides tells anything."""
    if not comparable:
        return Answer(one.metric, "cannot_tell", told, "for before and after are not comparable")
    change, interval = _relative(metric)
    if change is None:
        missing = metric["before"] is None
        outcome: Outcome = "not_measured" if missing else "cannot_tell"
        return Answer(one.metric, outcome, told, "" if missing else "for it was zero before")
    sign = -1 if one.direction == "falls_by" else 1
    good = sign * change >= one.number - _ROUNDING
    measured = f"it changed by {_percent(change)}"
    if interval:
        measured += f" (95 % sure between {' and '.join(map(_percent, interval))})"
    return Answer(one.metric, "came_true" if good else "did_not", told, measured)


def _relative(metric: Mapping[str, Any]) -> tuple[float | None, list[float] | None]:
    """Give the change as a fraction of before, and its interval where there is one."""
    told = metric.get("relative")
    if told:
        interval = told["interval"]
        return told["change"], interval if interval and None not in interval else None
    if not metric["before"]:
        return None, None
    return metric["after"] / metric["before"] - 1, None


def _bound(one: Expectation) -> str:
    if one.direction in _SIGNS:
        return f"{_SIGNS[one.direction]} {figures.value(one.number, NAMING[one.metric].unit)}"
    return f"{MINUS if one.direction == 'falls_by' else '+'}{100 * one.number:.6g} % or more"


def _value(metric: str, value: float) -> str:
    unit = NAMING[metric].unit
    return figures.pair(value, value, unit)[0] + figures.suffix(unit)


def _percent(change: float) -> str:
    return f"{signed(100 * change, 0)} %"
