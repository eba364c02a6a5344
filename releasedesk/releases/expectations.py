"""What an expected result promises in numbers, read from the words people write. Pure.

"DB calls fall from 31 to below 12, p95 stays at or under 190 ms." holds two. What names no number, no
direction or no metric of ours promises nothing that can be judged, and is left to its readers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, TypeAlias, TypeVar

Direction: TypeAlias = Literal["at_most", "at_least", "falls_by", "rises_by"]

Found = TypeVar("Found", bound=str)
_SHARES = {"error_rate", "cache_hit_rate"}
_METRICS = {
    r"p50": "response_ms_p50",
    r"p95": "response_ms_p95",
    r"p99": "response_ms_p99",
    r"error rate|errors": "error_rate",
    r"cache hit rate|cache hits|hit rate": "cache_hit_rate",
    r"(?:db|database|sql) (?:calls|queries)": "db_calls",
}
_FROM = r"(?: from \d+(?:[.,]\d+)?(?: ?(?:ms|%))?)?"
# The longer first: "at or below" holds "below".
_DIRECTIONS: dict[str, Direction] = {
    r"(?:fall|drop|sink|shrink)s? by(?: at least)?": "falls_by",
    r"(?:rise|grow|climb)s? by(?: at least)?": "rises_by",
    r"at or (?:below|under)|at most|no more than|below|under|≤|<=|<": "at_most",
    r"at or (?:above|over)|at least|no less than|above|over|≥|>=|>": "at_least",
    rf"(?:fall|drop|sink|shrink)s?{_FROM} to(?: below| under| at most)?": "at_most",
    rf"(?:rise|grow|climb)s?{_FROM} to(?: above| over| at least)?": "at_least",
}
_BY = {"falls_by", "rises_by"}
# Between the metric and its direction a few words may stand, but no other clause and no other number.
_GAP = r"(?:(?! and | but )[^,;.:\n\d]|\d(?=\w*[/}])){0,60}?"
_PROMISE = re.compile(
    rf"\b(?P<metric>{'|'.join(_METRICS)})\b{_GAP}(?P<direction>{'|'.join(_DIRECTIONS)}) ?"
    rf"(?:(?P<number>\d{{1,9}}(?:[.,]\d{{1,6}})?)(?P<unit> ?(?:ms|s|%|percent)\b|%| %)?|(?P<half>half))",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Expectation:
    """One promise. `number` is in the judge's units (ms, shares of 0 to 1, calls a request).

    For `falls_by` and `rises_by` it is the fraction of before.
    """

    metric: str
    direction: Direction
    number: float


def expectations(text: str) -> list[Expectation]:
    """Return the promises of an expected result in their order, each metric and direction once."""
    found = {(one.metric, one.direction): one for one in reversed(list(_read(text)))}
    return list(found.values())[::-1]


def _read(text: str) -> Iterator[Expectation]:
    for match in _PROMISE.finditer(text):
        metric = _of(_METRICS, match["metric"])
        direction = _of(_DIRECTIONS, match["direction"])
        if match["half"]:
            if direction in _BY:
                yield Expectation(metric, direction, 0.5)
            continue
        number = float(match["number"].replace(",", "."))
        scale = _scale(metric, direction, (match["unit"] or "").strip().lower(), number)
        if scale is not None:
            yield Expectation(metric, direction, number * scale)


def _scale(metric: str, direction: str, unit: str, number: float) -> float | None:
    """What turns the number into the judge's unit; None where the unit does not fit what it is said of."""
    percent = unit in {"%", "percent"}
    if direction in _BY:
        return 0.01 if percent else None
    if metric in _SHARES:
        return 0.01 if percent or number > 1 else None if unit else 1.0
    if metric == "db_calls":
        return None if unit else 1.0
    return {"": 1.0, "ms": 1.0, "s": 1000.0}.get(unit)


def _of(table: Mapping[str, Found], said: str) -> Found:
    return next(found for words, found in table.items() if re.fullmatch(words, said, re.IGNORECASE))
