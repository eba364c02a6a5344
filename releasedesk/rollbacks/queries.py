"""Which plan holds for a release, and which rehearsals count for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q

from releasedesk.catalog.models import Service
from releasedesk.operations.statements import run
from releasedesk.releases.models import Release
from releasedesk.rollbacks.models import Plan, Rehearsal
from releasedesk.rollbacks.plan_sql import PLAN_FACTS
from releasedesk.rollbacks.readiness import RehearsalBrief


def standing_plan(service: Service) -> Plan | None:
    """The plan that new releases of a service start with."""
    rows = Plan.objects.filter(service=service, release=None).select_related("owner", "stand_in")
    return rows.prefetch_related("steps").order_by("-version").first()


def effective_plan(release: Release) -> Plan | None:
    """The newest version of the release's own plan, else of the service's standing one."""
    return effective_plans([release]).get(release.pk)


def effective_plans(releases: Iterable[Release]) -> dict[int, Plan]:
    """Return the plan of each release that has one, by release id, with steps and owner, in two queries."""
    releases = list(releases)
    newest = newest_plans(releases, {release.service_id for release in releases})
    found = {
        release.pk: newest.get((release.service_id, release.pk)) or newest.get((release.service_id, None))
        for release in releases
    }
    return {pk: plan for pk, plan in found.items() if plan is not None}


def newest_plans(releases: Iterable[Release], services: Iterable[int]) -> dict[tuple[int, int | None], Plan]:
    """Return the newest version of the releases' own plans, and (None for the release) of standing ones."""
    rows = (
        Plan.objects.filter(
            Q(release__in=[release.pk for release in releases]) | Q(release=None, service__in=list(services))
        )
        .order_by("service_id", "release_id", "-version")
        .distinct("service_id", "release_id")
        .select_related("owner", "stand_in")
        .prefetch_related("steps")
    )
    return {(row.service_id, row.release_id): row for row in rows}


def last_rehearsals(plans: Iterable[Plan]) -> dict[int, Rehearsal]:
    """Return the newest rehearsal of each plan's text (of any release of the service), by plan id."""
    plans = list(plans)
    rows = (
        Rehearsal.objects.filter(
            plan__service__in={plan.service_id for plan in plans},
            plan__digest__in={plan.digest for plan in plans},
        )
        .select_related("plan", "environment")
        .order_by("plan__service_id", "plan__digest", "-finished_at", "-id")
        .distinct("plan__service_id", "plan__digest")
    )
    by_text = {(row.plan.service_id, row.plan.digest): row for row in rows}
    found = {plan.pk: by_text.get((plan.service_id, plan.digest)) for plan in plans}
    return {pk: rehearsal for pk, rehearsal in found.items() if rehearsal is not None}


def older_rehearsals(plans: Iterable[Plan]) -> dict[int, tuple[Plan, Rehearsal]]:
    """Return by plan id the newest rehearsal of an earlier text of each plan, and the version that said it.

    Like `last_rehearsals` it counts what was rehearsed for any release of the service.
    """
    current = {(plan.service_id, plan.release_id): plan for plan in plans}
    rows = Plan.objects.filter(
        Q(release__in={release for _, release in current if release})
        | Q(release=None, service__in={service for service, release in current if release is None})
    )
    earlier = list(rows.exclude(pk__in=[plan.pk for plan in current.values()]).order_by("version"))
    rehearsals = last_rehearsals(earlier)
    found: dict[int, tuple[Plan, Rehearsal]] = {}
    for version in earlier:
        rehearsal = rehearsals.get(version.pk)
        pk = current[version.service_id, version.release_id].pk
        if rehearsal and (pk not in found or found[pk][1].finished_at <= rehearsal.finished_at):
            found[pk] = version, rehearsal
    return found


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsal in brief, and how long going back took, in seconds."""

    brief: RehearsalBrief
    seconds: float


@dataclass(frozen=True, slots=True)
class PlanFacts:
    """The newest version of a plan with all that is asked of it, but without its texts."""

    version: int
    owned: bool
    triggers: list[Mapping[str, Any]]
    steps: int
    irreversible_steps: tuple[int, ...]
    rehearsed: Rehearsed | None
    older: Rehearsed | None


def plan_facts(
    releases: Iterable[int], services: Iterable[int], *, at: datetime | None = None
) -> dict[tuple[int, int | None], PlanFacts]:
    """Return what `newest_plans`, `last_rehearsals` and `older_rehearsals` say, in one query, as values.

    With a time it is what they said then.
    """
    asked = {"releases": list(releases), "services": list(services), "at": at or "infinity"}
    return {(service, release): _plan_facts(*row) for service, release, *row in run(PLAN_FACTS, asked)}


def _plan_facts(
    version: int,
    owned: bool,
    triggers: list[Mapping[str, Any]],
    steps: int,
    irreversible_steps: list[int],
    rehearsed: list[Any] | None,
    older: list[Any] | None,
) -> PlanFacts:
    return PlanFacts(
        version=version,
        owned=owned,
        triggers=triggers,
        steps=steps,
        irreversible_steps=tuple(irreversible_steps),
        rehearsed=_rehearsed(*rehearsed) if rehearsed else None,
        older=_rehearsed(*older) if older else None,
    )


def _rehearsed(version: int, outcome: str, *times: str) -> Rehearsed:
    started, finished = map(datetime.fromisoformat, times)
    good = outcome == Rehearsal.Outcome.SUCCEEDED
    return Rehearsed(RehearsalBrief(version, good, finished), (finished - started).total_seconds())
