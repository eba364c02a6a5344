"""Going back for real: runs, what CI reports of them, and the lock that follows."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.go_back import end_run, start_run, tick_step
from releasedesk.actions.locks import release_lock
from releasedesk.actions.name_culprit import name_culprit
from releasedesk.catalog.models import Service
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import DeploymentFact, Lock
from releasedesk.reports.recovery import recoveries
from releasedesk.rollbacks.models import Run
from releasedesk.rollbacks.run_bodies import EndBody, TickBody
from tests.builders import (
    NOON,
    make_deployment,
    make_environment,
    make_plan,
    make_rehearsal,
    make_release,
    make_run,
    make_service,
    minutes,
)


@pytest.fixture
def service(db: None) -> Service:
    """1.0, then 1.1, then 2.0 in production."""
    service = make_service()
    make_plan(service)
    for number, version in enumerate(("1.0", "1.1", "2.0")):
        make_deployment(service, version, at=NOON - minutes(60 - number), command=f"deploy {version}")
    return service


def standing(service: Service) -> list[str]:
    return list(Lock.objects.filter(service=service).standing(NOON).values_list("reason", flat=True))


def fresh(run: Run) -> Run:
    return Run.objects.with_names().get(pk=run.pk)


def tick(run: Run, step: int = 1, **how: Any) -> None:
    tick_step(DESK, run, TickBody(step=step, **how), now=NOON + minutes(1))


def test_it_goes_from_what_is_live_to_the_target_by_the_plan_as_it_is(service: Service) -> None:
    run = make_run(service, reason="p95 doubled")
    assert (run.from_release.version, run.to_release.version, run.reason) == ("2.0", "1.1", "p95 doubled")
    assert run.plan is not None
    assert run.plan.version == 1
    assert standing(service) == ["2.0 is being rolled back to 1.1: p95 doubled."]


def test_who_comes_second_joins(service: Service, bob: User, alice: User) -> None:
    production = make_environment("production")
    first, is_new = start_run(alice.as_actor(), service, production, now=NOON)
    second, second_is_new = start_run(bob.as_actor(), service, production, now=NOON + minutes(1), to="1.0")
    assert (is_new, second_is_new) == (True, False)
    assert (first, second.started_by, second.to_release.version) == (second, "alice", "1.1")


def test_the_database_itself_knows_only_one_at_a_time(service: Service) -> None:
    run = make_run(service)
    run.pk, run.lock = None, None
    with pytest.raises(IntegrityError, match="one_run_at_a_time"), transaction.atomic():
        run.save(force_insert=True)


def test_charlie_may_not_and_neither_may_vera(service: Service, charlie: User, vera: User) -> None:
    production = make_environment("production")
    for user in (charlie, vera):
        with pytest.raises(Problem, match=r"may not roll back checkout-api\. Ask an engineer"):
            start_run(user.as_actor(), service, production, now=NOON)
    run = make_run(service)
    with pytest.raises(Problem, match="may not roll back"):
        tick_step(charlie.as_actor(), run, TickBody(step=1), now=NOON)
    with pytest.raises(Problem, match="may not roll back"):
        end_run(charlie.as_actor(), run, EndBody(outcome="done"), now=NOON)


def test_neither_a_lock_nor_a_missing_plan_stops_it(db: None) -> None:
    service = make_service()
    make_deployment(service, "1.0", at=NOON - minutes(9))
    make_deployment(service, "2.0", at=NOON - minutes(8))
    Lock.objects.create(reason="Black Friday", created_by="alice", created_at=NOON)
    assert make_run(service).plan is None


def test_where_nothing_is_live_or_nothing_is_older_it_says_so(db: None) -> None:
    service = make_service()
    with pytest.raises(Problem, match="nothing to go back from"):
        make_run(service)
    make_deployment(service, "1.0")
    with pytest.raises(Problem, match=r"no good release before 1\.0\. Nothing was live there before it"):
        make_run(service)


def test_a_target_that_never_stood_there_is_a_wrong_field(service: Service) -> None:
    with pytest.raises(Problem) as told:
        make_run(service, to="9.9")
    assert [(error.pointer, error.received) for error in told.value.errors] == [("#/to", "9.9")]


def test_cis_report_ends_it_and_hands_over_the_lock(service: Service) -> None:
    run = make_run(service, reason="p95 doubled")
    make_deployment(service, "1.1", at=NOON + minutes(2))
    run = fresh(run)
    assert (run.outcome, run.seconds, run.ended_at) == ("done", 120.0, NOON + minutes(2))
    assert standing(service) == [
        "2.0 was rolled back to 1.1: p95 doubled. Find the cause before you ship again."
    ]


def test_nobody_need_have_pressed_start(service: Service) -> None:
    make_deployment(service, "1.1", kind="started", at=NOON)
    make_deployment(service, "1.1", at=NOON + minutes(3))
    (found,) = recoveries(service, make_environment("production"))
    assert (found.run, found.seconds) == (None, 180.0)
    assert [release.version for release in found.taken_back] == ["2.0"]
    assert standing(service) == ["2.0 was rolled back to 1.1. Find the cause before you ship again."]


def test_the_time_counts_from_the_start_that_somebody_pressed(service: Service) -> None:
    make_rehearsal(make_release(service, "2.0"), finished_at=NOON - minutes(5), seconds=108)
    make_run(service)
    make_deployment(service, "1.1", kind="started", at=NOON + minutes(1))
    make_deployment(service, "1.1", at=NOON + minutes(2))
    (found,) = recoveries(service, make_environment("production"))
    assert (found.seconds, found.rehearsed_seconds) == (120.0, 108.0)


def test_a_person_may_say_first_that_it_is_done(service: Service, bob: User) -> None:
    run = end_run(bob.as_actor(), make_run(service), EndBody(outcome="done"), now=NOON + minutes(3))
    assert (run.outcome, run.ended_by, run.seconds, standing(service)) == ("done", "bob", 180.0, [])
    make_deployment(service, "1.1", at=NOON + minutes(2))
    assert fresh(run).seconds == 120.0, "what CI reports is when it was so"


def test_one_that_was_stopped_is_stopped_with_its_reason(service: Service, bob: User) -> None:
    stopped = EndBody(outcome="stopped", reason="It was the load balancer.")
    run = end_run(bob.as_actor(), make_run(service), stopped, now=NOON + minutes(3))
    assert (run.outcome, run.closed_because, standing(service)) == (
        "stopped",
        "It was the load balancer.",
        [],
    )
    end_run(bob.as_actor(), run, stopped, now=NOON + minutes(4))
    with pytest.raises(Problem, match=r"This rollback is stopped on 2026-11-23 12:03 UTC by bob\."):
        end_run(bob.as_actor(), run, EndBody(outcome="done"), now=NOON + minutes(4))
    with pytest.raises(Problem, match="cannot be ticked"):
        tick(run)
    assert make_run(service, at=NOON + minutes(5)).pk != run.pk


def test_ticks_are_kept_once_and_may_be_taken_away(service: Service) -> None:
    run = make_run(service)
    tick(run, 1, exit_code=0, seconds=61.5)
    tick(run, 1)
    tick(run, 2)
    tick(run, 2, done=False)
    assert list(run.ticks.values_list("position", "exit_code", "seconds")) == [(1, 0, 61.5)]
    with pytest.raises(Problem) as told:
        tick(run, 3)
    assert told.value.errors[0].expected == "1 to 2"


def test_the_last_steps_may_be_ticked_after_ci_has_ended_it(service: Service) -> None:
    run = make_run(service)
    make_deployment(service, "1.1", at=NOON + minutes(1))
    tick(fresh(run), 2)
    assert run.ticks.count() == 1


def test_a_target_that_is_gone_is_replaced_without_losing_the_run(service: Service) -> None:
    first = make_run(service)
    make_deployment(service, "1.1", kind="failed", at=NOON + minutes(1))
    second = make_run(service, at=NOON + minutes(2), to="1.0", instead_of=first.pk)
    assert (fresh(first).outcome, fresh(first).closed_because) == ("stopped", "1.0 instead.")
    assert (second.to_release.version, second.outcome) == ("1.0", "running")
    assert standing(service) == ["2.0 is being rolled back to 1.0."]


def test_the_lock_ends_when_somebody_ships_forward(service: Service) -> None:
    make_deployment(service, "1.1", at=NOON)
    make_deployment(service, "1.1", at=NOON + minutes(1))
    assert len(standing(service)) == 1, "a redeploy of it changes nothing"
    make_deployment(service, "2.1", at=NOON + minutes(2))
    assert standing(service) == []


def test_a_lock_that_a_person_released_stays_so_whatever_is_folded_again(service: Service, bob: User) -> None:
    make_deployment(service, "1.1", at=NOON)
    lock = Lock.objects.get(rollback__isnull=False)
    release_lock(bob.as_actor(), lock.pk, now=NOON + minutes(1))
    make_deployment(service, "1.05", at=NOON - minutes(59.5))
    make_deployment(service, "1.1", at=NOON + minutes(2))
    assert standing(service) == []
    assert Lock.objects.filter(rollback__isnull=False).count() == 1


def test_a_rollback_that_is_told_a_day_late_locks_nothing(service: Service) -> None:
    make_deployment(service, "1.1", at=NOON)
    DeploymentFact.objects.filter(kind="succeeded").exclude(received_at=None)
    assert len(standing(service)) == 1
    late = make_service("late-api")
    for number, version in enumerate(("1", "2", "1")):
        make_deployment(late, version, at=NOON + minutes(number), heard=NOON + timedelta(hours=25))
    assert standing(late) == []


def test_a_late_fact_that_makes_it_no_rollback_takes_the_lock_away(db: None) -> None:
    """1.1 succeeded, then 1.0: a rollback. Then it turns out that 1.0 had first succeeded after 1.1."""
    service = make_service()
    make_deployment(service, "1.0", at=NOON, key="first")
    make_deployment(service, "1.1", at=NOON + minutes(1))
    make_deployment(service, "1.0", at=NOON + minutes(2))
    assert len(standing(service)) == 1
    make_deployment(service, "1.1", at=NOON - minutes(1))
    assert standing(service) == [], "1.1 was there first, so 1.0 is newer than it"


def test_the_culprit_is_one_of_those_it_took_back(service: Service, bob: User, charlie: User) -> None:
    rollback = make_deployment(service, "1.0", at=NOON)
    name_culprit(bob.as_actor(), rollback, "2.0", now=NOON)
    named = name_culprit(bob.as_actor(), rollback, "1.1", because="the index", now=NOON)
    assert (named.release.version, named.because, named.named_by) == ("1.1", "the index", "bob")
    (found,) = recoveries(service, make_environment("production"))
    assert found.culprit == named
    with pytest.raises(Problem) as told:
        name_culprit(bob.as_actor(), rollback, "1.0", now=NOON)
    assert told.value.errors[0].expected == "one of: 2.0, 1.1"
    with pytest.raises(Problem, match="may not name culprits"):
        name_culprit(charlie.as_actor(), rollback, "2.0", now=NOON)


# -- whatever the order


STORY = [
    ("succeeded", "1", 0),
    ("succeeded", "2", 1),
    ("started", "1", 3),
    ("succeeded", "1", 4),
    ("succeeded", "3", 6),
    ("succeeded", "2", 8),
]


def what_is_so(service: Service) -> Any:
    return (
        sorted(
            Lock.objects.filter(service=service, rollback__isnull=False).values_list(
                "reason", "created_at", "created_by", "released_at", "released_by", "rollback__key"
            ),
            key=str,
        ),
        list(
            Run.objects.filter(service=service).values_list("outcome", "restored__key").order_by("started_at")
        ),
        [(found.seconds, found.deployment.release.version) for found in recoveries(service, production())],
    )


def production() -> Any:
    return make_environment("production")


def told(order: Any, slug: str, runs: bool) -> Any:
    service = make_service(slug)
    for version in ("1", "2", "3"):
        make_release(service, version)
    if runs:
        for minute, left, to in ((2, "2", "1"), (7, "3", "2")):
            Run.objects.create(
                service=service,
                environment=production(),
                from_release=service.releases.get(version=left),
                to_release=service.releases.get(version=to),
                started_by="bob",
                started_at=NOON + minutes(minute),
                outcome="running" if minute == 7 else "stopped",
            )
    for kind, version, minute in order:
        make_deployment(
            service,
            version,
            kind=kind,
            at=NOON + minutes(minute),
            key=f"{kind}-{minute}",
            heard=NOON + minutes(9),
        )
    return what_is_so(service)


@pytest.mark.parametrize("runs", [False, True], ids=["nobody pressed start", "with runs"])
def test_no_order_of_arrival_changes_what_follows(db: None, runs: bool) -> None:
    expected = told(STORY, "in-order", runs)
    assert [row[3] for row in expected[0]] == [NOON + minutes(6), None]
    if runs:
        assert expected[1] == [("done", "succeeded-4"), ("done", "succeeded-8")]

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(st.permutations(STORY), st.integers())
    def check(order: list[Any], number: int) -> None:
        assert told(order, f"s-{abs(number) % 10**12}-{Service.objects.count()}", runs) == expected

    check()


def test_the_three_facts_of_a_rollback_in_every_order(db: None) -> None:
    short = [("succeeded", "1", 0), ("succeeded", "2", 1), ("succeeded", "1", 4)]
    expected = told(short, "short", runs=True)
    assert expected[1] == [("done", "succeeded-4"), ("running", None)]
    for number, order in enumerate(permutations(short)):
        assert told(order, f"short-{number}", runs=True) == expected
