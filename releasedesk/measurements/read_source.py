"""Reading a window off a metric source. It calls out: for jobs, and for a person who tries a source."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from releasedesk.measurements.metric_source import MetricSource
from releasedesk.measurements.prometheus import (
    METRICS,
    Grid,
    Series,
    UnreadableAnswerError,
    failed_answer,
    range_url,
    read_answer,
)
from releasedesk.operations.outgoing import OutgoingError, call
from releasedesk.operations.sealed import BrokenSealError


@dataclass(frozen=True, slots=True)
class Reading:
    """What a source said. `trouble` is one sentence, "" for none; then there may be fewer series."""

    grid: Grid
    series: Sequence[Series]
    trouble: str = ""
    retryable: bool = False

    @property
    def points(self) -> int:
        """How many points the fullest metric has."""
        return max((len(one.known) for one in self.series), default=0)

    @property
    def missing(self) -> str:
        """What is missing, metric by metric, and the trouble."""
        each = [f"{one.metric}: {one.missing}" for one in self.series if one.missing]
        return " ".join([*each, *([self.trouble] if self.trouble else [])])


def read_source(source: MetricSource, begin: datetime, until: datetime) -> Reading:
    """Ask for every metric over a span of time. The first trouble ends it: it takes 10 seconds and more."""
    grid, series = Grid(begin, until, source.step), list[Series]()
    if not len(grid):  # it has just begun
        return Reading(grid, series)
    try:
        headers = source.headers
        for metric in METRICS:
            if query := source.queries.get(metric):
                series.append(_read_one(source.url, metric, query, grid, headers))
    except OutgoingError as error:
        return Reading(grid, series, error.detail, retryable=error.retryable)
    except BrokenSealError as error:
        return Reading(grid, series, str(error))
    except UnreadableAnswerError as error:
        return Reading(grid, series, str(error), retryable=True)
    return Reading(grid, series)


def _read_one(url: str, metric: str, query: str, grid: Grid, headers: dict[str, str]) -> Series:
    answer = call("GET", range_url(url, query, grid), headers=headers)
    if not answer.ok:
        raise failed_answer(answer.status, answer.body)
    return read_answer(metric, answer.body, grid)
