"""Can we go back, to what, and how? One answer for the board, the pages, the API and (later) the gate."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import F, Q

from releasedesk.catalog.models import Environment, Service
from releasedesk.measurements.models import Comparison
from releasedesk.problems.problem import not_found
from releasedesk.releases.models import Deployment, Live, Release, Standing
from releasedesk.rollbacks import readiness as pure
from releasedesk.rollbacks.models import Plan, Rehearsal
from releasedesk.rollbacks.queries import last_rehearsals, newest_plans, older_rehearsals
from releasedesk.rollbacks.target import Candidate, Choice, choose

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
        standings[row.release.service_id, row.environment_id].append(row)
    running = {(row.service_id, row.environment_id): row for row in _running(here, now)}
    suspects = set(
        Comparison.objects.current()
        .filter(release__service__in=services, environment__in=environments, verdict="suspect")
        .values_list("release_id", "environment_id")
    )
    plans = newest_plans([live.release for live in lives.values()], [service.pk for service in services])
    rehearsals = last_rehearsals(plans.values())
    older = older_rehearsals(plan for plan in plans.values() if plan.pk not in rehearsals)
    answers = {}
    for service in services:
        for environment in environments:
            place = service.pk, environment.pk
            live = lives.get(place)
            own = plans.get((service.pk, live.release_id)) if live else None
            plan = own or plans.get((service.pk, None))
            answers[place] = _answer(
                service,
                environment,
                _Known(
                    live=live,
                    standings=standings[place],
                    suspects={release for release, where in suspects if where == environment.pk},
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
    suspects: set[int]
    plan: Plan | None
    rehearsal: Rehearsal | None
    older: tuple[Plan, Rehearsal] | None
    running: Deployment | None


def _answer(
    service: Service, environment: Environment, known: _Known, *, now: datetime, to: str | None
) -> WayBack:
    live, plan = known.live, known.plan
    by_version = {row.release.version: row for row in known.standings}
    choice = choose(_candidates(known), live.release.version if live else None)
    if to is not None and to not in {choice.target, *choice.may_name}:
        raise not_found(
            "release to go back to", to, [name for name in (choice.target, *choice.may_name) if name]
        )
    target = by_version[to or choice.target or ""] if to or choice.target else None
    between = _between(known, target)
    point = next((row.release.version for row in _irreversible(known) if _is_over(row, target, choice)), None)
    rehearsal = _brief(known.rehearsal.plan, known.rehearsal) if known.rehearsal else None
    days = settings.REHEARSAL_MAX_AGE_DAYS
    situation = pure.Situation(
        now=now,
        environment=environment.name,
        live=live.release.version if live else None,
        target=target.release.version if target else None,
        suspect_only=choice.suspects if target is None else (),
        point_of_no_return=point,
        plan=_plan(plan, live, service),
        rehearsal=rehearsal,
        older_rehearsal=_brief(*known.older) if known.older else None,
        irreversible_migration=target is not None and point is not None,
        running=_running_brief(known.running),
        max_age_days=days,
    )
    return WayBack(
        service=service,
        environment=environment,
        live=live,
        target=target.release if target else None,
        choice=choice,
        between=between,
        plan=plan,
        rehearsal=known.rehearsal,
        readiness=pure.readiness(situation),
        stale_at=pure.when_stale(rehearsal, days),
    )


def _rank(row: Standing) -> tuple[datetime, str, str]:
    return row.first_at, row.first.source, row.first.key


def _irreversible(known: _Known) -> list[Standing]:
    """Releases whose irreversible migration ran here, the latest first; rolled back or not, it has run."""
    return sorted((row for row in known.standings if row.release.irreversible), key=_rank, reverse=True)


def _is_over(irreversible: Standing, target: Standing | None, choice: Choice) -> bool:
    """Say whether this migration stands in the way: of the target, or of there being one."""
    if target is not None:
        return _rank(target) < _rank(irreversible)
    return any(other.why == "point_of_no_return" for other in choice.passed_over)


def _candidates(known: _Known) -> Iterable[Candidate]:
    points = [_rank(row) for row in _irreversible(known)]
    for row in known.standings:
        yield Candidate(
            version=row.release.version,
            rank=_rank(row),
            marked=row.rolled_back_by_id is not None,
            suspect=row.release_id in known.suspects,
            beyond_point_of_no_return=any(_rank(row) < point for point in points),
        )


def _between(known: _Known, target: Standing | None) -> tuple[Release, ...]:
    """The releases that going back leaves behind besides the live one, the newest first."""
    live = next(
        (row for row in known.standings if known.live and row.release_id == known.live.release_id), None
    )
    if target is None or live is None:
        return ()
    rows = [row for row in known.standings if _rank(target) < _rank(row) < _rank(live)]
    return tuple(row.release for row in sorted(rows, key=_rank, reverse=True))


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


def _lives(here: Q) -> Iterable[Live]:
    return Live.objects.filter(here).select_related("release__owner", "deployment__finish")


def _standings(services: Sequence[Service], environments: Sequence[Environment]) -> Iterable[Standing]:
    rows = Standing.objects.filter(release__service__in=services, environment__in=environments)
    return rows.select_related("release", "first")


def _running(here: Q, now: datetime) -> Iterable[Deployment]:
    return Deployment.objects.filter(here).running(now).select_related("release").order_by(F("started_at"))
