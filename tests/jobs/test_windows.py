"""When windows are planned, read, kept and given up."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from releasedesk.accounts.roles import DESK
from releasedesk.actions.metric_sources import keep_reading, plan_windows, put_source
from releasedesk.measurements.metric_source import MetricSource, Window
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.measurements.prometheus import Grid, Series
from releasedesk.measurements.read_source import Reading
from releasedesk.measurements.source_bodies import MetricSourceBody
from releasedesk.operations.outgoing_rule import Allowed
from releasedesk.problems.problem import Problem
from tests.builders import NOON, make_deployment, make_environment, make_service, minutes

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries, Settings

    from releasedesk.accounts.models import User

pytestmark = pytest.mark.django_db
BODY = {
    "url": "https://prom.example",
    "credential": "hush-hush",
    "route": "all requests",
    "queries": {"response_ms_p95": "p95", "error_rate": "errors"},
    "step": 60,
    "span": 600,
    "warm_up": 120,
}


@pytest.fixture(autouse=True)
def _everything_may_be_called(settings: Settings) -> None:
    settings.OUTGOING_ALLOWED = Allowed.read(["prom.example"])


@pytest.fixture
def source() -> MetricSource:
    body = MetricSourceBody.read(BODY)
    return put_source(DESK, make_service(), make_environment("production"), body, now=NOON)


def a_reading(window: Window, ms: float | None, trouble: str = "", *, retryable: bool = True) -> Reading:
    grid = Grid(window.taken_from, window.taken_until, 60)
    series = [Series("response_ms_p95", [ms] * len(grid), "" if ms else "10 of 10 points are missing.")]
    return Reading(grid, series, trouble, retryable)


def windows() -> dict[str, Window]:
    return {window.phase: window for window in Window.objects.select_related("source")}


def deploy(source: MetricSource, version: str = "1.1", at: datetime = NOON) -> None:
    make_deployment(source.service, version, at=at)


def test_a_forward_deployment_gets_its_three_windows_once(source: MetricSource) -> None:
    deploy(source)

    assert len(plan_windows(NOON + minutes(1))) == 3
    assert plan_windows(NOON + minutes(2)) == []

    found = windows()
    assert found["before"].taken_until == NOON
    assert found["after"].taken_from == NOON + minutes(2)
    assert found["week_before"].taken_from == NOON + minutes(2) - timedelta(days=7)
    assert all(window.expected == 10 for window in found.values())


def test_a_rollback_an_old_deployment_and_a_paused_source_get_none(source: MetricSource) -> None:
    deploy(source, "1.0", NOON - timedelta(hours=9))
    deploy(source, "1.1", NOON - timedelta(hours=8))
    deploy(source, "1.0", NOON - minutes(5))
    assert plan_windows(NOON) == []
    deploy(source, "1.2", NOON - minutes(4))
    MetricSource.objects.update(paused=True)
    assert plan_windows(NOON) == []


def test_both_windows_become_a_comparison_by_the_same_action_as_everybodys(source: MetricSource) -> None:
    deploy(source)
    plan_windows(NOON)
    found, late = windows(), NOON + minutes(20)

    keep_reading(found["before"].pk, a_reading(found["before"], 190), now=late)
    keep_reading(found["after"].pk, a_reading(found["after"], 260), now=late)
    keep_reading(found["week_before"].pk, a_reading(found["week_before"], 188), now=late)

    assert {snapshot.recorded_by for snapshot in Snapshot.objects.all()} == {"Prometheus"}
    assert Comparison.objects.current().get().verdict == "suspect"
    week = windows()["week_before"]
    assert (week.state, week.snapshot, week.numbers) == (
        "done", None, {"response_ms_p95": [188] * 10, "seconds": 60}
    )  # fmt: skip


def test_a_window_that_fills_tells_how_far_it_is(source: MetricSource) -> None:
    deploy(source)
    plan_windows(NOON)
    after = windows()["after"]

    kept = keep_reading(after.pk, a_reading(after, 190), now=NOON + minutes(6))

    assert kept is not None
    assert (kept.state, kept.points, kept.try_at) == ("waiting", 10, NOON + minutes(7))
    assert not Snapshot.objects.exists()


def test_a_silent_source_is_asked_again_less_and_less_often_and_then_given_up(source: MetricSource) -> None:
    deploy(source)
    plan_windows(NOON)
    before = windows()["before"]
    silent = a_reading(before, None, "prom.example could not be reached: refused.")

    waits = []
    for _ in range(3):
        kept = keep_reading(before.pk, silent, now=NOON + minutes(5))
        assert kept is not None
        waits.append((kept.try_at - NOON - minutes(5)) / minutes(1))
    assert waits == [2, 4, 8]

    kept = keep_reading(before.pk, silent, now=NOON + timedelta(hours=7))
    assert kept is not None
    assert kept.state == "gave_up"
    assert "could not be reached" in kept.detail
    assert not Snapshot.objects.exists(), "missing is never 0"


def test_a_week_nobody_measured_is_not_asked_for_again(source: MetricSource) -> None:
    deploy(source)
    plan_windows(NOON)
    week = windows()["week_before"]
    kept = keep_reading(week.pk, a_reading(week, None), now=NOON)
    assert kept is not None
    assert (kept.state, kept.detail) == ("gave_up", "response_ms_p95: 10 of 10 points are missing.")


def test_a_source_that_is_silent_just_now_is_asked_for_the_week_before_again(source: MetricSource) -> None:
    deploy(source)
    plan_windows(NOON)
    week = windows()["week_before"]
    kept = keep_reading(week.pk, a_reading(week, None, "prom.example did not answer."), now=NOON)
    assert kept is not None
    assert kept.state == "waiting"


def test_what_can_never_work_is_given_up_at_once(source: MetricSource) -> None:
    deploy(source)
    plan_windows(NOON)
    before = windows()["before"]
    refused = a_reading(before, None, "The desk may not call prom.example.", retryable=False)
    kept = keep_reading(before.pk, refused, now=NOON + minutes(5))
    assert kept is not None
    assert kept.state == "gave_up"


def test_a_window_read_by_two_workers_is_kept_once(source: MetricSource) -> None:
    deploy(source)
    plan_windows(NOON)
    before = windows()["before"]
    for _ in range(2):
        keep_reading(before.pk, a_reading(before, 190), now=NOON + minutes(20))
    assert Snapshot.objects.count() == 1


def test_planning_costs_the_same_whatever_was_deployed(
    source: MetricSource, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        deploy(source, f"1.{number}", NOON - minutes(10 - number))
    with django_assert_max_num_queries(6):
        assert len(plan_windows(NOON)) == 12


def test_the_credential_is_sealed_and_kept_until_another_is_given(source: MetricSource) -> None:
    assert "hush" not in source.credential
    assert source.headers == {"Authorization": "Bearer hush-hush"}
    body = MetricSourceBody.read({name: value for name, value in BODY.items() if name != "credential"})
    again = put_source(DESK, source.service, source.environment, body, now=NOON)
    assert again.headers == {"Authorization": "Bearer hush-hush"}


def test_charlie_sets_no_source_and_nobody_an_address_that_is_not_allowed(
    source: MetricSource, charlie: User, bob: User
) -> None:
    body = MetricSourceBody.read(BODY)
    with pytest.raises(Problem) as refused:
        put_source(charlie.as_actor(), source.service, source.environment, body, now=NOON)
    assert refused.value.status == 403
    inside = MetricSourceBody.read({**BODY, "url": "http://169.254.169.254/latest"})
    with pytest.raises(Problem) as refused:
        put_source(bob.as_actor(), source.service, source.environment, inside, now=NOON)
    assert refused.value.errors[0].pointer == "#/url"
