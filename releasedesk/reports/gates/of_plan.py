"""The gates that the plan itself answers. Pure."""

from releasedesk.reports.gates.facts import Finding, Fix, GateFacts

SHOWN = 120


def owner(facts: GateFacts) -> Finding:
    """Somebody answers for it: its own owner, else the service's."""
    if facts.answerable:
        return Finding(True, f"{facts.answerable} answers for it.")
    return Finding(
        False, "Nobody answers for it: neither the release nor the service names an owner.", Fix.PLAN
    )


def expected_result(facts: GateFacts) -> Finding:
    """It was said beforehand what is to come of it."""
    text = " ".join(facts.expected_result.split())
    if text:
        return Finding(True, f"Expected: {text if len(text) <= SHOWN else text[:SHOWN].rstrip() + '…'}")
    return Finding(
        False, "Nobody wrote down what is expected of it, so nobody can say whether it came true.", Fix.PLAN
    )


def one_change(facts: GateFacts) -> Finding:
    """It says which one thing it changes, and nothing speaks for more than one."""
    if not facts.size.things:
        return Finding(False, "It does not say which one thing it changes.", Fix.PLAN)
    if not facts.size.is_one:
        return Finding(False, " ".join(facts.size.warnings), Fix.PLAN)
    return Finding(True, f"It is one change: {facts.size.words}.")
