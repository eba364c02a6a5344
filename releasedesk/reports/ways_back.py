"""Can we go back, to what, and how? One answer for the board, the pages, the API and (later) the gate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import product

from django.conf import settings
from django.db.models import Exists, F, OuterRef, Q

from releasedesk.catalog.models import Environment, Service
from releasedesk.measurements.models import Comparison
from releasedesk.problems.problem import not_found
from releasedesk.releases.models import Deployment, Live, Release, Standing
from releasedesk.rollbacks import going_back
from releasedesk.rollbacks import readiness as pure
from releasedesk.rollbacks.models import Plan, Rehearsal
from releasedesk.rollbacks.queries import last_rehearsals, newest_plans, older_rehearsals
from releasedesk.rollbacks.target import Choice

Place = tuple[int, int]  # service id, environment id


@dataclass(frozen=True, slots=True)
class WayBack:
    """Everything about going back in one (service, environment)."""

    service: Service
    environment: Environment
    live: Live | None
    target: Release | None
    choice: Choice
    between: tuple[Release, ...]
    plan: Plan | None
    rehearsal: Rehearsal | None
    readiness: pure.Readiness
    stale_at: datetime | None

    @property
    def rehearsed_seconds(self) -> float | None:
        """How long the last successful rehearsal of this text took."""
        good = self.rehearsal is not None and self.rehearsal.outcome == Rehearsal.Outcome.SUCCEEDED
        return self.rehearsal.seconds if good and self.rehearsal else None

    @property
    def headline(self) -> str:
        """The words a board has room for."""
        return pure.headline(self.readiness, self.rehearsed_seconds)


def way_back(service: Service, environment: Environment, *, now: datetime, to: str | None = None) -> WayBack:
    """Answer for one place. `to` names another target; raises 404 for one that never succeeded there."""
    return ways_back([service], [environment], now=now, to=to)[service.pk, environment.pk]


def ways_back(
    services: Sequence[Service], environments: Sequence[Environment], *, now: datetime, to: str | None = None
) -> dict[Place, WayBack]:
    """Answer for every pair, in a number of queries that does not grow with them."""
    here = Q(service__in=services, environment__in=environments)
    lives = {(row.service_id, row.environment_id): row for row in _lives(here)}
    standings: dict[Place, list[Standing]] = defaultdict(list)
    for row in _standings(services, environments):
        standings[row.service_id, row.environment_id].append(row)
    running = {(row.service_id, row.environment_id): row for row in _running(here, now)}
    plans = _plans(services, environments, lives)
    used = [plan for plan in plans.values() if plan]
    rehearsals = last_rehearsals(used)
    older = older_rehearsals(plan for plan in used if plan.pk not in rehearsals)
    answers = {}
    for service in services:
        for environment in environments:
            place = service.pk, environment.pk
            plan = plans[place]
            answers[place] = _answer(
                service,
                environment,
                _Known(
                    live=lives.get(place),
                    standings=standings[place],
                    plan=plan,
                    rehearsal=rehearsals.get(plan.pk) if plan else None,
                    older=older.get(plan.pk) if plan else None,
                    running=running.get(place),
                ),
                now=now,
                to=to,
            )
    return answers


@dataclass(frozen=True, slots=True)
class _Known:
    live: Live | None
    standings: list[Standing]
    plan: Plan | None
    rehearsal: Rehearsal | None
    older: tuple[Plan, Rehearsal] | None
    running: Deployment | None


def _answer(
    service: Service, environment: Environment, known: _Known, *, now: datetime, to: str | None
) -> WayBack:
    live, plan = known.live, known.plan
    plain = going_back.Known(
        environment=environment.name,
        live=live.release.version if live else None,
        stood=[_stood(row) for row in known.standings],
        plan=_plan(plan, live, service),
        rehearsal=_brief(known.rehearsal.plan, known.rehearsal) if known.rehearsal else None,
        older_rehearsal=_brief(*known.older) if known.older else None,
        running=_running_brief(known.running),
    )
    found = going_back.answer(plain, now=now, max_age_days=settings.REHEARSAL_MAX_AGE_DAYS, to=to)
    nameable = [name for name in (found.choice.target, *found.choice.may_name) if name]
    if to is not None and to not in nameable:
        raise not_found("release to go back to", to, nameable)
    releases = {row.release.version: row.release for row in known.standings}
    return WayBack(
        service=service,
        environment=environment,
        live=live,
        target=releases[found.target] if found.target else None,
        choice=found.choice,
        between=tuple(releases[version] for version in found.between),
        plan=plan,
        rehearsal=known.rehearsal,
        readiness=found.readiness,
        stale_at=found.stale_at,
    )


def _stood(row: Standing) -> going_back.Stood:
    return going_back.Stood(
        version=row.release.version,
        rank=(row.first_at, row.first.source, row.first.key),
        marked=row.rolled_back_by_id is not None,
        suspect=getattr(row, "suspect", False),
        irreversible=row.release.irreversible,
    )


def _plan(plan: Plan | None, live: Live | None, service: Service) -> pure.PlanBrief | None:
    if plan is None:
        return None
    steps = list(plan.steps.all())
    return pure.PlanBrief(
        version=plan.version,
        steps=len(steps),
        triggers=len(plan.triggers),
        has_owner=bool(plan.owner_id or (live and live.release.owner_id) or service.owner_id),
        irreversible_steps=tuple(step.position for step in steps if step.irreversible),
    )


def _brief(plan: Plan, row: Rehearsal) -> pure.RehearsalBrief:
    return pure.RehearsalBrief(plan.version, row.outcome == Rehearsal.Outcome.SUCCEEDED, row.finished_at)


def _running_brief(row: Deployment | None) -> pure.Running | None:
    return pure.Running(row.release.version, row.started_at) if row and row.started_at else None


def _plans(
    services: Sequence[Service], environments: Sequence[Environment], lives: Mapping[Place, Live]
) -> dict[Place, Plan | None]:
    """The plan of what is live in each place: its own, else the standing one."""
    newest = newest_plans([live.release for live in lives.values()], [service.pk for service in services])
    found: dict[Place, Plan | None] = {}
    for service, environment in product(services, environments):
        live = lives.get((service.pk, environment.pk))
        own = newest.get((service.pk, live.release_id)) if live else None
        found[service.pk, environment.pk] = own or newest.get((service.pk, None))
    return found


def _lives(here: Q) -> Iterable[Live]:
    return Live.objects.filter(here).select_related("release__owner", "deployment__finish")


def _standings(services: Sequence[Service], environments: Sequence[Environment]) -> Iterable[Standing]:
    judged = Comparison.objects.current().filter(
        release=OuterRef("release"), environment=OuterRef("environment"), verdict="suspect"
    )
    rows = Standing.objects.filter(service__in=services, environment__in=environments)
    return rows.select_related("release", "first").annotate(suspect=Exists(judged))


def _running(here: Q, now: datetime) -> Iterable[Deployment]:
    return Deployment.objects.filter(here).running(now).select_related("release").order_by(F("started_at"))
