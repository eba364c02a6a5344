"""What is stored is what the pure fold says, in whatever order the facts arrive and however often."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from releasedesk.accounts.models import Team
from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Delivery
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.receive import receive_native
from releasedesk.releases.models import Deployment, DeploymentFact, Live, Release, Standing
from tests.actions.at_once import at_once
from tests.builders import NOON, event, make_deployment, make_service, make_team, minutes
from tests.releases.folded import ci_of, folded, stored


@dataclass
class Told:
    """Events as they come in: some twice, in any order."""

    events: list[dict[str, Any]]
    arrivals: list[int]


@st.composite
def tellings(draw: st.DrawFn) -> Told:
    one: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["started", "succeeded", "succeeded", "failed"]),
            "version": st.sampled_from(["1", "2", "3"]),
            "environment": st.sampled_from(["production", "production", "staging"]),
            "hours": st.sampled_from([0, 1, 2, 3, 25, 26, 60]),
            "run": st.sampled_from([None, None, "a", "b"]),
        }
    )
    events = [
        event(
            f"deployment.{drawn['kind']}",
            id=f"e{number}",
            version=drawn["version"],
            environment=drawn["environment"],
            run=drawn["run"],
            occurred_at=(NOON + timedelta(hours=drawn["hours"])).isoformat(),
        )
        for number, drawn in enumerate(draw(st.lists(one, min_size=1, max_size=9)))
    ]
    numbers = range(len(events))
    again = draw(st.lists(st.sampled_from(numbers), max_size=3))
    return Told(events, draw(st.permutations([*numbers, *again])))


@pytest.mark.django_db
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(told=tellings())
def test_any_order_of_events_ends_in_what_the_pure_fold_says(told: Told) -> None:
    with transaction.atomic():
        team = make_team()
        for number in told.arrivals:
            receive_native(ci_of(team), team.pk, told.events[number], now=NOON + timedelta(days=3))
        assert stored() == folded(told.events)
        assert DeploymentFact.objects.count() == len(told.events)
        transaction.set_rollback(True)


# -- what the words mean, one at a time


@pytest.fixture
def service(db: None) -> Service:
    return make_service()


def test_a_late_start_is_joined_to_its_finish(service: Service) -> None:
    finished = make_deployment(service, kind="succeeded", at=NOON)
    joined = make_deployment(service, kind="started", at=NOON - minutes(3))
    assert joined.pk == finished.pk
    assert (joined.took, Deployment.objects.count()) == (minutes(3), 1)


def test_a_deployment_keeps_its_row_while_the_past_is_told(service: Service) -> None:
    """Links to it must not break because an older event arrives late."""
    live = make_deployment(service, "2", at=NOON)
    start = make_deployment(service, "2", kind="started", at=NOON - minutes(2))
    make_deployment(service, "2", kind="failed", at=NOON - minutes(1))
    make_deployment(service, "1", at=NOON - minutes(60))
    assert start.pk == live.pk
    kept = Deployment.objects.get(pk=live.pk)
    assert kept.finish_id == live.finish_id
    assert (kept.replaced and kept.replaced.version, Live.objects.get().deployment_id) == ("1", live.pk)
    assert Deployment.objects.get(status="failed").start_id == start.start_id, "the failure ended that start"


def test_going_back_marks_what_is_left_behind_and_coming_again_lifts_the_mark(service: Service) -> None:
    for hour, version in enumerate(["1", "2", "3"]):
        make_deployment(service, version, at=NOON + timedelta(hours=hour))
    back = make_deployment(service, "1", at=NOON + timedelta(hours=3))
    assert (back.mode, back.replaced and back.replaced.version) == ("rollback", "3")
    assert marked() == {"2", "3"}
    make_deployment(service, "3", at=NOON + timedelta(hours=4))
    assert marked() == {"2"}
    assert Live.objects.get().release.version == "3"


def test_a_rollback_told_late_marks_as_if_it_had_been_told_at_once(service: Service) -> None:
    make_deployment(service, "1", at=NOON)
    make_deployment(service, "3", at=NOON + minutes(30))
    make_deployment(service, "1", at=NOON + minutes(40))
    make_deployment(service, "2", at=NOON + minutes(10))
    assert marked() == {"2", "3"}


def test_a_start_is_lost_an_hour_after_the_last_word(service: Service) -> None:
    row = make_deployment(service, kind="started", at=NOON)
    assert row.status_at(NOON + minutes(60)) == "started"
    assert row.status_at(NOON + minutes(60.1)) == "lost"
    assert Deployment.objects.running(NOON + minutes(59)).count() == 1
    assert Deployment.objects.running(NOON + minutes(61)).count() == 0


def marked() -> set[str]:
    rows = Standing.objects.exclude(rolled_back_by=None)
    return set(rows.values_list("release__version", flat=True))


# -- at once


def send_at_once(bodies: list[dict[str, Any]], team: Team) -> list[Answer]:
    return at_once(
        [partial(receive_native, ci_of(team), team.pk, body, now=NOON + minutes(5)) for body in bodies]
    )


def test_the_same_event_sent_twice_at_once_is_one_fact(committed: None) -> None:
    team = make_team()
    for _ in range(5):
        body = event()
        answers = send_at_once([body] * 4, team)
        assert sorted(answer.status for answer in answers) == [200, 200, 200, 201]
        assert all(answer.body == answers[0].body for answer in answers)
    assert DeploymentFact.objects.count() == Delivery.objects.count() == 5


def test_different_events_of_one_new_service_at_once_are_all_applied(committed: None) -> None:
    team = make_team()
    for round_ in range(5):
        bodies = [
            event("deployment.started", version=str(round_)),
            event("deployment.succeeded", version=str(round_)),
            event("check.finished", key="lint", outcome="passed", version=str(round_)),
            event("check.finished", key="tag", outcome="passed", version=f"{round_}-next"),
        ]
        assert [answer.status for answer in send_at_once(bodies, team)] == [201] * 4
    assert (Service.objects.count(), Release.objects.count(), Live.objects.count()) == (1, 10, 1)
    assert all(release.items.count() == 10 for release in Release.objects.all())
    told = [row.body for row in Delivery.objects.filter(type__startswith="deployment")]
    assert stored() == folded(told)
