"""What the evidence of one side holds, metric by metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from releasedesk.measurements.judge import dependence, intervals
from releasedesk.measurements.judge.metrics import AnyReading, Mean, Proportion, Quantile, Series, Typed
from releasedesk.measurements.judge.policy import QUANTILES
from releasedesk.measurements.judge.samples import HIT, UNKNOWN, Evidence, Requests, Summary, Windows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray


def readings(evidence: Evidence) -> dict[str, AnyReading]:
    """Return what the evidence holds, by metric; a metric that was not measured is left out."""
    if isinstance(evidence, Requests):
        return _of_requests(evidence)
    return _of_windows(evidence) if isinstance(evidence, Windows) else _of_summary(evidence)


def _of_requests(requests: Requests) -> dict[str, AnyReading]:
    if not len(requests):
        return {}
    times = np.sort(requests.response_ms)
    found: dict[str, AnyReading] = {
        # What a quantile is worth depends on how requests on its far side follow each other.
        metric: Quantile(times, q, _worth(requests.response_ms > intervals.quantile(times, q)))
        for metric, q in QUANTILES.items()
    }
    # Errors count in full: to whom they happened, a burst of them is no single event.
    found["error_rate"] = Proportion(int(requests.failed.sum()), len(requests))
    if requests.cache is not None and len(known := requests.cache[requests.cache != UNKNOWN]):
        found["cache_hit_rate"] = Proportion(int((known == HIT).sum()), len(known), _worth(known))
    if requests.db_calls is not None:
        calls = requests.db_calls[requests.db_calls != UNKNOWN]
        if len(calls):
            found["db_calls"] = _mean(calls)
    return found


def _mean(calls: NDArray[np.int32]) -> Mean:
    # Sorted, so that the last bit of the variance does not depend on the order of the requests.
    ordered = np.sort(calls)
    variance = float(ordered.var(ddof=1)) if len(calls) > 1 else 0.0
    return Mean(float(ordered.mean()), variance, len(calls), _worth(calls))


def _worth(series: NDArray[np.generic]) -> float | None:
    many = dependence.of_requests(series)
    return None if many == 1 else len(series) / many


def _of_windows(windows: Windows) -> dict[str, AnyReading]:
    found: dict[str, AnyReading] = {}
    for metric in (*QUANTILES, "error_rate", "cache_hit_rate", "db_calls"):
        series = getattr(windows, metric)
        values = np.empty(0) if series is None else np.asarray(series, dtype=np.float64)
        values = values[np.isfinite(values)]
        if len(values):
            found[metric] = Series(values)
    return found


def _of_summary(summary: Summary) -> dict[str, AnyReading]:
    n = summary.requests
    if n == 0:
        return {}
    known = n if summary.cache_known is None else summary.cache_known
    values: Mapping[str, float | None] = {
        **{metric: getattr(summary, metric) for metric in QUANTILES},
        "error_rate": None if summary.errors is None else summary.errors / n,
        "cache_hit_rate": None if summary.cache_hits is None or not known else summary.cache_hits / known,
        "db_calls": summary.db_calls_mean,
    }
    counts = {"cache_hit_rate": known}
    return {
        metric: Typed(float(value), counts.get(metric, n))
        for metric, value in values.items()
        if value is not None
    }
