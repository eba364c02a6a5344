"""Prometheus' HTTP API, range queries (prometheus.io, "HTTP API"): what to ask and how to read it. Pure.

A gap, NaN, ±Inf, an empty answer and several series where one was meant are missing (None), never 0.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

# metric → the largest value that can be: a day, a whole, and what no request asks of a database.
LARGEST = {"response_ms_p95": 86_400_000.0, "error_rate": 1.0, "cache_hit_rate": 1.0, "db_calls": 1e9}
METRICS = tuple(LARGEST)


class UnreadableAnswerError(Exception):
    """What came back is no answer of a Prometheus to a range query, or it refuses the query."""


@dataclass(frozen=True, slots=True)
class Grid:
    """The instants asked for: every `step` seconds, each standing for the step that ends there."""

    begin: datetime
    until: datetime
    step: int

    @property
    def instants(self) -> list[int]:
        """As seconds since 1970."""
        first = int(self.begin.timestamp()) + self.step
        return list(range(first, int(self.until.timestamp()) + 1, self.step))

    def __len__(self) -> int:
        return len(self.instants)


@dataclass(frozen=True, slots=True)
class Series:
    """One metric over a grid; None is missing. `missing` says why some or all are, "" where none is."""

    metric: str
    values: Sequence[float | None]
    missing: str = ""

    @property
    def known(self) -> list[float]:
        """The values there are."""
        return [value for value in self.values if value is not None]


def range_url(base: str, query: str, grid: Grid) -> str:
    """Write the address of a range query."""
    instants = grid.instants
    asked = {"query": query, "start": instants[0], "end": instants[-1], "step": grid.step}
    return f"{base.rstrip('/')}/api/v1/query_range?{urlencode(asked)}"


def read_answer(metric: str, body: bytes, grid: Grid) -> Series:
    """Read the answer to a range query. Raises UnreadableAnswerError, in words for people."""
    answer = _parsed(body)
    if answer.get("status") != "success":
        told = str(answer.get("error") or "it gives no reason")[:300]
        raise UnreadableAnswerError(f"Prometheus refuses the query: {told}.")
    data = answer.get("data")
    found = data.get("result") if isinstance(data, Mapping) else None
    if not isinstance(found, list) or data.get("resultType") != "matrix":  # type: ignore[union-attr]
        raise UnreadableAnswerError("The answer holds no series over time; is this a Prometheus?")
    instants = grid.instants
    nothing: list[float | None] = [None] * len(instants)
    if not found:
        return Series(metric, nothing, "The query found no series.")
    if len(found) > 1:
        told = f"The query gives {len(found)} series, not one: sum them, or take a quantile over all."
        return Series(metric, nothing, told)
    return _on_grid(metric, found[0], instants)


def failed_answer(status: int, body: bytes) -> UnreadableAnswerError:
    """Say what a status that is not 200 means; Prometheus gives its reason in the body."""
    try:
        error = _parsed(body).get("error")
    except UnreadableAnswerError:
        error = None
    if error:
        return UnreadableAnswerError(f"Prometheus answers {status}: {str(error)[:300]}.")
    hint = {
        401: " Does it want a credential?",
        403: " Is the credential right?",
        404: " Is the address right?",
    }
    return UnreadableAnswerError(f"It answers {status}.{hint.get(status, '')}")


def _parsed(body: bytes) -> Mapping[str, Any]:
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise UnreadableAnswerError("The answer is not JSON; is this a Prometheus?") from None
    if not isinstance(answer, Mapping):
        raise UnreadableAnswerError("The answer is not an object; is this a Prometheus?")
    return answer


def _on_grid(metric: str, series: Any, instants: Sequence[int]) -> Series:
    pairs = series.get("values") if isinstance(series, Mapping) else None
    by_instant = dict(_samples(pairs if isinstance(pairs, list) else ()))
    values = [by_instant.get(instant) for instant in instants]
    strange = [value for value in values if value is not None and not _is_possible(metric, value)]
    kept = [value if value is None or _is_possible(metric, value) else None for value in values]
    return Series(metric, kept, _why(metric, kept, len(strange)))


def _samples(pairs: Iterable[Any]) -> Iterable[tuple[int, float | None]]:
    for pair in pairs:
        if isinstance(pair, list) and len(pair) == 2:  # noqa: PLR2004 - an instant and its value
            at, text = pair
            if isinstance(at, int | float) and not isinstance(at, bool) and math.isfinite(at):
                yield round(at), _number(text)


def _number(text: Any) -> float | None:
    try:
        value = float(text)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _is_possible(metric: str, value: float) -> bool:
    return 0 <= value <= LARGEST[metric]


def _why(metric: str, values: Sequence[float | None], strange: int) -> str:
    if strange:
        return f"{strange} of {len(values)} values are not within 0 and {LARGEST[metric]:,.0f}."
    gaps = sum(value is None for value in values)
    return f"{gaps} of {len(values)} points are missing." if gaps else ""
