"""How the plan differs from what it said when the release shipped: hindsight is shown as such."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps

from releasedesk.catalog.models import Tier
from releasedesk.releases.history import Status
from releasedesk.releases.models import Deployment, Release

LABELS = {
    "title": "Title",
    "reason": "Reason",
    "change": "The one change",
    "expected_result": "Expected result",
    "rollback_note": "Rollback note",
    "route": "Route",
    "expected_input": "Expected input",
    "slow_part": "Slow part",
    "users_notice": "Users notice",
    "assumptions": "Assumptions",
    "irreversible": "Cannot be undone",
}


@dataclass(frozen=True, slots=True)
class PlanChange:
    """One field that was rewritten after the release had shipped; an empty text was not written then."""

    label: str
    then: str
    now: str


def plan_changes(release: Release, deployments: Iterable[Deployment]) -> tuple[PlanChange, ...]:
    """Compare the plan with what it was at the release's first success in production.

    Before that there is nothing to compare, and nothing is asked. What was not yet written then counts as
    empty.
    """
    shipped = _first_shipped(release, deployments)
    if shipped is None:
        return ()
    events: Any = apps.get_model("releases", "ReleaseEvent").objects  # django-pghistory makes the model
    then = events.filter(pgh_obj=release, updated_at__lte=shipped).order_by("-pgh_id").first()
    return tuple(
        PlanChange(label, before, after)
        for name, label in LABELS.items()
        if (before := _words(then, name)) != (after := _words(release, name))
    )


def _first_shipped(release: Release, deployments: Iterable[Deployment]) -> datetime | None:
    times = [
        row.finished_at
        for row in deployments
        if row.release_id == release.pk
        and row.status == Status.SUCCEEDED
        and row.environment.tier == Tier.PRODUCTION
        and row.finished_at
    ]
    return min(times, default=None)


def _words(row: Any, name: str) -> str:
    value = getattr(row, name, "")
    return ("yes" if value else "") if isinstance(value, bool) else str(value or "")
