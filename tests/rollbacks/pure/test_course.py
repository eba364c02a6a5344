"""What to do next, in every way that is not the plan's."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from releasedesk.releases.history import Status
from releasedesk.rollbacks.course import Attempt, Course, next_steps

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def said(**changes: Any) -> list[tuple[str, bool, str, str | None]]:
    as_planned = {
        "now": NOON + 2 * MINUTE,
        "started_at": NOON,
        "left": "2.0",
        "target": "1.9",
        "running": True,
        "restored": False,
        "live": "2.0",
        "live_since": NOON - 60 * MINUTE,
        "attempt": None,
        "another": "1.8",
        "steps": 3,
        "ticked": 1,
    }
    return [
        (advice.word.value, advice.urgent, advice.detail, advice.to)
        for advice in next_steps(Course(**{**as_planned, **changes}))
    ]


def test_while_all_goes_as_planned_the_steps_say_what_to_do() -> None:
    assert said() == []


def test_a_deployment_of_the_target_is_told() -> None:
    running = Attempt(Status.STARTED, NOON + MINUTE)
    assert said(attempt=running) == [
        ("deploying", False, "1.9 is being deployed, since 2026-11-23 12:01 UTC.", None)
    ]


def test_a_target_that_cannot_be_deployed_offers_the_next_one() -> None:
    """The registry has thrown it away."""
    ((word, urgent, detail, to),) = said(attempt=Attempt(Status.FAILED, NOON + MINUTE))
    assert (word, urgent, to) == ("target_failed", True, "1.8")
    assert detail == (
        "The deployment of 1.9 failed on 2026-11-23 12:01 UTC. Read what it said and run its step again. "
        "If that version cannot be had any more, go back to 1.8 instead."
    )


def test_without_a_next_one_it_says_what_else_there_is() -> None:
    ((_, _, detail, to),) = said(attempt=Attempt(Status.FAILED, NOON + MINUTE), another=None)
    assert to is None
    assert detail.endswith("build it again from its commit, or ship a fix forward.")


def test_a_deployment_that_was_never_heard_of_again_is_told() -> None:
    words = [word for word, *_ in said(attempt=Attempt(Status.LOST, NOON), now=NOON + 70 * MINUTE)]
    assert words == ["target_lost", "left_open"]


def test_somebody_who_ships_over_it_is_told_first() -> None:
    found = said(live="2.1", live_since=NOON + MINUTE, attempt=Attempt(Status.STARTED, NOON))
    assert [word for word, *_ in found] == ["shipped_over", "deploying"]
    assert found[0][2].startswith("2.1 went live on 2026-11-23 12:01 UTC, after this rollback began.")


def test_what_was_live_before_it_began_is_nobody_shipping_over_it() -> None:
    assert said(live="1.5", live_since=NOON - MINUTE) == []


def test_one_that_was_left_open_for_hours_is_said_to_be() -> None:
    ((word, urgent, detail, _),) = said(now=NOON + 5 * 60 * MINUTE)
    assert (word, urgent) == ("left_open", True)
    assert detail.startswith("This rollback has been open for 5 h.")


def test_all_ticked_and_nothing_reported_asks_to_look() -> None:
    ((word, _, detail, _),) = said(ticked=3)
    assert word == "all_ticked"
    assert detail.startswith("All steps are ticked, and nobody has reported 1.9 as live yet.")


@pytest.mark.parametrize(("ticked", "words"), [(1, "2 steps are"), (2, "1 step is")])
def test_what_is_left_after_it_is_live_is_counted(ticked: int, words: str) -> None:
    ((word, _, detail, _),) = said(running=False, restored=True, live="1.9", ticked=ticked)
    assert (word, detail) == ("steps_left", f"1.9 is live. {words} not ticked yet.")


def test_what_a_person_calls_done_and_nobody_reports_is_asked_for() -> None:
    ((word, urgent, detail, _),) = said(running=False, restored=False, ticked=3)
    assert (word, urgent) == ("not_reported", False)
    assert detail == (
        "Somebody said that 1.9 is live again, and nobody has reported it: the desk still counts 2.0 "
        "as live. Let CI report the deployment of 1.9."
    )


def test_who_ticks_nothing_is_not_reminded() -> None:
    assert said(running=False, restored=True, live="1.9", ticked=0) == []
