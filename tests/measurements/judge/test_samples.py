from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.measurements.judge import Requests, Summary, Windows

ROW = st.tuples(
    st.floats(0, 1e6),
    st.sampled_from([0, 200, 404, 503]),
    st.sampled_from(["hit", "miss", "stale", None]),
    st.none() | st.integers(0, 2_000_000_000),
)


@given(st.lists(ROW, max_size=40), st.booleans(), st.booleans())
def test_packed_requests_come_back_as_they_were(
    rows: list[tuple[Any, ...]], cached: bool, counted: bool
) -> None:
    columns = [list(column) for column in zip(*rows, strict=True)] or [[], [], [], []]
    before = Requests.from_columns(
        response_ms=columns[0],
        status=columns[1],
        cache=columns[2] if cached else None,
        db_calls=columns[3] if counted else None,
    )
    after = Requests.from_bytes(before.to_bytes())
    for name in ("response_ms", "status", "cache", "db_calls"):
        old, new = getattr(before, name), getattr(after, name)
        assert (old is None) == (new is None)
        assert old is None or (old.dtype == new.dtype and np.array_equal(old, new))


@pytest.mark.parametrize("harm", [b"", b"RDRQ", b"PK\x03\x04" + bytes(40)])
def test_other_bytes_are_refused(harm: bytes) -> None:
    with pytest.raises(ValueError, match="bytes"):
        Requests.from_bytes(harm)


def test_bytes_cut_short_or_of_a_later_format_are_refused() -> None:
    packed = Requests.from_columns([1.0, 2.0], [200, 200]).to_bytes()
    with pytest.raises(ValueError, match="cut short"):
        Requests.from_bytes(packed[:-1])
    with pytest.raises(ValueError, match="format 1"):
        Requests.from_bytes(packed[:4] + b"\x02" + packed[5:])


def test_twenty_thousand_requests_take_15_bytes_each() -> None:
    n = 20_000
    packed = Requests.from_columns([1.0] * n, [200] * n, ["hit"] * n, [3] * n).to_bytes()
    assert len(packed) == 12 + 15 * n


def test_only_hit_and_miss_are_known_whatever_their_case() -> None:
    words = ["hit", "HIT", " Miss ", "stale", "bypass", "", None]
    requests = Requests.from_columns([1.0] * 7, [200] * 7, words)
    assert requests.cache is not None
    assert requests.cache.tolist() == [1, 1, 0, -1, -1, -1, -1]


def test_columns_of_unequal_length_are_refused_with_their_lengths() -> None:
    with pytest.raises(ValueError, match="response_ms has 2 rows, status has 1"):
        Requests.from_columns([1.0, 2.0], [200])


@pytest.mark.parametrize("wrong", [-1.0, math.nan, math.inf, -math.inf, 1e12, "fast", None, [1.0]])
def test_a_response_time_that_is_none_is_refused(wrong: object) -> None:
    with pytest.raises(ValueError, match="response_ms"):
        Requests.from_columns([1.0, wrong], [200, 200])  # type: ignore[list-item]  # what JSON may hold


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"status": [200.5]}, "status must hold whole numbers"),
        ({"status": [1_000]}, r"status\[0\] is 1000; it must be between 0 and 999"),
        ({"status": [None]}, r"status\[0\]"),
        ({"status": [200], "db_calls": [-3]}, r"db_calls\[0\] is -3"),
        ({"status": [200], "db_calls": [2.5]}, "db_calls must hold whole numbers"),
    ],
)
def test_what_is_wrong_is_named(columns: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Requests.from_columns([1.0], **columns)


def test_errors_are_statuses_from_500_and_no_answer() -> None:
    assert Requests.from_columns([1.0] * 5, [0, 200, 499, 500, 599]).failed.tolist() == [1, 0, 0, 1, 1]


def test_a_summary_shows_what_the_requests_hold() -> None:
    requests = Requests.from_columns([10.0, 20.0, 30.0], [200, 500, 200], ["hit", "miss", None], [1, 3, None])
    assert requests.summary().to_json() == {
        "requests": 3,
        "errors": 1,
        "response_ms": {
            "mean": 20.0,
            "stddev": 10.0,
            "p50": 20.0,
            "p95": pytest.approx(29.0),
            "p99": pytest.approx(29.8),
        },
        "cache_hits": 1,
        "cache_known": 2,
        "db_calls": {"mean": 2.0, "stddev": pytest.approx(math.sqrt(2))},
    }


def test_a_summary_of_nothing_and_of_one_request_has_no_invented_numbers() -> None:
    assert Requests.from_columns([], []).summary() == Summary(requests=0, errors=0)
    one = Requests.from_columns([5.0], [200], [None], [None]).summary()
    assert (one.response_ms_stddev, one.cache_hits, one.db_calls_mean) == (None, None, None)


def test_a_summary_goes_through_json_unchanged() -> None:
    body = {
        "requests": 2_000,
        "errors": 3,
        "response_ms": {"p95": 190.0},
        "cache_hits": 40,
        "db_calls": {"mean": 31.0},
    }
    summary = Summary.from_json({**body, "response_ms": {"p95": 190.0, "p99": None, "mean": None}})
    assert summary.to_json() == body
    assert Summary.from_json(json.loads(json.dumps(summary.to_json()))) == summary


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"requests": 10, "errors": 11}, "errors is 11, more than there were requests"),
        ({"requests": 10, "cache_hits": 4, "cache_known": 3}, "cache_hits is more than cache_known"),
        ({"requests": 10, "response_ms": {"p95": math.nan}}, "response_ms.p95"),
    ],
)
def test_an_impossible_summary_is_refused(body: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Summary.from_json(body)


def test_gaps_in_windows_stay_gaps() -> None:
    windows = Windows.from_json({"response_ms_p95": [190, None, math.nan, math.inf], "seconds": 30})
    assert windows.to_json() == {"response_ms_p95": [190.0, None, None, None], "seconds": 30.0}
    assert windows.error_rate is None


def test_a_share_above_one_and_too_many_windows_are_refused() -> None:
    with pytest.raises(ValueError, match=r"error_rate\[0\] is 1.5; it must be between 0 and 1"):
        Windows.from_json({"error_rate": [1.5]})
    with pytest.raises(ValueError, match="at most 2000"):
        Windows.from_json({"db_calls": [1.0] * 2_001})
