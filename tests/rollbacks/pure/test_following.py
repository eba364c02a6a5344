"""What follows from a rollback, whatever order its facts arrive in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.releases.history import Fact, Kind, Mode, fold
from releasedesk.rollbacks.following import Back, Begun, backs, joined, locks

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
VERSIONS = ("1", "2", "3")


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def success(version: str, minute: float) -> Fact:
    return Fact(Kind.SUCCEEDED, at(minute), "native", f"{version}@{minute}", version)


def live(*versions: str) -> list[Fact]:
    return [success(version, minute) for minute, version in enumerate(versions)]


def back_at(minute: float, version: str = "1", left: str = "2") -> Back:
    return Back(success(version, minute), left)


def test_a_rollback_lasts_until_somebody_ships_forward() -> None:
    (back,) = backs(fold(live("1", "2", "1", "3")))
    assert (back.left, back.fact.version, back.ended_by) == ("2", "1", success("3", 3))


def test_a_redeploy_of_what_it_made_live_changes_nothing() -> None:
    (back,) = backs(fold(live("1", "2", "1", "1")))
    assert back.ended_by is None


def test_the_same_version_again_is_no_rollback() -> None:
    assert backs(fold(live("1", "2", "2"))) == []


def test_going_back_from_a_rollback_to_what_it_left_is_going_forward() -> None:
    (back,) = backs(fold(live("1", "2", "1", "2")))
    assert back.ended_by == success("2", 3)


def test_a_second_rollback_ends_the_first() -> None:
    first, second = backs(fold(live("1", "2", "3", "2", "1")))
    assert (first.left, first.ended_by) == ("3", second.fact)
    assert (second.left, second.ended_by) == ("2", None)


@given(st.lists(st.sampled_from(VERSIONS), max_size=12))
def test_the_last_rollback_stands_exactly_while_what_is_live_came_by_it(versions: list[str]) -> None:
    history = fold(live(*versions))
    found = backs(history)
    standing = [back.fact for back in found if back.ended_by is None]
    assert standing == ([history.live.rollback] if history.live and history.live.rollback else [])
    assert len(found) == sum(attempt.mode is Mode.ROLLBACK for attempt in history.deployments)


def test_a_run_ends_with_the_first_rollback_after_its_start() -> None:
    assert joined([Begun(7, "2", at(0))], [back_at(2), back_at(3)]) == {7: back_at(2).fact}


def test_the_senders_clock_may_be_a_little_behind() -> None:
    assert joined([Begun(7, "2", at(0))], [back_at(-0.5)]) == {7: back_at(-0.5).fact}
    assert joined([Begun(7, "2", at(0))], [back_at(-2)]) == {}


def test_what_had_led_to_the_release_that_it_leaves_does_not_end_it() -> None:
    assert joined([Begun(7, "1", at(0))], [back_at(-0.5, "1")]) == {}


def test_a_rollback_belongs_to_the_last_run_that_had_begun() -> None:
    runs = [Begun(1, "3", at(0)), Begun(2, "2", at(10))]
    found = joined(runs, [back_at(5, "2", "3"), back_at(12), back_at(30)])
    assert found == {1: back_at(5, "2").fact, 2: back_at(12).fact}


def test_two_rollbacks_within_one_minute_end_each_its_own_run() -> None:
    runs = [Begun(1, "3", at(0)), Begun(2, "4", at(0.8))]
    first, second = back_at(0.3, "2", "3"), back_at(0.9, "2", "4")
    assert joined(runs, [first, second]) == {1: first.fact, 2: second.fact}


def test_a_run_that_was_given_up_is_ended_only_by_what_had_happened_before() -> None:
    given_up = Begun(1, "2", at(0), stopped_at=at(10))
    assert joined([given_up], [back_at(20)]) == {}
    assert joined([given_up], [back_at(9)]) == {1: back_at(9).fact}


def test_a_rollback_of_the_next_day_is_another() -> None:
    assert joined([Begun(1, "2", at(0))], [back_at(24 * 60 + 1)]) == {}


def test_one_that_was_heard_of_a_day_late_locks_nothing() -> None:
    assert locks(back_at(0), at(24 * 60))
    assert not locks(back_at(0), at(24 * 60 + 1))
