"""The gates that ask for evidence: checks, a baseline, a rehearsed way back. Pure."""

from releasedesk.reports.gates.facts import Finding, Fix, GateFacts
from releasedesk.rollbacks import readiness
from releasedesk.rollbacks.wording import duration

ROUTES = 3


def checklist(facts: GateFacts) -> Finding:
    """Every item that is required here has passed, does not apply, or was waived by a lead."""
    is_met = facts.checklist.is_met
    return Finding(is_met, facts.checklist.sentence, None if is_met else Fix.CHECKLIST)


def measured_before(facts: GateFacts) -> Finding:
    """The four numbers were taken here before the change."""
    if facts.measured:
        routes = list(facts.measured)
        more = f" and {len(routes) - ROUTES} more" if len(routes) > ROUTES else ""
        return Finding(True, f"Measured before in {facts.environment}: {', '.join(routes[:ROUTES])}{more}.")
    if facts.live is None:
        return Finding(True, "First release here: there is nothing to measure before it.")
    return Finding(
        False,
        f"Nobody measured {facts.environment} before the change: there is nothing to compare with.",
        Fix.MEASURE,
    )


def rollback_ready(facts: GateFacts) -> Finding:
    """The way back to what is live now was written down and rehearsed."""
    reasons = facts.way_back.reasons
    if reasons:
        fix = _FIXES[reasons[0].fix]
        return Finding(False, " ".join(reason.detail for reason in reasons), fix)
    rehearsed = (
        f"; it took {duration(facts.rehearsed_seconds)} when it was rehearsed"
        if facts.rehearsed_seconds is not None
        else ""
    )
    if facts.live is None:
        return Finding(True, f"First release here: the plan is there{rehearsed}.")
    return Finding(True, f"The way back to {facts.live} is ready{rehearsed}.")


_FIXES = {
    readiness.Fix.DEPLOYMENTS: Fix.DEPLOYMENTS,
    readiness.Fix.ROLLBACK: Fix.ROLLBACK_PLAN,
    readiness.Fix.ROLLBACK_PLAN: Fix.ROLLBACK_PLAN,
    readiness.Fix.REHEARSALS: Fix.REHEARSALS,
}
