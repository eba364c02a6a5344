"""Every reason why one cannot go back, each with the sentence a person reads."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.rollbacks.readiness import (
    Code,
    Fix,
    PlanBrief,
    Readiness,
    RehearsalBrief,
    Running,
    Severity,
    Situation,
    headline,
    readiness,
    when_stale,
)
from releasedesk.rollbacks.wording import duration

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
PLAN = PlanBrief(version=4, steps=3, triggers=1, has_owner=True)
REHEARSED = RehearsalBrief(plan_version=4, succeeded=True, finished_at=NOW - timedelta(hours=3))
GOOD = Situation(now=NOW, environment="production", live="1.5", target="1.4", plan=PLAN, rehearsal=REHEARSED)


def days_ago(days: float) -> RehearsalBrief:
    return replace(REHEARSED, finished_at=NOW - timedelta(days=days))


def asked(**changes: Any) -> Readiness:
    return readiness(replace(GOOD, **changes))


def planned(**changes: Any) -> Readiness:
    return asked(plan=replace(PLAN, **changes))


def test_with_a_rehearsed_plan_and_a_target_one_is_ready() -> None:
    assert readiness(GOOD) == Readiness(ready=True, reasons=())


EACH = [
    (asked(live=None, target=None), Code.NEVER_DEPLOYED, "No release has succeeded in production yet."),
    (asked(target=None), Code.NO_TARGET, "There is no good release before 1.5 in production to go back to."),
    (
        asked(target=None, suspect_only=("1.4", "1.3", "1.2")),
        Code.NO_TARGET,
        (
            "The only releases in production to go back to from 1.5 are suspect: 1.4, 1.3 and 1.2. "
            "Name the one you want with ?to=."
        ),
    ),
    (
        asked(point_of_no_return="1.5"),
        Code.PAST_POINT_OF_NO_RETURN,
        (
            "1.5 has run a migration in production that cannot be undone: "
            "the releases before it may not work with the data as it is now."
        ),
    ),
    (asked(plan=None, rehearsal=None), Code.NO_PLAN, "There is no rollback plan."),
    (planned(steps=0), Code.NO_STEPS, "Version 4 of the plan has no steps."),
    (
        planned(has_owner=False),
        Code.NO_OWNER,
        "Nobody owns the plan: it names no owner, and neither do the release and the service.",
    ),
    (planned(triggers=0), Code.NO_TRIGGER, "The plan has no trigger: it does not say when to go back."),
    (planned(irreversible_steps=(2,)), Code.IRREVERSIBLE_STEP, "Step 2 of the plan cannot be undone."),
    (
        planned(irreversible_steps=(1, 3)),
        Code.IRREVERSIBLE_STEP,
        "Steps 1 and 3 of the plan cannot be undone.",
    ),
    (
        asked(rehearsal=replace(REHEARSED, succeeded=False)),
        Code.REHEARSAL_FAILED,
        "The last rehearsal of the plan failed, on 2026-11-23 09:00 UTC.",
    ),
    (asked(rehearsal=None), Code.NOT_REHEARSED, "The plan was never rehearsed."),
    (
        asked(rehearsal=days_ago(16)),
        Code.REHEARSAL_STALE,
        "The plan was last rehearsed 16 days ago; at most 14 are allowed.",
    ),
    (
        asked(rehearsal=days_ago(14.2)),
        Code.REHEARSAL_STALE,
        "The plan was last rehearsed more than 14 days ago; at most 14 are allowed.",
    ),
    (
        asked(rehearsal=None, older_rehearsal=replace(REHEARSED, plan_version=3)),
        Code.REHEARSAL_STALE,
        "The plan changed since it was rehearsed (version 3; now 4).",
    ),
    (
        asked(irreversible_migration=True),
        Code.REHEARSAL_STALE,
        (
            "A migration that cannot be undone lies between 1.4 and 1.5: "
            "the rehearsal does not prove the way back over it."
        ),
    ),
    (
        asked(running=Running("1.6", NOW - timedelta(minutes=4))),
        Code.DEPLOYMENT_RUNNING,
        "A deployment of 1.6 to production began on 2026-11-23 11:56 UTC and has not ended.",
    ),
]


@pytest.mark.parametrize(("answer", "code", "detail"), EACH)
def test_each_reason_alone_is_told_in_a_sentence(answer: Readiness, code: Code, detail: str) -> None:
    (reason,) = answer.reasons
    assert (answer.ready, reason.code, reason.detail) == (False, code, detail)


def test_every_reason_has_a_sentence_here() -> None:
    assert {code for _, code, _ in EACH} == set(Code)


def test_the_reasons_come_in_the_order_of_the_design() -> None:
    assert list(Code) == [
        "never_deployed",
        "no_target",
        "past_point_of_no_return",
        "no_plan",
        "no_steps",
        "no_owner",
        "no_trigger",
        "irreversible_step",
        "rehearsal_failed",
        "not_rehearsed",
        "rehearsal_stale",
        "deployment_running",
    ]


def test_all_reasons_are_told_and_not_only_the_worst() -> None:
    answer = asked(
        target=None,
        point_of_no_return="1.5",
        plan=PlanBrief(version=1, steps=0, triggers=0, has_owner=False),
        rehearsal=None,
        running=Running("1.6", NOW),
    )
    assert [reason.code for reason in answer.reasons] == [
        Code.NO_TARGET,
        Code.PAST_POINT_OF_NO_RETURN,
        Code.NO_STEPS,
        Code.NO_OWNER,
        Code.NO_TRIGGER,
        Code.NOT_REHEARSED,
        Code.DEPLOYMENT_RUNNING,
    ]


def test_what_blocks_stands_before_every_risk() -> None:
    blocking = {
        reason.code
        for answer, _, _ in EACH
        for reason in answer.reasons
        if reason.severity is Severity.BLOCKING
    }
    assert blocking == set(list(Code)[:5])


def test_a_first_release_needs_no_target_but_a_plan() -> None:
    first = {"live": "1.0", "target": None, "needs_target": False}
    assert asked(**first).ready
    assert asked(**{**first, "live": None}).ready
    assert [reason.code for reason in asked(**first, plan=None).reasons] == [Code.NO_PLAN]


def test_a_new_target_alone_does_not_make_a_rehearsal_stale() -> None:
    assert asked(target="1.3").ready


def test_a_rehearsal_too_old_and_overtaken_is_one_reason_with_both_sentences() -> None:
    (reason,) = asked(rehearsal=days_ago(20), irreversible_migration=True).reasons
    assert reason.words == "rehearsal 20 days old"
    assert "20 days ago" in reason.detail
    assert "between 1.4 and 1.5" in reason.detail


def test_an_older_rehearsal_does_not_count_against_one_of_the_present_text() -> None:
    assert asked(older_rehearsal=replace(REHEARSED, plan_version=3, succeeded=False)).ready


def test_a_rehearsal_is_fresh_up_to_the_instant_it_turns_stale_and_not_after() -> None:
    limit = when_stale(REHEARSED, 14)
    assert limit == REHEARSED.finished_at + timedelta(days=14)
    assert asked(now=limit).ready
    assert not asked(now=limit + timedelta(microseconds=1)).ready


def test_only_a_good_rehearsal_turns_stale_by_time() -> None:
    assert when_stale(None, 14) is None
    assert when_stale(replace(REHEARSED, succeeded=False), 14) is None


def test_the_days_allowed_are_a_setting() -> None:
    assert asked(rehearsal=days_ago(16), max_age_days=30).ready
    (reason,) = asked(rehearsal=days_ago(1.5), max_age_days=1).reasons
    assert reason.detail == "The plan was last rehearsed more than 1 day ago; at most 1 is allowed."
    assert reason.words == "rehearsal 1 day old"


def test_the_headline_says_ready_with_the_rehearsed_time() -> None:
    assert headline(readiness(GOOD), 108) == "ready, 1 min 48 s"
    assert headline(readiness(GOOD), None) == "ready"


def test_the_headline_of_what_is_not_ready_is_its_worst_reason_in_at_most_four_words() -> None:
    assert headline(asked(rehearsal=days_ago(16)), 108) == "rehearsal 16 days old"
    assert headline(asked(plan=None, rehearsal=None, running=Running("2", NOW)), None) == "no plan"
    assert headline(asked(live=None, target=None), None) == "never deployed"
    assert all(len(headline(answer, 1).split()) <= 4 for answer, _, _ in EACH)


def test_every_reason_says_where_it_is_mended() -> None:
    fixes = {code: answer.reasons[0].fix for answer, code, _ in EACH}
    assert fixes[Code.NO_OWNER] is Fix.ROLLBACK_PLAN
    assert fixes[Code.NOT_REHEARSED] is Fix.REHEARSALS
    assert fixes[Code.DEPLOYMENT_RUNNING] is Fix.DEPLOYMENTS


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "under 1 s"),
        (0.4, "under 1 s"),
        (48, "48 s"),
        (59.6, "1 min"),
        (108, "1 min 48 s"),
        (3600, "1 h"),
        (3605, "1 h"),
        (7500, "2 h 5 min"),
        (86_400 * 3 + 3600 * 4 + 59, "3 d 4 h"),
    ],
)
def test_a_duration_is_worded_in_at_most_two_units(seconds: float, words: str) -> None:
    assert duration(seconds) == words


briefs = st.none() | st.builds(
    RehearsalBrief,
    plan_version=st.integers(1, 9),
    succeeded=st.booleans(),
    finished_at=st.integers(0, 40).map(lambda days: NOW - timedelta(days=days)),
)
versions = st.none() | st.sampled_from(["1.4", "1.5"])
situations = st.builds(
    Situation,
    now=st.just(NOW),
    environment=st.just("production"),
    live=versions,
    target=versions,
    suspect_only=st.lists(st.just("1.3")).map(tuple),
    point_of_no_return=versions,
    plan=st.none()
    | st.builds(
        PlanBrief,
        version=st.integers(1, 9),
        steps=st.integers(0, 2),
        triggers=st.integers(0, 2),
        has_owner=st.booleans(),
        irreversible_steps=st.lists(st.integers(1, 2)).map(tuple),
    ),
    rehearsal=briefs,
    older_rehearsal=briefs,
    irreversible_migration=st.booleans(),
    running=st.none() | st.just(Running("1.6", NOW)),
    needs_target=st.booleans(),
)


@given(situations)
def test_reasons_are_told_once_each_worst_first_and_ready_means_none(situation: Situation) -> None:
    answer = readiness(situation)
    places = [list(Code).index(reason.code) for reason in answer.reasons]
    assert places == sorted(set(places))
    assert answer.ready is not bool(answer.reasons)
    assert all(reason.detail[0].isupper() or reason.detail[0].isdigit() for reason in answer.reasons)
    assert all(reason.detail.endswith(".") for reason in answer.reasons)
