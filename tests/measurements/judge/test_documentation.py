"""What docs/judge.md says the judge says is what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from releasedesk.measurements.judge import METRICS, Judgement, Policy, Requests, Windows, judge
from tests.measurements.judge.measured import requests, side

DOCS = " ".join((Path(__file__).parents[3] / "docs" / "judge.md").read_text().split())
BEFORE = requests(2_000, seed=1)
P95 = METRICS["response_ms_p95"]


def _judged(after: Requests, before: Requests = BEFORE, **policies: Policy) -> Judgement:
    return judge(side(before), side(after), {**METRICS, **policies})


def _errors(count: int, n: int = 2_000) -> Requests:
    """Requests of which so many failed."""
    return Requests(np.linspace(100, 200, n), np.where(np.arange(n) < count, 503, 200).astype(np.int16))


def _level(ms: float) -> Policy:
    return replace(P95, level=ms)


def _past_its_level() -> Judgement:
    return _judged(requests(2_000, seed=2, slower=1.04), response_ms_p95=_level(250))


def _already_past_it() -> Judgement:
    return _judged(requests(2_000, seed=2), response_ms_p95=_level(200))


def _not_surer() -> Judgement:
    return _judged(_errors(21), _errors(2))


def _no_errors() -> Judgement:
    return _judged(_errors(0, 500), _errors(0, 500))


def _too_few() -> Judgement:
    return _judged(requests(2_000, seed=2), requests(40, seed=1))


def _must_have() -> Judgement:
    policy = replace(METRICS["cache_hit_rate"], must_have=True)
    return _judged(_errors(0), _errors(0), cache_hit_rate=policy)


def _muted() -> Judgement:
    return _judged(requests(2_000, seed=2, calls=34), db_calls=replace(METRICS["db_calls"], muted=True))


def _windows() -> Judgement:
    before, after = np.array([187.0, 194, 188, 193, 190]), np.array([248.0, 252, 244, 250, 247])
    return judge(side(Windows(response_ms_p95=before)), side(Windows(response_ms_p95=after)))


@pytest.mark.parametrize(
    ("example", "metric"),
    [
        (_past_its_level, "response_ms_p95"),
        (_already_past_it, "response_ms_p95"),
        (_not_surer, "error_rate"),
        (_no_errors, "error_rate"),
        (_too_few, "response_ms_p95"),
        (_must_have, None),
        (_muted, None),
        (_windows, "response_ms_p95"),
    ],
    ids=lambda part: getattr(part, "__name__", None),
)
def test_an_example_is_told_as_the_judge_tells_it(
    example: Callable[[], Judgement], metric: str | None
) -> None:
    judgement = example()
    sentences = {told["metric"]: told["sentence"] for told in judgement.to_json()["metrics"]}
    said = judgement.sentence if metric is None else sentences[metric]
    assert f"`{judgement.verdict}`" in DOCS
    assert f"“{said}”" in DOCS
