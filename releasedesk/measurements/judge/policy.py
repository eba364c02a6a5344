"""What counts as a change, metric by metric. A service may replace any of these policies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Better: TypeAlias = Literal["lower", "higher"]
Kind: TypeAlias = Literal["relative", "absolute"]
_ROUNDING = 1e-9


@dataclass(frozen=True)
class Policy:
    """How one metric is judged.

    `allowed` is the largest change that does not count: a fraction of before when `kind` is relative (0.1 is
    10 %), else in the metric's own unit. `minimum` is the requests needed on each side. A `critical` metric
    must be decided where it is measured, a `must_have` metric must be measured as well, and a `muted` one is
    shown and does not count. `level` is the value itself that it should never be worse than, None for any.
    """

    metric: str
    better: Better
    allowed: float
    kind: Kind
    critical: bool
    minimum: int
    must_have: bool = False
    muted: bool = False
    level: float | None = None

    def is_past_level(self, value: float | None) -> bool:
        """Whether a value is worse than the level; what lies at it is not."""
        if self.level is None or value is None:
            return False
        past = value - self.level if self.better == "lower" else self.level - value
        return past > _ROUNDING * max(1.0, abs(self.level))


@dataclass(frozen=True)
class Naming:
    """How a metric is called: on a page, in a sentence, and its unit (`ms`, `share` of 0 to 1, `calls`)."""

    label: str
    short: str
    unit: str
    plural: bool = False


METRICS: dict[str, Policy] = {
    policy.metric: policy
    for policy in (
        Policy("response_ms_p50", "lower", 0.05, "relative", critical=False, minimum=50),
        Policy("response_ms_p95", "lower", 0.10, "relative", critical=True, minimum=100),
        Policy("response_ms_p99", "lower", 0.20, "relative", critical=False, minimum=500),
        Policy("error_rate", "lower", 0.005, "absolute", critical=True, minimum=100),
        Policy("cache_hit_rate", "higher", 0.05, "absolute", critical=False, minimum=50),
        Policy("db_calls", "lower", 0.5, "absolute", critical=False, minimum=20),
    )
}

NAMING: dict[str, Naming] = {
    "response_ms_p50": Naming("Response time, p50", "p50", "ms"),
    "response_ms_p95": Naming("Response time, p95", "p95", "ms"),
    "response_ms_p99": Naming("Response time, p99", "p99", "ms"),
    "error_rate": Naming("Error rate", "error rate", "share"),
    "cache_hit_rate": Naming("Cache hits", "cache hits", "share", plural=True),
    "db_calls": Naming("DB calls per request", "DB calls per request", "calls", plural=True),
}
LABELS = {metric: naming.label for metric, naming in NAMING.items()}
UNITS = {metric: naming.unit for metric, naming in NAMING.items()}

QUANTILES = {"response_ms_p50": 0.50, "response_ms_p95": 0.95, "response_ms_p99": 0.99}

# A quantile needs about five requests beyond it before its interval can be believed. No policy goes below.
FLOORS = {"response_ms_p50": 10, "response_ms_p95": 100, "response_ms_p99": 500, "db_calls": 2}
WINDOWS_NEEDED = 5

# A relative limit says nothing about a change from zero. There the absolute rule decides, with these limits.
FROM_ZERO = {
    **dict.fromkeys(QUANTILES, 1.0),
    "error_rate": METRICS["error_rate"].allowed,
    "cache_hit_rate": METRICS["cache_hit_rate"].allowed,
    "db_calls": METRICS["db_calls"].allowed,
}
