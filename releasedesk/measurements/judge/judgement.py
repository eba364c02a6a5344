"""Before against after: the verdict, the sentence, and everything that led to them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from releasedesk.measurements.judge import sentences
from releasedesk.measurements.judge.cache_hits import apart
from releasedesk.measurements.judge.findings import Finding, find, finite
from releasedesk.measurements.judge.policy import LABELS, METRICS, UNITS, Policy
from releasedesk.measurements.judge.readings import readings
from releasedesk.measurements.judge.samples import Side, Windows
from releasedesk.measurements.judge.verdicts import Verdict, comparison_verdict

if TYPE_CHECKING:
    from collections.abc import Mapping

JUDGE_VERSION = "3"


@dataclass(frozen=True)
class Reason:
    """Why two sides cannot be compared: a code for programs, a sentence for people."""

    code: str
    detail: str


@dataclass(frozen=True)
class Judgement:
    """A comparison judged. `findings` has one entry a policy, in the order of the policies."""

    verdict: Verdict
    sentence: str
    environment: str | None
    route: str | None
    reasons: tuple[Reason, ...]
    findings: tuple[Finding, ...]

    @property
    def comparable(self) -> bool:
        """Whether before and after were taken under the same conditions."""
        return not self.reasons

    def to_json(self) -> dict[str, Any]:
        """Return the comparison answer, without `warnings`; docs/judge.md lists the fields."""
        return {
            "verdict": self.verdict,
            "sentence": self.sentence,
            "judge": JUDGE_VERSION,
            "environment": self.environment,
            "route": self.route,
            "comparable": self.comparable,
            "reasons": [{"code": reason.code, "detail": reason.detail} for reason in self.reasons],
            "metrics": [_metric(finding) for finding in self.findings],
        }


def _metric(finding: Finding) -> dict[str, Any]:
    policy = finding.policy
    relative = finding.relative
    return {
        "metric": policy.metric,
        "label": LABELS[policy.metric],
        "unit": UNITS[policy.metric],
        **finding.figures(),
        "relative": None
        if relative is None
        else {
            "change": finite(relative.value),
            "interval": None if relative.limits is None else [finite(limit) for limit in relative.limits],
        },
        "better": policy.better,
        "critical": policy.critical,
        "must_have": policy.must_have,
        "muted": policy.muted,
        "past_level": None
        if policy.level is None
        else dict(zip(("before", "after"), finding.past_level, strict=True)),
        "more_requests": None if finding.windows else finding.more,
        "more_windows": finding.more if finding.windows else None,
        "groups": {name: group.figures() for name, group in finding.groups.items()} or None,
        "sentence": sentences.sentence(finding),
    }


def judge(before: Side | None, after: Side | None, policies: Mapping[str, Policy] = METRICS) -> Judgement:
    """Judge a change from what was measured before and after it (None: not measured).

    Pure and deterministic: the same evidence and policies always give the same judgement. ValueError for a
    policy of an unknown metric.
    """
    unknown = [policy.metric for policy in policies.values() if policy.metric not in METRICS]
    if unknown:
        raise ValueError(f"There is no metric called {unknown[0]!r}; known are {', '.join(METRICS)}.")
    reasons = () if before is None or after is None else _differences(before, after)
    findings = _findings(before, after, policies, comparable=not reasons)
    verdict = comparison_verdict(findings)
    if verdict == "not_comparable":
        text = sentences.not_comparable([reason.detail for reason in reasons])
    else:
        text = sentences.headline(findings, verdict, _nothing(before, after))
    side = after or before
    return Judgement(
        verdict,
        text,
        side.environment if side else None,
        side.route if side else None,
        reasons,
        tuple(findings),
    )


def _findings(
    before: Side | None, after: Side | None, policies: Mapping[str, Policy], *, comparable: bool
) -> list[Finding]:
    old, new = ({} if side is None else readings(side.evidence) for side in (before, after))
    if not comparable:
        return [
            _not_compared(find(policy, old.get(policy.metric), new.get(policy.metric)))
            for policy in policies.values()
        ]
    findings = {
        policy.metric: find(policy, old.get(policy.metric), new.get(policy.metric))
        for policy in policies.values()
    }
    if before is not None and after is not None:
        findings = apart(findings, before, after)
    return list(findings.values())


def _not_compared(finding: Finding) -> Finding:
    """Keep the two values and take back all that compares them."""
    if finding.verdict == "not_measured":
        return finding
    policy = finding.policy
    return replace(
        finding,
        verdict="not_comparable",
        reason="not_comparable",
        change=None,
        limits=None,
        surer=None,
        kind=policy.kind,
        allowed=policy.allowed,
        relative=None,
        effective=None,
        by_level=False,
        more=None,
    )


def _differences(before: Side, after: Side) -> tuple[Reason, ...]:
    """Return every condition that differs; what one side does not say is not taken to be the same."""
    found = []
    if before.route != after.route:
        found.append(Reason("other_route", f"Before was measured on {before.route}, after on {after.route}."))
    if before.environment != after.environment:
        detail = f"Before was measured in {before.environment}, after in {after.environment}."
        found.append(Reason("other_environment", detail))
    if before.cache_state != after.cache_state:
        found.append(Reason("other_cache_state", _cache_states(before.cache_state, after.cache_state)))
    if before.cache_cleared != after.cache_cleared:
        old, new = (f"cleared {side.cache_cleared or 'nothing'}" for side in (before, after))
        found.append(Reason("other_cache_cleared", f"Before {old} from the cache, after {new}."))
    if isinstance(before.evidence, Windows) != isinstance(after.evidence, Windows):
        old, new = (
            "windows of a time series" if isinstance(side.evidence, Windows) else "requests"
            for side in (before, after)
        )
        found.append(Reason("other_measurement", f"Before holds {old}, after {new}."))
    return tuple(found)


def _cache_states(before: str | None, after: str | None) -> str:
    if before and after:
        return f"Before was taken with a {before} cache, after with a {after} one."
    if before:
        return f"Before was taken with a {before} cache, after does not say how warm its cache was."
    return f"Before does not say how warm its cache was, after was taken with a {after} cache."


def _nothing(before: Side | None, after: Side | None) -> str:
    if before is None and after is None:
        return "Nothing was measured before or after the change."
    if before is None:
        return "Nothing was measured before the change, so there is nothing to compare it with."
    if after is None:
        return "Nothing was measured after the change yet."
    return "No metric was measured both before and after the change."
