"""How long going back took, beside how long it was rehearsed to take."""

from collections.abc import Iterable

from releasedesk.releases.history import Mode
from releasedesk.releases.models import Deployment, Release
from releasedesk.rollbacks.models import Rehearsal
from releasedesk.rollbacks.queries import effective_plans, last_rehearsals


def rehearsed_for(deployments: Iterable[Deployment]) -> dict[int, float]:
    """Return, by deployment id, the rehearsed seconds of the plan that led back.

    A rollback is carried out by the plan of the release it leaves (`replaced`), and only a rehearsal that had
    succeeded before the rollback ended promised anything.
    """
    rollbacks = [row for row in deployments if row.mode == Mode.ROLLBACK and row.replaced_id]
    left = Release.objects.filter(pk__in={row.replaced_id for row in rollbacks})
    plans = effective_plans(left)
    rehearsals = last_rehearsals(plans.values())
    found: dict[int, float] = {}
    for row in rollbacks:
        plan = plans.get(row.replaced_id or 0)
        rehearsal = rehearsals.get(plan.pk) if plan else None
        good = rehearsal is not None and rehearsal.outcome == Rehearsal.Outcome.SUCCEEDED
        if good and rehearsal and row.finished_at and rehearsal.finished_at <= row.finished_at:
            found[row.pk] = rehearsal.seconds
    return found
