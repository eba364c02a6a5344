"""The versions of a rollback plan, and what changed between two of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from releasedesk.catalog.models import Service
from releasedesk.problems.problem import not_found
from releasedesk.releases.models import Release
from releasedesk.rollbacks.difference import Line, difference
from releasedesk.rollbacks.models import Plan, Rehearsal
from releasedesk.rollbacks.queries import last_rehearsals, standing_plan

STANDING = "standing"


@dataclass(frozen=True, slots=True)
class Version:
    """One version, and the last rehearsal of its text."""

    plan: Plan
    name: str
    rehearsal: Rehearsal | None


@dataclass(frozen=True, slots=True)
class Versions:
    """All versions, the newest first, and two of them compared. `lines` is empty where there is only one."""

    all: Sequence[Version]
    before: str
    after: str
    lines: Sequence[Line]


def plan_versions(service: Service, release: Release | None, before: str = "", after: str = "") -> Versions:
    """Compare two versions by their numbers, else the newest with the one before it.

    A release's plan may be compared with the service's standing one, called `standing`. Raises the 404
    `Problem` for a version that does not exist, and where there is no plan at all.
    """
    rows = (
        Plan.objects.filter(service=service, release=release).order_by("-version").prefetch_related("steps")
    )
    named = {str(plan.version): plan for plan in rows}
    if release is not None and (standing := standing_plan(service)):
        named[STANDING] = standing
    if not named:
        raise not_found("version of the plan", after or "1")
    names = list(named)
    after = after or names[0]
    for name in filter(None, (before, after)):
        if name not in named:
            raise not_found("version of the plan", name, names)
    older = names[names.index(after) + 1 :]
    before = before or (older[0] if older else after)
    rehearsals = last_rehearsals(named.values())
    return Versions(
        all=[Version(plan, name, rehearsals.get(plan.pk)) for name, plan in named.items()],
        before=before,
        after=after,
        lines=difference(_said(named[before]), _said(named[after])) if before != after else [],
    )


def _said(plan: Plan) -> dict[str, Any]:
    return {
        "steps": [
            {
                "instruction": step.instruction,
                "command": step.command,
                "expected": step.expected,
                "check": step.check_text,
                "seconds": step.seconds,
                "irreversible": step.irreversible,
            }
            for step in plan.steps.all()
        ],
        "triggers": plan.triggers,
        "data_words": Plan.DATA_WORDS.get(plan.data, ""),
        "data_note": plan.data_note,
    }
