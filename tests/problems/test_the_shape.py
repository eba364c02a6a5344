"""Problems, near names, and how often is too often."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.problems import throttle
from releasedesk.problems.near import MOST, closest, near
from releasedesk.problems.problem import KINDS, FieldError, Problem, invalid, not_found, within

NAMES = st.lists(st.text("abc-", min_size=1, max_size=6), max_size=30)


def test_only_what_can_succeed_unchanged_may_be_sent_again() -> None:
    retryable = {kind for kind in KINDS if Problem(kind, "x").retryable}
    assert retryable == {"throttled", "unavailable"}


def test_extensions_follow_the_members_everybody_knows() -> None:
    told = Problem("conflict", "x", members={"conditions": []}).as_json(
        type_base="b", instance="i", request_id="r"
    )
    assert list(told)[-1] == "conditions"
    assert told["type"] == "b/problems/conflict"


def test_a_part_of_a_body_is_pointed_at_from_its_root() -> None:
    with pytest.raises(Problem) as problem, within("#/rehearsal"):
        raise invalid(FieldError("#/environment", "a", "b"), FieldError("#", "a", "b"))
    assert [error.pointer for error in problem.value.errors] == ["#/rehearsal/environment", "#/rehearsal"]


def test_what_is_not_found_is_answered_with_near_names_where_there_are_any() -> None:
    assert not_found("service", "a").errors == ()
    assert (
        not_found("service", "chekout", ["checkout", "search"]).errors[0].expected
        == "one of: checkout, search"
    )


@given(st.text(max_size=8), NAMES)
def test_near_names_are_known_ones_each_once_and_not_too_many(name: str, known: list[str]) -> None:
    found = near(name, known)
    assert len(found) == len(set(found)) == min(len(set(known)), MOST)
    assert set(found) <= set(known)
    assert closest(name, known) in {None, *known}
    assert closest(name, [*known, name]) in {name, None}


def test_above_the_limit_one_waits_until_the_next_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000 * 60 + 45.5
    monkeypatch.setattr(time, "time", lambda: now)
    for _ in range(3):
        throttle.refuse_above("a", 3)
    with pytest.raises(Problem) as refused:
        throttle.refuse_above("a", 3)
    assert (refused.value.status, refused.value.retry_after) == (429, 15)
    throttle.refuse_above("b", 3)
    now += 15
    throttle.refuse_above("a", 3)


def test_names_that_are_not_near_keep_their_order() -> None:
    assert near("nowhere", ["staging", "production"]) == ["staging", "production"]
    assert near("prodution", ["staging", "test", "production"]) == ["production", "staging", "test"]
