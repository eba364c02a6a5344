"""What the judge found for one metric: the change, its interval and the verdict. No words yet."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from releasedesk.measurements.judge.intervals import CONFIDENCE, Limits
from releasedesk.measurements.judge.metrics import (
    SURER,
    SURER_OF_WINDOWS,
    AnyReading,
    Change,
    Series,
    compare,
)
from releasedesk.measurements.judge.policy import FLOORS, FROM_ZERO, UNITS, WINDOWS_NEEDED, Kind, Policy
from releasedesk.measurements.judge.verdicts import (
    MetricVerdict,
    against_limit,
    confirmed,
    rounded_up,
    times_to_decide,
)

if TYPE_CHECKING:
    from collections.abc import Callable

# Half a nanosecond of response time, and no count or share that a request can have: as good as zero.
_ZERO = 5e-7


@dataclass(frozen=True)
class Finding:
    """One metric judged. `change` and `limits` are fractions of before when `kind` is relative.

    `effective` is what the requests (or windows) before and after are worth where they depend on each other.
    `surer` is the wider interval that kept a change from being past its limit, where it alone did.
    `by_level` says that the level of the policy gave the verdict, not the size of the change.
    """

    policy: Policy
    verdict: MetricVerdict
    reason: str | None = None
    before: float | None = None
    after: float | None = None
    n_before: int = 0
    n_after: int = 0
    change: float | None = None
    limits: Limits | None = None
    surer: Limits | None = None
    kind: Kind = "absolute"
    allowed: float = 0.0
    relative: Change | None = None
    windows: bool = False
    effective: tuple[float, float] | None = None
    by_level: bool = False
    more: int | None = None
    groups: dict[str, Finding] = field(default_factory=dict)
    hit_shares: tuple[float, float] | None = None

    @property
    def critical(self) -> bool:
        return self.policy.critical

    @property
    def must_have(self) -> bool:
        return self.policy.must_have

    @property
    def muted(self) -> bool:
        return self.policy.muted

    @property
    def needed(self) -> int:
        """How many requests (or windows) a side the metric needs before it is judged."""
        if self.windows:
            return WINDOWS_NEEDED
        return max(self.policy.minimum, FLOORS.get(self.policy.metric, 1))

    @property
    def surer_than(self) -> float:
        """The confidence at which something counts as past its limit."""
        return SURER_OF_WINDOWS if self.windows else SURER

    @property
    def past_level(self) -> tuple[bool, bool]:
        """Whether before and after are worse than the level of the policy."""
        return self.policy.is_past_level(self.before), self.policy.is_past_level(self.after)

    def figures(self) -> dict[str, Any]:
        """Return the numbers, unrounded, fit for JSON."""
        limits = None if self.limits is None else [finite(limit) for limit in self.limits]
        return {
            "before": finite(self.before),
            "after": finite(self.after),
            "n_before": self.n_before,
            "n_after": self.n_after,
            "effective_before": None if self.effective is None else self.effective[0],
            "effective_after": None if self.effective is None else self.effective[1],
            "change": finite(self.change),
            "change_kind": self.kind,
            "interval": limits,
            "confidence": None if limits is None else CONFIDENCE,
            "surer": None
            if self.surer is None
            else {"confidence": self.surer_than, "interval": [finite(limit) for limit in self.surer]},
            "allowed": self.allowed,
            "level": self.policy.level,
            "verdict": self.verdict,
            "reason": self.reason,
        }


def finite(number: float | None) -> float | None:
    """Return the number as JSON may hold it: None for what is not finite."""
    return float(number) if number is not None and math.isfinite(number) else None


def find(policy: Policy, before: AnyReading | None, after: AnyReading | None) -> Finding:
    """Judge one metric from its two readings (None: not measured)."""
    known = Finding(
        policy,
        "not_measured",
        before=None if before is None else before.value,
        after=None if after is None else after.value,
        n_before=0 if before is None else before.n,
        n_after=0 if after is None else after.n,
        kind=policy.kind,
        allowed=policy.allowed,
        windows=isinstance(before or after, Series),
    )
    if before is None or after is None:
        return replace(known, reason=_missing(before, after))
    if min(before.n, after.n) < known.needed:
        more = known.needed - min(before.n, after.n)
        return replace(known, verdict="inconclusive", reason="too_few", more=more)
    return _judged(known, before, after)


def _missing(before: AnyReading | None, after: AnyReading | None) -> str:
    if before is None and after is None:
        return "missing"
    return "missing_before" if before is None else "missing_after"


def _judged(known: Finding, before: AnyReading, after: AnyReading) -> Finding:
    policy, reason = known.policy, None
    relative = _relative(policy, before, after)
    if policy.kind == "relative" and relative is not None:
        change = relative
    else:
        change = compare(before, after, relative=False)
        if policy.kind == "relative":
            known = replace(known, kind="absolute", allowed=FROM_ZERO[policy.metric])
            reason = "from_zero"
    known = replace(
        known,
        change=change.value,
        limits=change.limits,
        relative=relative,
        effective=_effective(before, after, change.inefficiency),
    )
    if change.limits is None or change.at is None or change.surer is None:
        verdict = against_limit((change.value, change.value), known.allowed, policy.better)
        return _against_level(replace(known, verdict=verdict, reason="aggregate_only"))
    surer = partial(change.surer, 1.0)
    verdict = confirmed(change.limits, surer, known.allowed, policy.better)
    if verdict != "inconclusive":
        return _against_level(replace(known, verdict=verdict, reason=reason), surer)
    times = times_to_decide(change.at, change.surer, known.allowed, policy.better)
    more = None if times is None else rounded_up(min(before.n, after.n) * (times - 1))
    nearly = against_limit(change.limits, known.allowed, policy.better) != "inconclusive"
    found = replace(known, verdict=verdict, reason="undecided", more=more, surer=surer() if nearly else None)
    return _against_level(found, surer)


def _against_level(found: Finding, surer: Callable[[], Limits] | None = None) -> Finding:
    """Call a metric regressed that got worse for certain, however little, and so came past its level."""
    if found.past_level != (False, True) or found.verdict == "regressed" or found.change is None:
        return found
    point = found.change, found.change
    if confirmed(found.limits or point, surer or (lambda: point), 0.0, found.policy.better) != "regressed":
        return found
    reason = None if found.reason == "undecided" else found.reason
    return replace(found, verdict="regressed", reason=reason, by_level=True, more=None, surer=None)


def _effective(before: AnyReading, after: AnyReading, many: float) -> tuple[float, float] | None:
    if many > 1:
        return before.n / many, after.n / many
    if before.effective is None and after.effective is None:
        return None
    old, new = (side.n if side.effective is None else side.effective for side in (before, after))
    return float(old), float(new)


def _relative(policy: Policy, before: AnyReading, after: AnyReading) -> Change | None:
    """Return the change as a fraction of before, or None where before is zero or not told apart from it."""
    if before.value < _ZERO or (policy.kind == "absolute" and UNITS[policy.metric] == "share"):
        return None
    change = compare(before, after, relative=True)
    # Windows that depend on each other may leave no interval; that does not make before zero.
    told_apart = change.limits is None or all(map(math.isfinite, change.limits)) or change.inefficiency > 1
    return change if told_apart and math.isfinite(change.value) else None
