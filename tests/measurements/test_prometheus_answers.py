"""Reading what a Prometheus answers: a gap is a gap."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.measurements.judge import Windows
from releasedesk.measurements.prometheus import (
    METRICS,
    Grid,
    UnreadableAnswerError,
    failed_answer,
    range_url,
    read_answer,
)
from releasedesk.measurements.source_bodies import STARTERS, MetricSourceBody
from tests.builders import NOON

GRID = Grid(NOON, NOON + timedelta(seconds=60), 15)
FIRST = int(NOON.timestamp()) + 15


def matrix(*series: list[Any]) -> bytes:
    result = [{"metric": {}, "values": values} for values in series]
    return json.dumps({"status": "success", "data": {"resultType": "matrix", "result": result}}).encode()


def test_a_window_of_a_minute_has_four_points_of_fifteen_seconds() -> None:
    asked = parse_qs(urlsplit(range_url("https://prom.example/", 'up{job="x"}', GRID)).query)
    assert asked == {
        "query": ['up{job="x"}'], "start": [str(FIRST)], "end": [str(FIRST + 45)], "step": ["15"],
    }  # fmt: skip
    assert len(GRID) == 4


def test_gaps_nan_and_infinity_are_missing_and_never_zero() -> None:
    values = [[FIRST, "190.5"], [FIRST + 15, "NaN"], [FIRST + 45, "+Inf"]]
    found = read_answer("response_ms_p95", matrix(values), GRID)
    assert found.values == [190.5, None, None, None]
    assert found.missing == "3 of 4 points are missing."


def test_no_series_is_missing_and_several_are_not_guessed_at() -> None:
    nothing, several = (read_answer("db_calls", body, GRID) for body in (matrix(), matrix([], [])))
    assert nothing.values == several.values == [None] * 4
    assert nothing.missing == "The query found no series."
    assert several.missing == "The query gives 2 series, not one: sum them, or take a quantile over all."


def test_a_share_in_per_cent_is_not_taken_for_a_share() -> None:
    found = read_answer("error_rate", matrix([[FIRST, "0.02"], [FIRST + 15, "2"]]), GRID)
    assert found.values == [0.02, None, None, None]
    assert found.missing == "1 of 4 values are not within 0 and 1."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"<html>", "The answer is not JSON; is this a Prometheus?"),
        (b"[]", "The answer is not an object; is this a Prometheus?"),
        (b"[" * 100_000, "The answer is not JSON; is this a Prometheus?"),
        (b'{"status": "error", "error": "parse error"}', "Prometheus refuses the query: parse error."),
        (
            b'{"status": "success", "data": {"resultType": "vector", "result": []}}',
            "holds no series over time",
        ),
        (b'{"status": "success"}', "holds no series over time"),
    ],
)
def test_what_is_no_answer_is_said(body: bytes, said: str) -> None:
    with pytest.raises(UnreadableAnswerError, match=said.replace("?", r"\?")):
        read_answer("db_calls", body, GRID)


def test_a_refusal_gives_prometheus_own_reason() -> None:
    assert "bad query" in str(failed_answer(400, b'{"status": "error", "error": "bad query"}'))
    assert str(failed_answer(401, b"no")) == "It answers 401. Does it want a credential?"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.integers(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=12,
)
SAMPLES = st.lists(
    st.tuples(st.sampled_from([FIRST, FIRST + 15, FIRST + 30]), st.floats(allow_nan=True).map(str)).map(list)
)


@given(st.sampled_from(METRICS), SAMPLES | st.lists(ANYTHING, max_size=5))
def test_whatever_comes_a_series_fits_its_grid_and_the_judge(metric: str, values: list[Any]) -> None:
    found = read_answer(metric, matrix(values), GRID)
    assert len(found.values) == len(GRID)
    assert all(value is None or value >= 0 for value in found.values)
    if found.known:
        Windows.from_json({metric: list(found.values), "seconds": 15})


@pytest.mark.parametrize("starter", STARTERS.values(), ids=lambda starter: starter.key)
def test_every_starter_is_a_source(starter: Any) -> None:
    body = {"url": "https://prom.example", "route": "all requests", "queries": dict(starter.queries)}
    assert MetricSourceBody.read(body).queries.response_ms_p95
