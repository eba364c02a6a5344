"""The gates that ask for a rehearsal on staging: the same commit, the same configuration. Pure."""

from collections.abc import Sequence

from releasedesk.reports.gates.facts import Finding, Fix, GateFacts

SHORT = 12


def staging_first(facts: GateFacts) -> Finding:
    """The same version at the same commit succeeded one stage before, and was not suspect there."""
    if not facts.stages:
        return Finding(True, f"Nothing comes before {facts.environment}.")
    if facts.ran is None:
        return Finding(False, f"It has not succeeded on {_or(facts.stages)} yet.", Fix.DEPLOYMENTS)
    place, commit = facts.ran.environment, facts.ran.commit
    if not _same(commit, facts.commit):
        return Finding(
            False,
            f"On {place} it ran at commit {commit[:SHORT]}, and it is {facts.commit[:SHORT]} now: "
            f"deploy this commit to {place} first.",
            Fix.DEPLOYMENTS,
        )
    if facts.suspect:
        return Finding(False, f"It is suspect on {place}: {facts.suspect}", Fix.DEPLOYMENTS)
    return Finding(True, f"It ran on {place}{f' at {commit[:SHORT]}' if commit else ''}.")


def staging_config(facts: GateFacts) -> Finding:
    """The configuration one stage before is the same, or differs where somebody says that it is meant to."""
    if not facts.stages:
        return Finding(True, f"Nothing comes before {facts.environment}.")
    if facts.live is None:
        return Finding(True, "First release here: there is no configuration to compare yet.")
    return Finding(
        facts.config.is_same,
        facts.config.sentence,
        None if facts.config.is_same else Fix.CONFIGURATION,
    )


def _same(one: str, other: str) -> bool:
    """Whether two commits can be the same; one that was not told, or was told in short, can."""
    shorter = min(len(one), len(other))
    return one[:shorter].lower() == other[:shorter].lower()


def _or(names: Sequence[str]) -> str:
    return " or ".join(names)
