"""Readiness as five questions, each with its answer and the reasons against it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from releasedesk.reports.rollback import GoingBack, fix_path
from releasedesk.rollbacks.readiness import Code, Reason
from releasedesk.rollbacks.wording import moment


@dataclass(frozen=True, slots=True)
class Check:
    """One question. `good` is its answer in a few words where nothing speaks against it."""

    label: str
    good: str
    at: datetime | None
    reasons: tuple[tuple[Reason, str], ...]  # each with the path where it is mended


QUESTIONS = (
    ("Plan with owner, steps and trigger", {Code.NO_PLAN, Code.NO_STEPS, Code.NO_OWNER, Code.NO_TRIGGER}),
    (
        "Rehearsed, and the plan is unchanged since",
        {Code.REHEARSAL_FAILED, Code.NOT_REHEARSED, Code.REHEARSAL_STALE},
    ),
    ("Nothing in between that cannot be undone", {Code.PAST_POINT_OF_NO_RETURN, Code.IRREVERSIBLE_STEP}),
    ("There is a good release to go back to", {Code.NEVER_DEPLOYED, Code.NO_TARGET}),
    ("No deployment running", {Code.DEPLOYMENT_RUNNING}),
)


def checks(going: GoingBack) -> list[Check]:
    """Answer all of them. Without a plan nothing was rehearsed, which needs no sentence of its own."""
    way = going.way
    good = {
        0: going.owner or "nobody",
        2: "none",
        3: going.judged[way.target.pk].in_(way.environment).replace("_", " ") if way.target else "",
        4: "none",
    }
    found = []
    for number, (label, codes) in enumerate(QUESTIONS):
        reasons = tuple((r, fix_path(way, r.fix)) for r in way.readiness.reasons if r.code in codes)
        at = way.rehearsal.finished_at if number == 1 and way.rehearsal else None
        if not reasons and number == 1 and at is None:
            continue
        found.append(Check(label, good.get(number, moment(at) if at else ""), at, reasons))
    return found
