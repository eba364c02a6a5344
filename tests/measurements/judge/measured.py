"""Evidence as tests need it: a service of which the truth is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from releasedesk.measurements.judge import Evidence, Requests, Side

if TYPE_CHECKING:
    from releasedesk.measurements.judge import Judgement
    from releasedesk.measurements.judge.findings import Finding

ROUTE = "GET /basket/{id}"


def side(
    evidence: Evidence,
    environment: str = "production",
    route: str = ROUTE,
    cache_state: str | None = None,
    cache_cleared: str | None = None,
) -> Side:
    return Side(evidence, environment, route, cache_state, cache_cleared)


def requests(
    n: int,
    *,
    seed: int,
    slower: float = 1.0,
    calls: int = 31,
    hits: float = 0.0,
    errors: float = 0.0,
) -> Requests:
    """Misses take about 150 ms times `slower` and make `calls` calls; hits take 3 ms and make none."""
    random = np.random.default_rng(seed)
    hit = np.arange(n) < round(n * hits)
    random.shuffle(hit)
    times = np.where(hit, random.lognormal(1.0, 0.2, n), slower * random.lognormal(5.0, 0.3, n))
    status = np.where(np.arange(n) < round(n * errors), 503, 200)
    return Requests(
        times, status.astype(np.int16), hit.astype(np.int8), np.where(hit, 0, calls).astype(np.int32)
    )


def metric(judgement: Judgement, name: str) -> Finding:
    return next(finding for finding in judgement.findings if finding.policy.metric == name)


def told(judgement: Judgement, name: str) -> dict[str, Any]:
    return next(found for found in judgement.to_json()["metrics"] if found["metric"] == name)
