"""Can we go back? From real rows, every reason why not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import Release
from releasedesk.reports.ways_back import WayBack, way_back, ways_back
from tests.builders import (
    NOON,
    PLAN,
    make_deployment,
    make_environment,
    make_plan,
    make_rehearsal,
    make_release,
    make_service,
    make_snapshot,
    make_user,
    minutes,
    requests_of,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def owner(db: None) -> User:
    return make_user("bob")


@pytest.fixture
def service(owner: User) -> Service:
    """1.0 and then 2.0 went to production, and there is a rehearsed plan: one can go back."""
    service = make_service(owner="bob")
    make_plan(service)
    make_deployment(service, "1.0", at=NOON - 2 * HOUR)
    make_deployment(service, "2.0", at=NOON - HOUR)
    make_rehearsal(release(service, "2.0"), finished_at=NOON - HOUR)
    return service


def release(service: Service, version: str) -> Release:
    return Release.objects.get(service=service, version=version)


def back(service: Service, *, to: str | None = None, days: float = 0) -> WayBack:
    service = Service.objects.select_related("owner").get(pk=service.pk)
    return way_back(service, make_environment("production"), now=NOON + timedelta(days=days), to=to)


def codes(service: Service, *, to: str | None = None, days: float = 0) -> list[str]:
    return [reason.code.value for reason in back(service, to=to, days=days).readiness.reasons]


def suspect(service: Service, version: str) -> None:
    make_snapshot(release(service, version), "before", at=NOON - 3 * HOUR, requests=requests_of(2000))
    make_snapshot(release(service, version), "after", at=NOON, requests=requests_of(2000, ms=300))


def test_with_target_plan_and_rehearsal_one_can_go_back(service: Service) -> None:
    way = back(service)
    assert (way.readiness.ready, way.readiness.reasons) == (True, ())
    assert (way.target, way.headline) == (release(service, "1.0"), "ready, 1 min 48 s")
    assert way.rehearsed_seconds == 108


# -- the twelve reasons


def test_what_never_shipped_there_has_no_way_back(service: Service) -> None:
    way = way_back(service, make_environment("staging"), now=NOON)
    assert [reason.code for reason in way.readiness.reasons][:1] == ["never_deployed"]


def test_a_first_release_has_nothing_to_go_back_to(owner: User) -> None:
    service = make_service(owner="bob")
    make_plan(service)
    make_deployment(service, "1.0")
    make_rehearsal(release(service, "1.0"))
    assert codes(service) == ["no_target"]


def test_an_irreversible_release_is_a_point_of_no_return(service: Service) -> None:
    make_release(service, "2.0", irreversible=True)
    assert codes(service) == ["no_target", "past_point_of_no_return"]
    named = back(service, to="1.0")
    assert [reason.code for reason in named.readiness.reasons] == [
        "past_point_of_no_return",
        "rehearsal_stale",
    ]
    assert named.target == release(service, "1.0")


def test_the_point_of_no_return_stays_when_its_release_was_rolled_back(service: Service) -> None:
    """The migration has run, whatever runs now."""
    make_release(service, "3.0", irreversible=True)
    make_deployment(service, "3.0", at=NOON - minutes(30))
    make_deployment(service, "2.0", at=NOON - minutes(20))
    assert codes(service) == ["no_target", "past_point_of_no_return"]
    assert "3.0 has run a migration" in back(service).readiness.reasons[1].detail


def test_an_irreversible_release_that_never_succeeded_there_is_no_such_point(service: Service) -> None:
    make_release(service, "3.0", irreversible=True)
    make_deployment(service, "3.0", at=NOON - minutes(30), environment="staging")
    make_deployment(service, "3.0", at=NOON - minutes(20), kind="failed")
    assert codes(service) == []


def test_a_point_of_no_return_further_back_does_not_stand_in_the_way(service: Service) -> None:
    make_release(service, "1.0", irreversible=True)
    assert codes(service) == []


def test_without_a_plan_there_is_no_way_back(owner: User) -> None:
    service = make_service(owner="bob")
    make_deployment(service, "1.0", at=NOON - HOUR)
    make_deployment(service, "2.0")
    assert codes(service) == ["no_plan"]


def plan_of(service: Service, **fields: Any) -> None:
    """Another plan of the live release, rehearsed as well."""
    make_plan(service, release(service, "2.0"), **fields)
    make_rehearsal(release(service, "2.0"), finished_at=NOON - minutes(5))


def test_a_plan_needs_steps(service: Service) -> None:
    plan_of(service, steps=[])
    assert codes(service) == ["no_steps"]


def test_a_plan_needs_an_owner_its_releases_or_its_services_counts(service: Service, owner: User) -> None:
    Service.objects.update(owner=None)
    assert codes(service) == ["no_owner"]
    make_release(service, "2.0", owner="bob")
    assert codes(service) == []
    make_release(service, "2.0", owner=None)
    make_plan(service, release(service, "2.0"), owner="bob")
    assert codes(service) == []


def test_a_plan_needs_a_trigger(service: Service) -> None:
    plan_of(service, triggers=[])
    assert codes(service) == ["no_trigger"]


def test_a_step_that_cannot_be_undone_is_told(service: Service) -> None:
    plan_of(service, steps=[*PLAN["steps"], {"instruction": "Drop the column", "irreversible": True}])
    assert codes(service) == ["irreversible_step"]
    assert back(service).readiness.reasons[0].detail == "Step 3 of the plan cannot be undone."


def test_a_failed_rehearsal_counts_until_one_succeeds(service: Service) -> None:
    make_rehearsal(release(service, "2.0"), finished_at=NOON - minutes(9), outcome="failed")
    assert codes(service) == ["rehearsal_failed"]
    assert back(service).rehearsed_seconds is None
    make_rehearsal(release(service, "2.0"), finished_at=NOON - minutes(5))
    assert codes(service) == []


def test_a_plan_nobody_rehearsed_is_told(owner: User) -> None:
    service = make_service(owner="bob")
    make_plan(service)
    make_deployment(service, "1.0", at=NOON - HOUR)
    make_deployment(service, "2.0")
    assert codes(service) == ["not_rehearsed"]


def test_a_rehearsal_grows_stale_after_fourteen_days(service: Service) -> None:
    assert codes(service, days=13.9) == []
    assert codes(service, days=14) == ["rehearsal_stale"]
    assert back(service).stale_at == NOON - HOUR + timedelta(days=14)


def test_a_plan_that_changed_since_it_was_rehearsed_is_stale(service: Service) -> None:
    make_plan(service, release(service, "2.0"), data_note="Sessions are lost.")
    (reason,) = back(service).readiness.reasons
    assert reason.code == "rehearsal_stale"
    assert "(version 1; now 2)" in reason.detail


def test_it_is_stale_too_when_the_earlier_text_was_rehearsed_for_another_release(owner: User) -> None:
    """A release copies the standing plan, which was rehearsed before; then its plan is changed."""
    service = make_service(owner="bob")
    make_plan(service)
    make_deployment(service, "1.0", at=NOON - 2 * HOUR)
    make_rehearsal(release(service, "1.0"), finished_at=NOON - 2 * HOUR)
    make_deployment(service, "2.0", at=NOON - HOUR)
    assert codes(service) == [], "the text is the same"
    make_plan(service, release(service, "2.0"), data_note="Sessions are lost.")
    assert codes(service) == ["rehearsal_stale"]
    assert "(version 1; now 2)" in back(service).readiness.reasons[0].detail


def test_a_rehearsal_counts_for_every_release_with_the_same_text(service: Service) -> None:
    make_deployment(service, "3.0", at=NOON - minutes(10))
    assert codes(service) == []
    assert back(service).target == release(service, "2.0"), "a new target alone makes nothing stale"


def test_a_rehearsal_of_another_service_does_not_count(service: Service) -> None:
    other = make_service("ledger", owner="bob")
    make_plan(other)
    make_deployment(other, "1.0", at=NOON - HOUR)
    make_deployment(other, "2.0")
    assert codes(other) == ["not_rehearsed"]


def test_a_running_deployment_is_told_until_it_is_lost(service: Service) -> None:
    make_deployment(service, "3.0", kind="started", at=NOON)
    assert codes(service) == ["deployment_running"]
    assert codes(service, days=1) == []


# -- the target


def test_a_release_that_was_rolled_back_is_no_target(service: Service) -> None:
    make_deployment(service, "3.0", at=NOON - minutes(30))
    make_deployment(service, "2.0", at=NOON - minutes(20))
    make_deployment(service, "4.0", at=NOON - minutes(10))
    way = back(service)
    assert way.target == release(service, "2.0")
    assert [row.version for row in way.between] == ["3.0"]
    assert way.choice.may_name == ("3.0", "1.0")


def test_a_suspect_release_is_passed_over(service: Service) -> None:
    make_deployment(service, "3.0", at=NOON - minutes(30))
    suspect(service, "2.0")
    assert back(service).target == release(service, "1.0")


def test_only_suspect_ones_left_is_no_target_but_they_may_be_named(service: Service) -> None:
    suspect(service, "1.0")
    assert codes(service) == ["no_target"]
    assert "are suspect: 1.0. Name the one you want with ?to=." in back(service).readiness.reasons[0].detail
    assert back(service, to="1.0").target == release(service, "1.0")
    assert codes(service, to="1.0") == []


@pytest.mark.parametrize("to", ["2.0", "9.9", "3.0"])
def test_only_what_once_succeeded_there_may_be_named(service: Service, to: str) -> None:
    make_deployment(service, "3.0", "staging")
    with pytest.raises(Problem) as refused:
        back(service, to=to)
    assert (refused.value.status, refused.value.errors[0].expected) == (404, "one of: 1.0")


# -- the cost


def test_the_number_of_queries_does_not_grow_with_the_services(
    service: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """One of each kind, then many: the second kind has changed its plan since it was rehearsed."""
    places = list(Environment.objects.all())
    few = [service, grown("service-0")]
    many = [*few, *(grown(f"service-{number}") for number in range(1, 6))]
    for services in (few, many):
        with django_assert_num_queries(8):
            assert len(ways_back(services, places, now=NOON)) == 2 * len(services)


def grown(slug: str) -> Service:
    service = make_service(slug)
    make_plan(service)
    for hours, version in ((3, "1.0"), (2, "2.0"), (1, "3.0")):
        make_deployment(service, version, at=NOON - hours * HOUR)
    make_rehearsal(release(service, "3.0"), finished_at=NOON - HOUR)
    make_plan(service, release(service, "3.0"), data="lost")
    return service
