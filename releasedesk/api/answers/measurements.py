"""Snapshots and comparisons as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from releasedesk.api.schema.answer import Answer, paged
from releasedesk.measurements.judge.policy import Better, Kind
from releasedesk.measurements.judge.verdicts import MetricVerdict, Verdict
from releasedesk.reports.came_true import Outcome


class Snapshot(Answer):
    """The numbers over one window. The requests themselves are not sent back; `summary` describes them."""

    id: int
    phase: Literal["before", "after"]
    environment: str
    route: str
    taken_from: datetime
    taken_until: datetime
    cache_state: Literal["cold", "warm"] | None
    cache_cleared: str | None
    command: str | None
    assumptions: str | None
    kind: Literal["requests", "windows", "summary"]
    summary: dict[str, Any]
    recorded_by: str
    recorded_at: datetime

    EXAMPLE = {
        "id": 4,
        "phase": "before",
        "environment": "production",
        "route": "GET /basket/{id}",
        "taken_from": "2026-11-23T11:38:00Z",
        "taken_until": "2026-11-23T11:40:00Z",
        "cache_state": "cold",
        "cache_cleared": "basket:*",
        "command": "releasedesk measure http://shop/basket/7 --phase before",
        "assumptions": None,
        "kind": "summary",
        "summary": {"requests": 2000, "errors": 3, "response_ms": {"p95": 190.1}},
        "recorded_by": "token pipeline",
        "recorded_at": "2026-11-23T11:40:02Z",
    }


class Surer(Answer):
    """The wider interval that kept a change from counting as past its limit; null: there is none."""

    confidence: float
    interval: list[float | None]


class Figures(Answer):
    """One metric before against after, as numbers. `change` is of `change_kind`; `interval` is its 95 %."""

    before: float | None
    after: float | None
    n_before: int
    n_after: int
    effective_before: float | None = None
    effective_after: float | None = None
    change: float | None
    change_kind: Kind
    interval: list[float | None] | None
    confidence: float | None
    surer: Surer | None = None
    allowed: float
    level: float | None = None
    verdict: MetricVerdict
    reason: str | None


class Relative(Answer):
    """The change as a share of what was before."""

    change: float | None
    interval: list[float | None] | None


class PastLevel(Answer):
    """Whether each side is past the service's own level."""

    before: bool
    after: bool


class MetricComparison(Figures):
    """One metric, its verdict and its sentence."""

    metric: str
    label: str
    unit: str
    relative: Relative | None
    better: Better
    critical: bool
    must_have: bool
    muted: bool
    past_level: PastLevel | None = None
    more_requests: int | None
    more_windows: int | None
    groups: dict[str, Figures] | None
    sentence: str


class WhyNot(Answer):
    """Why two sides cannot be compared."""

    code: str
    detail: str


class Promise(Answer):
    """One number of the release's expected result, and what became of it."""

    metric: str
    outcome: Outcome
    sentence: str


class Comparison(Answer):
    """The verdict on one route in one environment."""

    verdict: Verdict
    sentence: str
    judge: str
    environment: str | None
    route: str | None
    comparable: bool
    reasons: list[WhyNot]
    warnings: list[str]
    routes: str | None
    triggers_met: list[str]
    expected: list[Promise]
    metrics: list[MetricComparison]

    EXAMPLE = {
        "verdict": "verified",
        "sentence": "verified: DB calls per request fell from 31 to 2 (-29); nothing got worse.",
        "judge": "3",
        "environment": "production",
        "route": "GET /basket/{id}",
        "comparable": True,
        "reasons": [],
        "warnings": [],
        "routes": "Of 2 routes 1 inconclusive and 1 verified; the worst speaks for the release: GET /pay.",
        "triggers_met": [],
        "expected": [
            {
                "metric": "db_calls",
                "outcome": "came_true",
                "sentence": "Expected DB calls per request ≤ 2: came true, it is 2.",
            }
        ],
        "metrics": [
            {
                "metric": "db_calls",
                "label": "DB calls per request",
                "unit": "calls",
                "before": 31.0,
                "after": 2.0,
                "n_before": 1000,
                "n_after": 1000,
                "change": -29.0,
                "change_kind": "absolute",
                "interval": [-29.1, -28.9],
                "confidence": 0.95,
                "allowed": 0.5,
                "verdict": "improved",
                "reason": None,
                "relative": {"change": -0.935, "interval": None},
                "better": "lower",
                "critical": False,
                "must_have": False,
                "muted": False,
                "more_requests": None,
                "more_windows": None,
                "groups": None,
                "sentence": "DB calls per request fell from 31 to 2 (-29).",
            }
        ],
    }


SnapshotPage = paged(Snapshot)
