"""What an expected result promises, read from the words people write."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.releases import expected_result
from releasedesk.releases.expectations import Expectation, expectations


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "DB calls on GET /basket/{id} fall from 31 to below 12, p95 stays at or under 190 ms.",
            [("db_calls", "at_most", 12), ("response_ms_p95", "at_most", 190)],
        ),
        ("expected DB calls ≤ 2", [("db_calls", "at_most", 2)]),
        (
            "p95 < 0,2 s and error rate under 1%",
            [("response_ms_p95", "at_most", 200), ("error_rate", "at_most", 0.01)],
        ),
        ("p50 drops by 20 percent", [("response_ms_p50", "falls_by", 0.2)]),
        ("1 database call instead of 31, and p95 falls by half.", [("response_ms_p95", "falls_by", 0.5)]),
        ("Cache hits rise from 12 % to 60 %", [("cache_hit_rate", "at_least", 0.6)]),
        ("errors stay under 0.002", [("error_rate", "at_most", 0.002)]),
        ("p95 is fine and DB calls at most 3", [("db_calls", "at_most", 3)]),
        ("p95 below 200 ms; p95 below 100 ms", [("response_ms_p95", "at_most", 200)]),
    ],
)
def test_numbers_are_read_in_the_judges_units(text: str, found: list[tuple[str, str, float]]) -> None:
    for one, (metric, direction, number) in zip(expectations(text), found, strict=True):
        assert [one.metric, one.direction] == [metric, direction]
        assert one.number == pytest.approx(number)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "No change in the four numbers.",
        "p95 falls by 20 ms",
        "p95 is at most half",
        "DB calls at most 3 ms",
        "p95",
        "The p95 of last year. At most 3 people will notice.",
        "cpu below 20 %",
    ],
)
def test_what_promises_no_number_of_ours_is_left_to_its_readers(text: str) -> None:
    assert expectations(text) == []


@given(
    st.sampled_from(list(expected_result.LABELS)),
    st.sampled_from(list(expected_result.DIRECTIONS)),
    st.integers(1, 999_999),
)
def test_what_the_form_writes_is_always_understood(metric: str, direction: str, number: int) -> None:
    text, errors = expected_result.compose(
        {"metric": metric, "direction": direction, "number": str(number)}, "And calm."
    )
    assert not errors
    percent = direction in expected_result.RELATIVE or metric in {"error_rate", "cache_hit_rate"}
    (found,) = expectations(text)
    assert found == Expectation(metric, direction, pytest.approx(number / 100 if percent else number))  # type: ignore[arg-type]  # from the tables


@given(st.text(max_size=300))
def test_any_text_is_read_without_trouble(text: str) -> None:
    for found in expectations(text):
        assert found.number >= 0
