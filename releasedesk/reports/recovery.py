"""How long going back took, beside how long it was rehearsed to take; and what was taken back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.history import Mode
from releasedesk.releases.models import Deployment, Release, Standing
from releasedesk.rollbacks.models import Culprit, Run
from releasedesk.rollbacks.queries import plan_facts

SHOWN = 5


@dataclass(frozen=True, slots=True)
class Recovery:
    """One rollback that succeeded. `seconds` counts from when somebody began, else from CI's own start."""

    deployment: Deployment
    run: Run | None
    began_at: datetime | None
    rehearsed_seconds: float | None
    culprit: Culprit | None
    taken_back: tuple[Release, ...] = ()

    @property
    def seconds(self) -> float | None:
        """How long it took to restore the service; None when nobody said when it began."""
        at = self.deployment.finished_at
        return max((at - self.began_at).total_seconds(), 0.0) if at and self.began_at else None


def recoveries(service: Service, environment: Environment, at_most: int = SHOWN) -> list[Recovery]:
    """The last rollbacks of a (service, environment), the newest first, in a fixed number of queries."""
    rows = Deployment.objects.filter(service=service, environment=environment, mode=Mode.ROLLBACK)
    rows = rows.select_related("release", "replaced", "finish", "start", "service__team", "environment")
    return recovered(rows.newest_first()[:at_most])


def recovered(deployments: Iterable[Deployment]) -> list[Recovery]:
    """Say of these rollbacks how they went. Others than successful rollbacks are left out."""
    rows = [row for row in deployments if row.mode == Mode.ROLLBACK and row.finish_id]
    facts = [row.finish_id for row in rows]
    runs = {run.restored_id: run for run in Run.objects.filter(restored__in=facts).select_related("plan")}
    culprits = {
        culprit.rollback_id: culprit
        for culprit in Culprit.objects.filter(rollback__in=facts).select_related("release")
    }
    rehearsed = rehearsed_for(rows)
    taken = _taken_back(rows)
    return [
        Recovery(
            deployment=row,
            run=runs.get(row.finish_id),
            began_at=runs[row.finish_id].started_at if row.finish_id in runs else row.started_at,
            rehearsed_seconds=rehearsed.get(row.pk),
            culprit=culprits.get(row.finish_id or 0),
            taken_back=taken[row.pk],
        )
        for row in rows
    ]


def taken_back(rollback: Deployment) -> tuple[Release, ...]:
    """The releases that a rollback left behind, the newest first."""
    return _taken_back([rollback])[rollback.pk]


def _taken_back(rollbacks: Sequence[Deployment]) -> dict[int, tuple[Release, ...]]:
    """By rollback the releases that rank above its target, up to what was live before it."""
    places = {(row.service_id, row.environment_id) for row in rollbacks}
    standings = list(
        Standing.objects.filter(
            service__in={service for service, _ in places}, environment__in={place for _, place in places}
        )
        .select_related("release", "first")
        .order_by(F("first_at").desc(), F("first__source").desc(), F("first__key").desc())
    )
    found = {}
    for row in rollbacks:
        here = [
            s for s in standings if (s.service_id, s.environment_id) == (row.service_id, row.environment_id)
        ]
        ids = [standing.release_id for standing in here]
        first = ids.index(row.replaced_id) if row.replaced_id in ids else 0
        last = ids.index(row.release_id) if row.release_id in ids else first
        found[row.pk] = tuple(standing.release for standing in here[first:last])
    return found


def rehearsed_for(deployments: Iterable[Deployment]) -> dict[int, float]:
    """Return, by deployment id, the rehearsed seconds of the plan that led back.

    A rollback is carried out by the plan of the release it leaves (`replaced`), and only a rehearsal that had
    succeeded before the rollback ended promised anything.
    """
    rollbacks = [row for row in deployments if row.mode == Mode.ROLLBACK and row.replaced_id]
    if not rollbacks:
        return {}
    left = {row.replaced_id for row in rollbacks if row.replaced_id}
    plans = plan_facts(left, {row.service_id for row in rollbacks})
    found: dict[int, float] = {}
    for row in rollbacks:
        plan = plans.get((row.service_id, row.replaced_id)) or plans.get((row.service_id, None))
        last = plan.rehearsed if plan else None
        if last and last.brief.succeeded and row.finished_at and last.brief.finished_at <= row.finished_at:
            found[row.pk] = last.seconds
    return found
