"""The comparison of one route, as it was judged, with what the deployments since say about its windows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Min

from releasedesk.catalog.models import Environment
from releasedesk.measurements.judge import judge
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.measurements.policies import policies_of
from releasedesk.problems.near import near
from releasedesk.releases.models import Deployment, Release
from releasedesk.reports.came_true import answers
from releasedesk.reports.verdicts import judged
from releasedesk.rollbacks.models import Plan
from releasedesk.rollbacks.queries import effective_plan
from releasedesk.rollbacks.triggers import met
from releasedesk.rollbacks.wording import moment


def routes(release: Release, environment: Environment) -> list[str]:
    """The routes that were measured there, in order."""
    rows = Snapshot.objects.filter(release=release, environment=environment)
    return list(rows.order_by("route").values_list("route", flat=True).distinct())


def comparison(release: Release, environment: Environment, route: str) -> dict[str, Any]:
    """Return the answer of DESIGN §5.7. With one side or none it is `not_measured`, and not kept.

    `routes` says how several routes make the verdict of the release, None where one speaks for itself.
    """
    return {**_of_route(release, environment, route), "routes": judged([release])[release.pk].routes or None}


def _of_route(release: Release, environment: Environment, route: str) -> dict[str, Any]:
    rows = Snapshot.objects.filter(release=release, environment=environment, route=route)
    kept = (
        Comparison.objects.current()
        .filter(release=release, environment=environment, route=route)
        .select_related("before", "after", "environment", "release")
        .defer("before__samples", "after__samples")
        .first()
    )
    if kept is not None:
        return answer(kept, triggers_met=triggers_met(effective_plan(release), kept))
    one = (
        rows.select_related("environment").newest("before"),
        rows.select_related("environment").newest("after"),
    )
    before, after = (snapshot.as_side() if snapshot else None for snapshot in one)
    result = judge(before, after, policies_of(release.service, route)).to_json()
    told = {"environment": environment.name, "route": route}
    return {
        **result,
        **told,
        "warnings": _another_route(release, environment, route),
        "triggers_met": [],
        "expected": expected(release, result),
    }


def expected(release: Release, result: Mapping[str, Any]) -> list[dict[str, str]]:
    """Say of each number the release promised whether it came true."""
    return [answer.to_json() for answer in answers(release.expected_result, result)]


def _another_route(release: Release, environment: Environment, route: str) -> list[str]:
    """Say which routes were measured there, to who asks for one that was not."""
    known = routes(release, environment)
    if not known or route in known:
        return []
    return [f"'{route}' was not measured in {environment}. Measured there: {', '.join(near(route, known))}."]


def answer(kept: Comparison, *, triggers_met: list[str]) -> dict[str, Any]:
    """Return a kept comparison as the API and the pages show it."""
    return {
        **kept.result,
        "environment": kept.environment.name,
        "route": kept.route,
        "warnings": warnings(kept, _first_success(kept)),
        "triggers_met": triggers_met,
        "expected": expected(kept.release, kept.result),
    }


def _first_success(kept: Comparison) -> datetime | None:
    succeeded = Deployment.objects.filter(
        release=kept.release, environment=kept.environment, status="succeeded"
    )
    found: datetime | None = succeeded.aggregate(first=Min("finished_at"))["first"]
    return found


def warnings(kept: Comparison, shipped: datetime | None) -> list[str]:
    """Say where a window lies on the wrong side of the release's first success there."""
    if shipped is None:
        return [
            f"{kept.release.version} has not been deployed to {kept.environment} yet: nothing is 'after' it."
        ]
    found = []
    if kept.before.taken_until > shipped:
        found.append(f"The before window ended after the deployment at {moment(shipped)}.")
    if kept.after.taken_from < shipped:
        found.append(f"The after window began before the deployment at {moment(shipped)}.")
    return found


def triggers_met(plan: Plan | None, kept: Comparison) -> list[str]:
    """Say which of the plan's own triggers the after numbers meet."""
    if plan is None:
        return []
    after, before = (
        {row["metric"]: row[side] for row in kept.result["metrics"]} for side in ("after", "before")
    )
    return met(plan.triggers, after, before)
