"""The gate that asks whether shipping is stopped. Pure."""

from releasedesk.reports.gates.facts import Finding, Fix, GateFacts


def no_lock(facts: GateFacts) -> Finding:
    """Nothing stops shipping here; a lock that only warns is told and does not stop."""
    is_open = facts.locks.is_open
    return Finding(is_open, facts.locks.sentence, None if is_open else Fix.LOCKS)
