"""One service: what is live where, can we go back, what was released, and who looks after it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from releasedesk.accounts.models import Membership
from releasedesk.catalog.models import Environment, Service, Tier
from releasedesk.measurements.models import Comparison
from releasedesk.releases import fingerprints
from releasedesk.releases.history import Status
from releasedesk.releases.models import Deployment, Incident, Release
from releasedesk.reports.configuration import configuration
from releasedesk.reports.courses import CHOSEN, Chosen, Courses, courses
from releasedesk.reports.locks_ahead import Ahead, locks_on
from releasedesk.reports.verdicts import Judged, State, judged
from releasedesk.reports.ways_back import WayBack, ways_back
from releasedesk.reports.wording import Mark, comparison_mark
from releasedesk.rollbacks.models import Plan, Rehearsal
from releasedesk.rollbacks.queries import last_rehearsals, standing_plan
from releasedesk.rollbacks.triggers import words

NEWEST = 30


@dataclass(frozen=True, slots=True)
class Place:
    """One environment: what is live there, how it was judged, and the attempt since, if there is one."""

    environment: Environment
    way: WayBack
    mark: Mark
    attempt: Deployment | None
    status: Status | None


@dataclass(frozen=True, slots=True)
class Line:
    """One release of the list. `shipped_at` is its first success in production."""

    release: Release
    state: State
    mark: Mark
    shipped_at: datetime | None


@dataclass(frozen=True, slots=True)
class StandingPlan:
    """The plan that new releases begin with."""

    plan: Plan
    triggers: tuple[str, ...]
    rehearsal: Rehearsal | None

    @property
    def is_rehearsed(self) -> bool:
        """Whether this very text was carried out, and well."""
        return self.rehearsal is not None and self.rehearsal.outcome == Rehearsal.Outcome.SUCCEEDED


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePage:
    """All that the page shows. `places` begin nearest to users."""

    service: Service
    places: tuple[Place, ...]
    releases: tuple[Line, ...]
    courses: Courses | None
    incidents: tuple[Incident, ...]
    standing: StandingPlan | None
    people: tuple[Membership, ...]
    locks: Ahead
    configuration: fingerprints.Comparison | None


def service_page(service: Service, *, now: datetime, chosen: Chosen = CHOSEN) -> ServicePage:
    """Read everything about a service, in a number of queries that does not grow with it.

    `chosen` says which metric on which route is drawn over the releases.
    """
    environments = sorted(Environment.objects.all(), key=lambda place: place.rank, reverse=True)
    ways = ways_back([service], environments, now=now)
    releases = list(service.releases.order_by("-created_at", "-id")[:NEWEST])
    live = [way.live.release for way in ways.values() if way.live]
    found = judged({release.pk: release for release in [*releases, *live]}.values())
    attempts = _latest_attempts(service)
    return ServicePage(
        service=service,
        places=tuple(
            _place(ways[service.pk, environment.pk], found, attempts.get(environment.pk), now)
            for environment in environments
        ),
        releases=tuple(_line(release, found[release.pk]) for release in releases),
        courses=courses({release: found[release.pk] for release in releases}, chosen),
        incidents=tuple(
            service.incidents.filter(resolved_at=None, opened_at__isnull=False).select_related("environment")
        ),
        standing=_standing(service),
        people=tuple(_people(service)),
        locks=locks_on(service, now=now),
        configuration=configuration(service, places=environments).comparison
        if len(environments) > 1
        else None,
    )


def _place(way: WayBack, found: dict[int, Judged], attempt: Deployment | None, now: datetime) -> Place:
    since = attempt if attempt and not (way.live and attempt.pk == way.live.deployment_id) else None
    standing = found[way.live.release_id] if way.live else None
    here = (
        [row for row in standing.comparisons if row.environment_id == way.environment.pk] if standing else []
    )
    return Place(
        environment=way.environment,
        way=way,
        mark=_worst(here, standing.in_(way.environment) if standing else "not_measured"),
        attempt=since,
        status=since.status_at(now) if since else None,
    )


def _line(release: Release, standing: Judged) -> Line:
    shipped = [row.first_at for row in standing.standings if row.environment.tier == Tier.PRODUCTION]
    mark = _worst(_nearest_to_users(standing.comparisons), standing.verdict)
    return Line(release, standing.state, mark, min(shipped, default=None))


def _nearest_to_users(comparisons: Sequence[Comparison]) -> list[Comparison]:
    """Those of the highest tier that was measured; they alone decide the verdict."""
    highest = max((row.environment.rank for row in comparisons), default=None)
    return [row for row in comparisons if row.environment.rank == highest]


def _worst(comparisons: Sequence[Comparison], verdict: str) -> Mark:
    """The mark of the comparison that gave the verdict."""
    decisive = next((row for row in comparisons if row.verdict == verdict), None)
    return comparison_mark(verdict, decisive.result if decisive else None)


def _latest_attempts(service: Service) -> dict[int, Deployment]:
    rows = service.deployments.select_related("release", "start", "finish")
    newest = rows.newest_first("environment_id").distinct("environment_id")
    return {row.environment_id: row for row in newest}


def _standing(service: Service) -> StandingPlan | None:
    plan = standing_plan(service)
    if plan is None:
        return None
    rehearsal = last_rehearsals([plan]).get(plan.pk)
    return StandingPlan(plan, tuple(words(trigger) for trigger in plan.triggers), rehearsal)


def _people(service: Service) -> Sequence[Membership]:
    """The team, leads first."""
    rows = Membership.objects.filter(team=service.team_id, user__is_active=True).select_related("user")
    order = ("lead", "engineer", "viewer")
    return sorted(rows, key=lambda row: (order.index(row.role), row.user.get_username()))
