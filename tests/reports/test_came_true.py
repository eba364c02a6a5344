"""Each promise against what was measured."""

# ruff: noqa: RUF001 - the minus sign is what people read

from __future__ import annotations

from typing import Any

import pytest

from releasedesk.measurements.judge import Windows, judge
from releasedesk.reports.came_true import answers, over_routes
from tests.measurements.judge.measured import requests, side


def result(calls: int = 2, slower: float = 0.6, **after: Any) -> dict[str, Any]:
    before, changed = requests(2_000, seed=1), requests(2_000, seed=2, calls=calls, slower=slower)
    return judge(side(before), side(changed, **after)).to_json()


def said(text: str, found: dict[str, Any]) -> list[tuple[str, str]]:
    return [(answer.outcome, answer.sentence) for answer in answers(text, found)]


def test_a_bound_that_was_kept_came_true() -> None:
    assert said("DB calls ≤ 2", result()) == [
        ("came_true", "Expected DB calls per request ≤ 2: came true, it is 2.")
    ]


def test_a_bound_that_was_broken_did_not() -> None:
    assert said("DB calls at most 2", result(calls=3)) == [
        ("did_not", "Expected DB calls per request ≤ 2: did not come true, it is 3.")
    ]


def test_a_promised_fall_is_told_with_its_interval() -> None:
    ((outcome, sentence),) = said("p95 falls by at least 20 %", result())
    assert outcome == "came_true"
    assert sentence.startswith("Expected p95 −20 % or more: came true, it changed by −39 % (95 % sure")


def test_a_fall_that_was_too_small_did_not_come_true() -> None:
    assert said("p95 falls by 60 %", result())[0][0] == "did_not"


def test_a_gain_that_is_cache_hits_tells_nothing() -> None:
    lucky = judge(
        side(requests(2_000, seed=1, hits=0.12)), side(requests(2_000, seed=2, hits=0.97))
    ).to_json()
    assert said("DB calls at most 5", lucky) == [
        ("cannot_tell", "Expected DB calls per request ≤ 5: cannot be told, for the gain is cache hits.")
    ]


def test_a_change_between_sides_that_cannot_be_compared_tells_nothing_but_a_bound_does() -> None:
    other = result(cache_state="warm")
    assert said("DB calls fall by 20 %", other)[0][0] == "cannot_tell"
    assert said("DB calls at most 2", other)[0][0] == "came_true"


def test_what_was_not_measured_is_not_measured() -> None:
    only_before = judge(side(requests(200, seed=1)), None).to_json()
    assert said("DB calls at most 2", only_before) == [
        ("not_measured", "Expected DB calls per request ≤ 2: not measured yet.")
    ]
    only_after = judge(None, side(requests(200, seed=1, calls=2))).to_json()
    assert said("DB calls at most 2", only_after)[0][0] == "came_true"
    assert said("DB calls fall by 20 %", only_after)[0][0] == "not_measured"


def test_a_rise_from_zero_has_no_fraction() -> None:
    grown = judge(side(requests(500, seed=1, calls=0)), side(requests(500, seed=2))).to_json()
    assert said("DB calls rise by 10 %", grown) == [
        (
            "cannot_tell",
            "Expected DB calls per request +10 % or more: cannot be told, for it was zero before.",
        )
    ]


def test_a_share_is_promised_as_a_fraction_of_before() -> None:
    import numpy as np

    old, new = (Windows(cache_hit_rate=np.full(8, share)) for share in (0.4, 0.6))
    found = judge(side(old), side(new)).to_json()
    assert said("Cache hits rise by 40 %", found)[0][0] == "came_true"
    assert said("Cache hits rise by 60 %", found)[0][0] == "did_not"


def test_of_several_routes_the_one_that_broke_the_promise_speaks() -> None:
    found = over_routes("DB calls at most 2, p95 below 9 s", [result(), result(calls=3)])
    assert [answer.outcome for answer in found] == ["did_not", "came_true"]


@pytest.mark.parametrize("text", ["", "All is calm."])
def test_no_promise_no_answer(text: str) -> None:
    assert answers(text, result()) == []
