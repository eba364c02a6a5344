"""Which plan holds for a release, and which rehearsals count for it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject

from releasedesk.catalog.models import Service
from releasedesk.operations.compiled import Compiled, compiled, stand_in_time
from releasedesk.releases.models import Release
from releasedesk.rollbacks.models import Plan, Rehearsal, Step
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
    of, services = list(releases), list(services)
    if (len(of), len(services)) != (1, 1):
        return _facts(_plan_rows(of, services, at))
    values = {"release": of[0], "service": services[0], **({"at": at} if at else {})}
    return _facts(_plan_of_one(as_of=at is not None).rows(**values))


@cache
def _plan_of_one(*, as_of: bool) -> Compiled:
    """The query for one release and its service, written once."""
    at = stand_in_time(1) if as_of else None
    stand_ins = {"release": -1, "service": -2, **({"at": at} if at else {})}
    return compiled(_plan_rows([-1], [-2], at), stand_ins)


def _plan_rows(releases: Sequence[int], services: Sequence[int], at: datetime | None) -> QuerySet[Plan, Any]:
    written, carried_out = (Q(created_at__lte=at), Q(finished_at__lte=at)) if at else (Q(), Q())
    rehearsals = Rehearsal.objects.filter(
        carried_out, plan__service=OuterRef("service"), plan__digest=OuterRef("digest")
    ).order_by("-finished_at", "-id")
    # Standing plans have no release, and NULL equals nothing in SQL: 0 stands for it.
    plans = Plan.objects.filter(written).annotate(of=Coalesce("release_id", Value(0)))
    earlier = plans.filter(
        service=OuterRef("service"), of=OuterRef("of"), version__lt=OuterRef("version")
    ).annotate(at=Subquery(rehearsals.values("finished_at")[:1]))
    return (
        plans.filter(Q(release__in=releases) | Q(release=None, service__in=services))
        .annotate(
            each_step=ArraySubquery(
                Step.objects.filter(plan=OuterRef("pk"))
                .order_by("position")
                .values(json=JSONObject(position="position", irreversible="irreversible"))
            ),
            rehearsed=Subquery(rehearsals.values(json=_REHEARSED)[:1]),
            older=Subquery(
                earlier.filter(at__isnull=False)
                .order_by("-at", "-version")
                .values(
                    json=JSONObject(version="version", last=Subquery(rehearsals.values(json=_REHEARSED)[:1]))
                )[:1]
            ),
        )
        .order_by("service_id", "release_id", "-version")
        .distinct("service_id", "release_id")
        .values(
            "service_id", "release_id", "version", "owner_id", "triggers", "each_step", "rehearsed", "older"
        )
    )


def _facts(rows: Iterable[Mapping[str, Any]]) -> dict[tuple[int, int | None], PlanFacts]:
    return {
        (row["service_id"], row["release_id"]): PlanFacts(
            version=row["version"],
            owned=row["owner_id"] is not None,
            triggers=row["triggers"],
            steps=len(row["each_step"]),
            irreversible_steps=tuple(step["position"] for step in row["each_step"] if step["irreversible"]),
            rehearsed=_rehearsed(last["version"], last) if (last := row["rehearsed"]) else None,
            older=_rehearsed(older["version"], older["last"]) if (older := row["older"]) else None,
        )
        for row in rows
    }


_REHEARSED = JSONObject(
    version="plan__version", outcome="outcome", started=F("started_at"), finished=F("finished_at")
)


def _rehearsed(version: int, row: Mapping[str, Any]) -> Rehearsed:
    started, finished = (datetime.fromisoformat(row[name]) for name in ("started", "finished"))
    good = row["outcome"] == Rehearsal.Outcome.SUCCEEDED
    return Rehearsed(RehearsalBrief(version, good, finished), (finished - started).total_seconds())
