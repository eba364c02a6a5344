"""The four numbers of a measurement, for the eye. Pure; the desk judges the requests themselves."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from releasedesk.cli.load import Measurement


@dataclass(frozen=True)
class Summary:
    """Times in milliseconds, `cache_hit_rate` of the requests that said hit or miss; None is not measured."""

    requests: int
    errors: int
    response_ms_p50: float
    response_ms_p95: float
    response_ms_p99: float
    cache_hit_rate: float | None
    db_calls: float | None
    statuses: dict[str, int]

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

    def as_json(self) -> dict[str, Any]:
        """Give the same names, for `--json`."""
        return asdict(self)


def quantile(ordered: Sequence[float], q: float) -> float:
    """Interpolate between the two nearest of an ascending, non-empty sequence (type 7, NumPy's default)."""
    position = (len(ordered) - 1) * q
    below = int(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (position - below)
