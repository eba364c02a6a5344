"""The four numbers of a measurement, for the eye. Pure; the desk judges the requests themselves."""

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any

from releasedesk.cli.load import Measurement
from releasedesk.results.reading import Reading, quantile


@dataclass(frozen=True)
class Summary:
    """Times in milliseconds, `cache_hit_rate` of the requests that said hit or miss; None is not measured."""

    requests: int
    errors: int | None
    response_ms_p50: float | None
    response_ms_p95: float | None
    response_ms_p99: float | None
    cache_hit_rate: float | None
    db_calls: float | None
    statuses: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, measurement: Measurement) -> "Summary":
        """Describe at least one answer, as the judge does: errors count in the times too."""
        answers = measurement.answers
        times = sorted(answer.response_ms for answer in answers)
        told = [outcome for outcome in measurement.cache() if outcome]
        calls = [answer.db_calls for answer in answers if answer.db_calls is not None]
        statuses = Counter(str(answer.status) if answer.status else "no answer" for answer in answers)
        return cls(
            requests=len(answers),
            errors=sum(answer.failed for answer in answers),
            response_ms_p50=quantile(times, 0.50),
            response_ms_p95=quantile(times, 0.95),
            response_ms_p99=quantile(times, 0.99),
            cache_hit_rate=told.count("hit") / len(told) if told else None,
            db_calls=sum(calls) / len(calls) if calls else None,
            statuses=dict(statuses.most_common()),
        )

    @classmethod
    def of_reading(cls, reading: Reading) -> "Summary":
        """Describe what another tool measured."""
        numbers, rows = reading.summary(), reading.rows
        times = numbers.get("response_ms") or {}
        hits = numbers.get("cache_hits")
        asked = sum(row.cache is not None for row in rows) if rows else numbers["requests"]
        statuses = Counter(str(row.status) if row.status else "no answer" for row in rows or [])
        return cls(
            requests=numbers["requests"],
            errors=numbers.get("errors"),
            response_ms_p50=times.get("p50"),
            response_ms_p95=times.get("p95"),
            response_ms_p99=times.get("p99"),
            cache_hit_rate=None if hits is None else hits / asked,
            db_calls=(numbers.get("db_calls") or {}).get("mean"),
            statuses=dict(statuses.most_common()),
        )

    def as_json(self) -> dict[str, Any]:
        """Give the same names, for `--json`."""
        return asdict(self)
