"""Set up a metric source, plan the windows to be read off it, and keep what was read."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F

from releasedesk.accounts.roles import DESK, Actor, Role
from releasedesk.actions.measurements import record_snapshot
from releasedesk.catalog.models import Environment, Service
from releasedesk.measurements.bodies import SnapshotBody
from releasedesk.measurements.metric_source import GIVE_UP_AFTER, MetricSource, Window
from releasedesk.measurements.models import Snapshot
from releasedesk.measurements.read_source import Reading
from releasedesk.measurements.source_bodies import MetricSourceBody
from releasedesk.operations.outgoing import OutgoingError, check
from releasedesk.problems.problem import FieldError, invalid
from releasedesk.releases.history import Mode
from releasedesk.releases.models import Deployment

A_WEEK = timedelta(days=7)
EVERY_MINUTE = timedelta(minutes=1)
READER = replace(DESK, label="Prometheus")


def put_source(
    actor: Actor, service: Service, environment: Environment, body: MetricSourceBody, *, now: datetime
) -> MetricSource:
    """Set up where the numbers of a service in one environment come from.

    Raises 403, and 422 for an address that the desk may not call.
    """
    _allow(actor, service)
    try:
        check(body.url)
    except OutgoingError as error:
        expected = "an address that OUTGOING_ALLOWED lists"
        raise invalid(FieldError("#/url", "not_allowed", error.detail, expected, body.url)) from None
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        source, _ = MetricSource.objects.get_or_create(
            service=service, environment=environment, defaults={"url": body.url, "changed_at": now}
        )
        fill(source, body)
        source.changed_by, source.changed_at = actor.label, now
        source.save()
    return source


def fill(source: MetricSource, body: MetricSourceBody) -> None:
    """Take over what the body says; nothing is stored."""
    source.url, source.route, source.paused = body.url, body.route, body.paused
    source.step, source.span, source.warm_up = body.step, body.span, body.warm_up
    source.queries = {name: query for name, query in body.queries.model_dump().items() if query}
    if body.credential is not None:
        source.set_credential(body.credential)


def remove_source(actor: Actor, source: MetricSource) -> None:
    """Forget a source; snapshots that were taken stay. Raises 403."""
    _allow(actor, source.service)
    with transaction.atomic():
        Service.objects.filter(pk=source.service_id).changed()
        source.delete()


def plan_windows(now: datetime) -> list[Window]:
    """Plan what is to be read for every forward deployment that nobody has planned for yet.

    Once for each, however often it was reported; what succeeded over six hours ago is left alone.
    """
    found = Deployment.objects.filter(
        mode=Mode.FORWARD,
        finished_at__gt=now - GIVE_UP_AFTER,
        service__metric_sources__environment=F("environment"),
        service__metric_sources__paused=False,
    ).exclude(finish__in=Window.objects.values("fact"))
    sources = {
        (source.service_id, source.environment_id): source
        for source in MetricSource.objects.filter(service__in=found.values("service"))
    }
    planned = [
        window
        for deployment in found
        for window in windows_of(sources[deployment.service_id, deployment.environment_id], deployment, now)
    ]
    if not planned:
        return []
    with transaction.atomic():
        Service.objects.filter(pk__in={window.source.service_id for window in planned}).changed()
        return Window.objects.bulk_create(planned, ignore_conflicts=True)


def windows_of(source: MetricSource, deployment: Deployment, now: datetime) -> list[Window]:
    """The three windows of one deployment: before it, after it and its warm-up, a week before the second."""
    assert deployment.finished_at is not None
    assert deployment.finish_id is not None
    span = timedelta(seconds=source.span)
    began = deployment.started_at or deployment.finished_at
    after = deployment.finished_at + timedelta(seconds=source.warm_up)
    begins = {
        Window.Phase.BEFORE: began - span,
        Window.Phase.AFTER: after,
        Window.Phase.WEEK_BEFORE: after - A_WEEK,
    }
    return [
        Window(
            source=source,
            fact_id=deployment.finish_id,
            release_id=deployment.release_id,
            phase=phase,
            taken_from=begin,
            taken_until=begin + span,
            try_at=now,
        )
        for phase, begin in begins.items()
    ]


def keep_reading(window_id: int, reading: Reading, *, now: datetime) -> Window | None:
    """Keep what was read of a window: how far it is, or, once it is over, its numbers as a snapshot.

    A window that another worker has settled meanwhile, or that is gone, is left as it is (None).
    """
    with transaction.atomic():
        place = Window.objects.filter(pk=window_id).values_list("source__service", flat=True).first()
        if place is None:
            return None
        Service.objects.filter(pk=place).changed()
        rows = Window.objects.select_for_update(of=("self",)).select_related(
            "source__environment", "release", "fact"
        )
        window = rows.filter(pk=window_id, state=Window.State.WAITING).first()
        if window is None:
            return None
        window.points, window.detail, window.tries = reading.points, reading.missing, window.tries + 1
        may_improve = reading.retryable and not window.is_hopeless(now)
        if not window.is_over(now):
            window.try_at, window.tries = now + EVERY_MINUTE, 0
        elif reading.points and not (reading.trouble and may_improve):
            _settle(window, reading, now)
        elif may_improve if reading.trouble else not window.is_settled(now):
            window.try_at = window.next_try(now)
        else:
            window.state = Window.State.GAVE_UP
            window.detail = window.detail or "There was not one point in it."
        window.save()
    return window


def _settle(window: Window, reading: Reading, now: datetime) -> None:
    """Keep the numbers: as a snapshot, or of the week before beside it."""
    numbers = {one.metric: list(one.values) for one in reading.series if one.known}
    window.state, window.numbers = Window.State.DONE, {**numbers, "seconds": window.source.step}
    if window.phase != Window.Phase.WEEK_BEFORE:
        window.snapshot = _snapshot(window, numbers, now)


def _snapshot(window: Window, numbers: dict[str, list[float | None]], now: datetime) -> Snapshot:
    source = window.source
    queries = "\n".join(f"{name}: {source.queries[name]}" for name in numbers)
    body = SnapshotBody.read(
        {
            "phase": window.phase,
            "environment": source.environment.name,
            "route": source.route,
            "taken_from": window.taken_from.isoformat(),
            "taken_until": window.taken_until.isoformat(),
            "command": f"Prometheus, a point every {source.step} s\n{queries}",
            "windows": {**numbers, "seconds": source.step},
        },
        context={"now": now, "skew": timedelta(0)},
    )
    return record_snapshot(READER, window.release, source.environment, body, now=now)


def _allow(actor: Actor, service: Service) -> None:
    actor.require(
        Role.ENGINEER,
        team_id=service.team_id,
        service_id=service.pk,
        what=f"set the metric sources of {service.slug}",
    )
