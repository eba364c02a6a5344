"""Which gate let a deployment through, or did none; right however late and often it is told."""

from __future__ import annotations

import json
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from releasedesk.accounts.roles import DESK, Role
from releasedesk.actions.checklist import report_check
from releasedesk.actions.gate import ask_to_ship
from releasedesk.actions.locks import LockRequest, lock, release_lock
from releasedesk.actions.overrides import override
from releasedesk.actions.passages import judge_passages, services_to_judge
from releasedesk.releases.models import GateAnswer, Lock, Passage
from tests.builders import (
    NOON,
    make_deployment,
    make_environment,
    make_release,
    make_service,
    make_shippable,
    make_team,
    make_user,
    minutes,
)

if TYPE_CHECKING:
    from datetime import datetime

    from releasedesk.catalog.models import Service
    from releasedesk.releases.models import Release

pytestmark = pytest.mark.django_db
BEFORE = NOON - minutes(1000)


@pytest.fixture
def service(db: None) -> Service:
    """Known to the desk since the day before."""
    service = make_service(owner=make_user("alice", make_team(), Role.LEAD).username)
    type(service).objects.filter(pk=service.pk).update(created_at=BEFORE)
    return service


@pytest.fixture
def release(service: Service) -> Release:
    return make_shippable(service, "1.1")


def judge(service: Service, *, now: datetime = NOON) -> int:
    return judge_passages(service.pk, now=now)


def passage(version: str = "1.1") -> Passage:
    return Passage.objects.get(fact__release__version=version, fact__environment__name="production")


def stopped_by(version: str = "1.1") -> set[str]:
    found = passage(version).conditions
    return {one["key"] for one in found if (one["level"], one["state"]) == ("required", "unmet")}


def ask(release: Release, *, now: datetime) -> GateAnswer:
    return ask_to_ship(DESK, release, make_environment("production"), now=now)[1]


def check(release: Release, outcome: str, at: datetime, event: str = "late") -> None:
    report_check(DESK, release, "lint", outcome, evidence="", at=at, source="native", event=event)


def take_the_check_away(release: Release) -> None:
    nothing = {"outcome": "open", "decided_at": None, "decided_source": "", "decided_key": ""}
    lint = release.items.filter(key="lint")
    lint.update(**nothing)
    lint.get().decisions.all().delete()


# -- how it went


def test_a_deployment_goes_by_the_answer_that_was_given_for_it(release: Release) -> None:
    answer = ask(release, now=NOON - minutes(5))
    make_deployment(release.service, "1.1", at=NOON)
    assert judge(release.service) == 3, "1.0, and 1.1 on staging and in production"
    assert (passage().answer, passage().is_open, passage().began_at) == (answer, True, NOON)


def test_without_an_answer_it_is_judged_by_what_was_recorded_when_it_began(release: Release) -> None:
    make_deployment(release.service, "1.1", at=NOON)
    judge(release.service)
    assert (passage().answer, passage().is_open) == (None, True)
    assert {one["key"] for one in passage().conditions} >= {"owner", "checklist", "rollback_ready", "no_lock"}


def test_what_ships_without_an_open_gate_is_marked_with_what_was_missing(service: Service) -> None:
    make_deployment(service, "1.0", at=NOON - minutes(600))
    make_release(service, "1.1", now=NOON - minutes(60), expected_result="Fewer calls.")
    make_deployment(service, "1.1", at=NOON)
    judge(service)
    assert stopped_by() == {"checklist", "measured_before", "rollback_ready", "staging_first"}
    assert not passage().is_open


def test_a_closed_answer_lets_nothing_through(release: Release) -> None:
    held = lock(DESK, LockRequest(None, None, Lock.Kind.BLOCK, "An incident.", None), now=NOON - minutes(20))
    assert not ask(release, now=NOON - minutes(10)).is_open
    make_deployment(release.service, "1.1", at=NOON)
    judge(release.service)
    assert stopped_by() == {"no_lock"}
    release_lock(DESK, held.pk, now=NOON + minutes(5))
    judge(release.service, now=NOON + minutes(6))
    assert stopped_by() == {"no_lock"}, "it was locked when it shipped"


@pytest.mark.parametrize(("asked", "counts"), [(59, True), (61, False), (-4, True), (-6, False)])
def test_an_answer_holds_for_an_hour_and_for_a_senders_slow_clock(
    release: Release, asked: int, counts: bool
) -> None:
    answer = ask(release, now=NOON - minutes(asked))
    make_deployment(release.service, "1.1", at=NOON)
    judge(release.service, now=NOON + minutes(10))
    assert passage().answer == (answer if counts else None)


def test_of_two_answers_the_last_counts(release: Release) -> None:
    ask(release, now=NOON - minutes(9))
    lock(DESK, LockRequest(None, None, Lock.Kind.BLOCK, "An incident.", None), now=NOON - minutes(8))
    ask(release, now=NOON - minutes(7))
    make_deployment(release.service, "1.1", at=NOON)
    judge(release.service)
    assert (passage().answer, stopped_by()) == (None, {"no_lock"})


def test_it_counts_what_stood_when_it_began_and_not_when_it_ended(release: Release) -> None:
    make_deployment(release.service, "1.1", kind="started", at=NOON)
    lock(DESK, LockRequest(None, None, Lock.Kind.BLOCK, "An incident.", None), now=NOON + minutes(1))
    make_deployment(release.service, "1.1", at=NOON + minutes(2))
    judge(release.service, now=NOON + minutes(3))
    assert passage().is_open


def test_what_was_written_checked_and_overridden_afterwards_is_hindsight(release: Release) -> None:
    take_the_check_away(release)
    make_release(release.service, "1.1", now=NOON - minutes(50), expected_result=None)
    make_deployment(release.service, "1.1", at=NOON)
    make_release(release.service, "1.1", now=NOON + minutes(1), expected_result="As expected.")
    check(release, "passed", NOON + minutes(2))
    judge(release.service, now=NOON + minutes(3))
    assert stopped_by() == {"expected_result", "checklist"}


def test_an_override_lets_it_through_and_is_used_up(release: Release) -> None:
    take_the_check_away(release)
    lead = make_user("adam", release.service.team, Role.LEAD).as_actor()
    why = "The outage cannot wait; linting follows tomorrow."
    override(lead, release, make_environment("production"), "checklist", why, now=NOON - minutes(3))
    make_deployment(release.service, "1.1", at=NOON)
    make_deployment(release.service, "1.0", at=NOON + minutes(5))
    again = make_deployment(release.service, "1.1", at=NOON + minutes(10))
    judge(release.service, now=NOON + minutes(11))
    first, second = Passage.objects.filter(fact__release=release, fact__environment__name="production")[::-1]
    assert (first.is_open, second.is_open, second.fact) == (True, False, again.finish)


# -- what is never marked


def test_going_back_and_the_same_again_are_never_judged(service: Service) -> None:
    for minute, version in enumerate(["1.0", "1.1", "1.0", "1.0"]):
        make_deployment(service, version, at=NOON + minutes(minute))
    judge(service, now=NOON + minutes(9))
    assert Passage.objects.count() == 2, "the two that went forward"


def test_what_failed_or_has_only_begun_has_not_shipped(service: Service) -> None:
    make_deployment(service, "1.1", kind="failed", at=NOON)
    make_deployment(service, "1.2", kind="started", at=NOON)
    assert judge(service) == 0


def test_what_shipped_before_the_desk_knew_the_service_is_not_judged(db: None) -> None:
    service = make_service()  # at noon
    make_deployment(service, "0.9", at=NOON - minutes(5))
    assert judge(service) == 0
    make_deployment(service, "1.0", at=NOON + minutes(1))
    assert judge(service, now=NOON + minutes(2)) == 1


# -- late and repeated


def test_a_report_that_comes_late_lifts_the_mark_within_a_day_and_never_sets_one(release: Release) -> None:
    take_the_check_away(release)
    make_deployment(release.service, "1.1", at=NOON)
    judge(release.service)
    assert stopped_by() == {"checklist"}
    assert judge(release.service) == 0, "nothing was told since"
    check(release, "passed", NOON - minutes(30))
    assert services_to_judge(now=NOON + minutes(1)) == [release.service_id]
    assert judge(release.service, now=NOON + minutes(1)) == 2, "the mark of 1.0 is looked at again as well"
    assert (passage().is_open, passage("1.0").is_open) == (True, False)
    check(release, "failed", NOON - minutes(20), event="later still")
    judge(release.service, now=NOON + minutes(2))
    assert passage().is_open


def test_after_a_day_a_mark_stays(release: Release) -> None:
    take_the_check_away(release)
    make_deployment(release.service, "1.1", at=NOON)
    judge(release.service)
    check(release, "passed", NOON - minutes(30))
    assert services_to_judge(now=NOON + minutes(24 * 60)) == []


def test_a_start_that_comes_late_moves_what_counts(release: Release) -> None:
    held = lock(DESK, LockRequest(None, None, Lock.Kind.BLOCK, "An incident.", None), now=NOON - minutes(20))
    release_lock(DESK, held.pk, now=NOON - minutes(1))
    make_deployment(release.service, "1.1", at=NOON)
    judge(release.service)
    assert passage().is_open
    make_deployment(release.service, "1.1", kind="started", at=NOON - minutes(2))
    judge(release.service)
    assert (passage().began_at, stopped_by()) == (NOON - minutes(2), {"no_lock"})


def test_a_late_report_that_makes_it_a_rollback_takes_it_out_of_judgement(service: Service) -> None:
    make_deployment(service, "1.1", at=NOON - minutes(20))
    make_deployment(service, "1.0", at=NOON)
    judge(service)
    assert not passage("1.0").is_open
    row = make_deployment(service, "1.0", at=NOON - minutes(60))  # it was there first
    judge(service)
    back = row.service.deployments.get(finish__occurred_at=NOON)
    assert back.mode == "rollback"
    assert not back.is_past_the_gate
    assert service.deployments.get(finish__occurred_at=NOON - minutes(20)).is_past_the_gate


def test_whatever_the_order_of_arrival_the_same_successes_are_marked(db: None) -> None:
    told: list[tuple[str, str, int]] = [
        ("1.0", "succeeded", 0),
        ("1.1", "started", 10),
        ("1.1", "succeeded", 12),
        ("1.0", "succeeded", 20),
    ]
    found: list[Any] = []
    for number, order in enumerate(permutations(told)):
        service = make_service(f"service-{number}")
        type(service).objects.filter(pk=service.pk).update(created_at=BEFORE)
        for version, kind, minute in order:
            key = f"{version}-{kind}-{minute}"
            make_deployment(service, version, kind=kind, at=NOON + minutes(minute), key=key)
            judge(service, now=NOON + minutes(30))
        rows = service.deployments.filter(mode="forward").select_related("finish__passage", "release")
        found.append(
            sorted((row.release.version, row.is_past_the_gate, row.fact.passage.began_at) for row in rows)
        )
    assert found == [found[0]] * len(found)
    assert [version for version, *_ in found[0]] == ["1.0", "1.1"]


def test_many_are_judged_a_few_at_a_time_and_to_judge_again_is_no_news(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("releasedesk.actions.passages.AT_ONCE", 2)
    for minute in range(5):
        make_deployment(service, f"1.{minute}", at=NOON + minutes(minute))
    before = revision(service)
    assert judge(service, now=NOON + minutes(9)) == 5
    assert revision(service) - before == 3, "one for each few"
    assert services_to_judge(now=NOON + minutes(10)) == [service.pk], "those of the first few may be lifted"
    assert judge_passages(service.pk, now=NOON + minutes(10), again=False) == 0
    assert judge(service, now=NOON + minutes(10)) == 4
    assert revision(service) - before == 3
    assert services_to_judge(now=NOON + minutes(11)) == []
    assert Passage.objects.filter(is_open=False).count() == 5


def revision(service: Service) -> int:
    return type(service).objects.get(pk=service.pk).revision


# -- the job


def waiting() -> list[tuple[str, Any]]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT task_name, args FROM procrastinate_jobs WHERE task_name = 'judge_passages'")
        return [(name, args) for name, args in cursor.fetchall()]


def test_a_success_wakes_one_job_a_service_and_a_start_none(service: Service) -> None:
    make_deployment(service, "1.0", kind="started", at=NOON)
    assert waiting() == []
    for minute in range(3):
        make_deployment(service, "1.0", at=NOON + minutes(minute))
    assert len(waiting()) == 1
    make_deployment(make_service("ledger", service.team), "1.0", at=NOON)
    assert len(waiting()) == 2


def test_the_job_judges_what_it_was_woken_for(service: Service) -> None:
    make_deployment(service, "1.0", at=NOON)
    ((name, given),) = waiting()
    app.perform_import_paths()  # type: ignore[no-untyped-call] # as the worker does
    app.tasks[name](**(json.loads(given) if isinstance(given, str) else given))
    assert Passage.objects.get().fact.release.version == "1.0"
