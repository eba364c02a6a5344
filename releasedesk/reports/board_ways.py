"""The ways back of many services, from the facts of the board. The rule is the one of `ways_back`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from django.conf import settings

from releasedesk.catalog.models import Environment
from releasedesk.releases.history import Status
from releasedesk.reports.board_facts import Facts, Listed, Spot
from releasedesk.reports.board_reading import all_that_stood
from releasedesk.reports.wording import Mark
from releasedesk.rollbacks import going_back
from releasedesk.rollbacks.queries import PlanFacts
from releasedesk.rollbacks.readiness import PlanBrief, Readiness, Running, Severity, headline


@dataclass(frozen=True, slots=True)
class Way:
    """Whether one can go back from what is live in one environment: `WayBack` in brief."""

    environment: str
    live: str | None
    target: str | None
    plan: PlanFacts | None
    readiness: Readiness
    stale_at: datetime | None

    @property
    def rehearsed_seconds(self) -> float | None:
        """How long the last successful rehearsal of this text took."""
        rehearsed = self.plan.rehearsed if self.plan else None
        return rehearsed.seconds if rehearsed and rehearsed.brief.succeeded else None

    @property
    def headline(self) -> str:
        """The words a board has room for."""
        return headline(self.readiness, self.rehearsed_seconds)

    @property
    def mark(self) -> Mark:
        """The headline, with how bad the worst reason against going back is."""
        reasons = self.readiness.reasons
        if not reasons:
            return Mark("good", "tick", self.headline)
        return Mark("bad" if reasons[0].severity is Severity.BLOCKING else "warn", "", self.headline)


def ways(
    services: Sequence[Listed], environments: Sequence[Environment], facts: Facts, now: datetime
) -> dict[Spot, Way]:
    """Answer for every pair. Asks the database only where the target lies further back than was read."""
    days = settings.REHEARSAL_MAX_AGE_DAYS
    plans = {
        (service.pk, place.pk): _plan(service.pk, place.pk, facts)
        for service in services
        for place in environments
    }
    asked = {
        (service.pk, place.pk): _known(service, place, plans[service.pk, place.pk], facts, now)
        for service in services
        for place in environments
    }
    found = {spot: going_back.answer(known, now=now, max_age_days=days) for spot, known in asked.items()}
    # Of the newest few a target is the target; that there is none, only all of them can say.
    undecided = [spot for spot in found if found[spot].target is None and _is_cut(spot, facts)]
    for spot, stood in (all_that_stood(undecided) if undecided else {}).items():
        found[spot] = going_back.answer(replace(asked[spot], stood=stood), now=now, max_age_days=days)
    return {
        spot: Way(
            environment=asked[spot].environment,
            live=asked[spot].live,
            target=answer.target,
            plan=plans[spot],
            readiness=answer.readiness,
            stale_at=answer.stale_at,
        )
        for spot, answer in found.items()
    }


def _is_cut(spot: Spot, facts: Facts) -> bool:
    return spot in facts.live and facts.live[spot].is_cut


def _plan(service: int, environment: int, facts: Facts) -> PlanFacts | None:
    live = facts.live.get((service, environment))
    own = facts.plans.get((service, live.release)) if live else None
    return own or facts.plans.get((service, None))


def _known(
    service: Listed, environment: Environment, plan: PlanFacts | None, facts: Facts, now: datetime
) -> going_back.Known:
    spot = service.pk, environment.pk
    live = facts.live.get(spot)
    running = [
        Running(attempt.version, attempt.started_at)
        for attempt in facts.attempts.get(spot, ())
        if attempt.started_at and attempt.status_at(now) is Status.STARTED
    ]
    return going_back.Known(
        environment=environment.name,
        live=live.version if live else None,
        stood=live.stood if live else (),
        plan=_brief(plan, owned=bool(service.owner or (live and live.owned))) if plan else None,
        rehearsal=plan.rehearsed.brief if plan and plan.rehearsed else None,
        older_rehearsal=plan.older.brief if plan and plan.older and not plan.rehearsed else None,
        running=running[-1] if running else None,
    )


def _brief(plan: PlanFacts, *, owned: bool) -> PlanBrief:
    return PlanBrief(
        version=plan.version,
        steps=plan.steps,
        triggers=len(plan.triggers),
        has_owner=plan.owned or owned,
        irreversible_steps=plan.irreversible_steps,
    )
