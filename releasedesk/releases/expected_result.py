"""An expected result that can be judged: metric, direction and number as one sentence, and back. Pure.

The first line of a release's `expected_result` says it: "p95 is at most 120 ms.". What follows
is the writer's own. A text that does not begin so is theirs altogether.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from releasedesk.problems.problem import FieldError

LABELS = {
    "response_ms_p50": "p50",
    "response_ms_p95": "p95",
    "response_ms_p99": "p99",
    "error_rate": "Error rate",
    "cache_hit_rate": "Cache hit rate",
    "db_calls": "Number of DB calls",
}
# metric → its unit as it follows a number; shares are said in per cent, as people say them.
UNITS = {
    "response_ms_p50": " ms",
    "response_ms_p95": " ms",
    "response_ms_p99": " ms",
    "error_rate": " %",
    "cache_hit_rate": " %",
    "db_calls": " a request",
}
DIRECTIONS = {
    "at_most": "is at most",
    "at_least": "is at least",
    "falls_by": "falls by at least",
    "rises_by": "rises by at least",
}
RELATIVE = {"falls_by", "rises_by"}  # in per cent of what it was
NUMBER = re.compile(r"\d{1,9}([.,]\d{1,6})?", re.ASCII)
NAMES = ("metric", "direction", "number")


@dataclass(frozen=True, slots=True)
class Expected:
    """What is to come true. `number` is as it was typed, with a point."""

    metric: str
    direction: str
    number: str

    def __str__(self) -> str:
        unit = " %" if self.direction in RELATIVE else UNITS[self.metric]
        return f"{LABELS[self.metric]} {DIRECTIONS[self.direction]} {self.number}{unit}."


def parse(text: str) -> tuple[Expected | None, str]:
    """Split an expected result into what can be judged, if it begins so, and the words that follow."""
    first, _, rest = text.partition("\n")
    found = SENTENCE.fullmatch(first.rstrip())
    if found is None:
        return None, text
    expected = Expected(
        _key(LABELS, found["label"]), _key(DIRECTIONS, found["direction"]), found["number"].replace(",", ".")
    )
    return (expected, rest) if str(expected) == first.rstrip() else (None, text)


def compose(parts: Mapping[str, str], words: str) -> tuple[str, list[FieldError]]:
    """Join the three parts and the writer's words; errors name the part that is missing or wrong."""
    given = {name: parts.get(name, "").strip() for name in NAMES}
    if not given["metric"] and not given["number"]:
        return words, []
    errors = [error for name in NAMES if (error := _wrong(name, given[name]))]
    if errors:
        return words, errors
    expected = Expected(given["metric"], given["direction"], given["number"].replace(",", "."))
    return f"{expected}\n{words}" if words.strip() else str(expected), []


def _wrong(name: str, value: str) -> FieldError | None:
    known = {"metric": LABELS, "direction": DIRECTIONS}.get(name)
    if known is not None and value in known:
        return None
    if known is None and NUMBER.fullmatch(value):
        return None
    if not value:
        return FieldError(f"#/{name}", "required", "This field is required.", "a value, or no metric at all")
    if known is None:
        return FieldError(f"#/{name}", "type", "This is not a number.", "a number such as 120 or 0.5", value)
    return FieldError(
        f"#/{name}", "unknown", f"'{value}' is not known.", f"one of: {', '.join(known)}", value
    )


def _key(words: Mapping[str, str], said: str) -> str:
    return next(key for key, value in words.items() if value == said)


SENTENCE = re.compile(
    rf"(?P<label>{'|'.join(map(re.escape, LABELS.values()))}) "
    rf"(?P<direction>{'|'.join(map(re.escape, DIRECTIONS.values()))}) "
    rf"(?P<number>{NUMBER.pattern})(?: [a-z% ]+)?\.",
    re.ASCII,
)
