"""What the judge says, in sentences that a colleague would use."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from releasedesk.measurements.judge import figures
from releasedesk.measurements.judge.cache_hits import NEW_CACHE
from releasedesk.measurements.judge.policy import NAMING
from releasedesk.measurements.judge.verdicts import CACHE_HITS, Verdict, holds_back

if TYPE_CHECKING:
    from collections.abc import Sequence

    from releasedesk.measurements.judge.findings import Finding

_SHOWN = frozenset({"unchanged", "regressed"})


def sentence(finding: Finding) -> str:
    """Say what was found for one metric."""
    told = _finished(_TELLERS[finding.verdict](finding))
    return " ".join(filter(None, (told, _at_level(finding), _worth(finding))))


def headline(findings: Sequence[Finding], verdict: Verdict, missing: str) -> str:
    """Say a comparison in one sentence, the worst first; `missing` is said when nothing was measured."""
    counted = sorted((finding for finding in findings if not finding.muted), key=_badness)
    if verdict == "not_measured":
        return missing
    parts = {"suspect": _suspect, "verified": _verified}.get(verdict, _held_back)(counted)
    known = [finding for finding in counted if all(finding.past_level)]
    return _finished("; ".join([parts, *(f"{_name(finding)} {_already(finding)}" for finding in known)]))


def not_comparable(details: Sequence[str]) -> str:
    """Say why two sides cannot be compared."""
    return f"{'; '.join(detail.rstrip('.') for detail in details)}; so the two cannot be compared."


def _finished(text: str) -> str:
    # p50, p95 and p99 are names that stay small, also at the start of a sentence.
    start = text if text[:2] in {"p5", "p9"} else text[:1].upper() + text[1:]
    return start if start.endswith(".") else f"{start}."


def _name(finding: Finding) -> str:
    return NAMING[finding.policy.metric].short


def _is(finding: Finding, *, past: bool = False) -> str:
    plural = NAMING[finding.policy.metric].plural
    return ("were" if plural else "was") if past else ("are" if plural else "is")


def _values(finding: Finding) -> tuple[str, str, str]:
    unit = NAMING[finding.policy.metric].unit
    assert finding.before is not None
    assert finding.after is not None
    return *figures.pair(finding.before, finding.after, unit), figures.suffix(unit)


def _arrow(finding: Finding) -> str:
    old, new, unit = _values(finding)
    return f"{old} → {new}{unit}"


def _moved(finding: Finding) -> str:
    old, new, unit = _values(finding)
    if old == new:
        return f"{_name(finding)} stayed at {new}{unit}"
    verb = "rose" if float(new) > float(old) else "fell"
    return f"{_name(finding)} {verb} from {old} to {new}{unit}"


def _change(finding: Finding) -> str:
    """Write the change with its interval: +31 %, 95 % sure between +24 and +37 %."""
    assert finding.change is not None
    text = figures.change(finding, finding.change)
    if finding.limits is None or finding.limits[0] == finding.limits[1]:
        return text
    if not all(map(math.isfinite, finding.limits)):
        return f"{text}, with no 95 % interval"
    return f"{text}, 95 % sure between {figures.between(finding, finding.limits)}{_not_surer(finding)}"


def _not_surer(finding: Finding) -> str:
    """Say what keeps a change from counting as past its limit, where the 95 % interval would let it."""
    if finding.surer is None:
        return ""
    sure = f"{100 * finding.surer_than:g} %"
    if not all(map(math.isfinite, finding.surer)):
        return f", which is too little evidence to be {sure} sure"
    return f", but {sure} only between {figures.between(finding, finding.surer)}"


def _bad_limit(finding: Finding) -> str:
    return figures.limit(finding, "+" if finding.policy.better == "lower" else figures.MINUS)


def _aggregate(finding: Finding) -> str:
    return " Aggregate only, no interval." if finding.reason == "aggregate_only" else ""


def _level(finding: Finding) -> str:
    """Write the level of the policy as its owner would say it: over your limit of 200 ms."""
    assert finding.policy.level is not None
    side = "over" if finding.policy.better == "lower" else "under"
    return f"{side} your limit of {figures.value(finding.policy.level, NAMING[finding.policy.metric].unit)}"


def _already(finding: Finding) -> str:
    return f"{_is(finding, past=True)} already {_level(finding)} before"


def _at_level(finding: Finding) -> str:
    """Say on which side of its level it was and is, where one of them is the wrong one."""
    it = "They" if NAMING[finding.policy.metric].plural else "It"
    before, after = finding.past_level
    if finding.before is None or finding.after is None:
        return ""
    if before and after:
        return f"{it} {_already(finding)}."
    if before:
        return f"{it} {_already(finding).replace(' already', '')} and no longer {_is(finding)}."
    return f"{it} {_is(finding)} {_level(finding)} now." if after and not finding.by_level else ""


def _worth(finding: Finding) -> str:
    """Say that neighbours resemble each other, where that made the interval wider."""
    if finding.effective is None or finding.limits is None:
        return ""
    sides = dict.fromkeys(
        f"{count:,} count as {max(1, round(worth)):,}"
        for count, worth in zip((finding.n_before, finding.n_after), finding.effective, strict=True)
    )
    return f"Successive {_counted(finding)} resemble each other: {_and(list(sides))}."


def _regressed(finding: Finding) -> str:
    if finding.by_level:
        return f"{_moved(finding)} ({_change(finding)}), and is now {_level(finding)}.{_aggregate(finding)}"
    return f"{_moved(finding)} ({_change(finding)}). The limit is {_bad_limit(finding)}.{_aggregate(finding)}"


def _improved(finding: Finding) -> str:
    text = f"{_moved(finding)} ({_change(finding)}).{_aggregate(finding)}"
    if finding.reason == NEW_CACHE and finding.hit_shares is not None:
        text += f" The gain is the new cache ({_hit_shares(finding)} hits); both sides were measured warm."
    return text


def _unchanged(finding: Finding) -> str:
    if finding.limits == (0.0, 0.0):
        return _moved(finding)
    within = f"{_name(finding)} stayed within {figures.limit(finding, '±')}"
    return f"{within}: {_arrow(finding)} ({_change(finding)}).{_aggregate(finding)}"


def _inconclusive(finding: Finding) -> str:
    if finding.reason == CACHE_HITS:
        return _only_hits(finding)
    if finding.reason == "too_few":
        return _too_few(finding)
    text = f"{_name(finding)} {_is(finding)} undecided: {_arrow(finding)} ({_change(finding)})"
    return f"{text}. The limit is {figures.limit(finding, '±')}. {_finished(_more(finding))}"


def _counted(finding: Finding) -> str:
    return "windows" if finding.windows else "requests"


def _too_few(finding: Finding) -> str:
    verb = "need" if NAMING[finding.policy.metric].plural else "needs"
    return (
        f"{_name(finding)} {verb} at least {finding.needed:,} {_counted(finding)} a side; "
        f"there were {finding.n_before:,} before and {finding.n_after:,} after"
    )


def _more(finding: Finding) -> str:
    if finding.more is None:
        return f"the change lies so close to the limit that more {_counted(finding)} may not decide it"
    return f"about {finding.more:,} more {_counted(finding)} a side would decide it"


def _hit_shares(finding: Finding) -> str:
    assert finding.hit_shares is not None
    return " → ".join(figures.share(share) for share in finding.hit_shares)


def _only_hits(finding: Finding) -> str:
    """Say that a gain is cache hits, or cannot be told from them, with the group that shows it."""
    name, shares = _name(finding), _hit_shares(finding)
    misses, hits, same_share = (finding.groups[group] for group in ("misses", "hits", "same_share"))

    def figures_of(group: Finding) -> str:
        return f"{name} {_is(finding)} {_arrow(group)}"

    for where, group in (("misses", misses), ("hits", hits)):
        if group.verdict in _SHOWN and (group is misses or misses.change is None):
            return f"The gain is cache hits ({shares}), not the change: on {where} alone {figures_of(group)}"
    doubt = f"The {name} gain cannot be told from cache hits ({shares})"
    if misses.reason == "undecided":
        return f"{doubt}: on misses alone {figures_of(misses)}, which does not decide it"
    if same_share.change is not None:
        return f"{doubt}: at the same share of hits {figures_of(same_share)}"
    return f"{doubt}: there are too few misses on both sides to compare"


def _not_measured(finding: Finding) -> str:
    when = {"missing_before": " before the change", "missing_after": " after the change"}.get(
        finding.reason or "", ""
    )
    return f"{_name(finding)} {_is(finding, past=True)} not measured{when}"


def _not_comparable(finding: Finding) -> str:
    return f"{_name(finding)}: {_arrow(finding)}, measured under different conditions"


_TELLERS = {
    "regressed": _regressed,
    "improved": _improved,
    "unchanged": _unchanged,
    "inconclusive": _inconclusive,
    "not_measured": _not_measured,
    "not_comparable": _not_comparable,
}


def _badness(finding: Finding) -> tuple[bool, bool, bool, float]:
    """Sort key, worst first: gains that are cache hits, the plainest first, then critical, then the size."""
    plain = finding.reason == CACHE_HITS and finding.groups["misses"].verdict in _SHOWN
    size = abs(finding.change or 0.0) / (finding.allowed or 1.0)
    return finding.reason != CACHE_HITS, not plain, not finding.critical, -size


def _and(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _are(findings: Sequence[Finding]) -> str:
    """Write their names with the verb: p99 is, p50 and p99 are."""
    return f"{_and([_name(finding) for finding in findings])} {'are' if findings[1:] else _is(findings[0])}"


def _gains(findings: Sequence[Finding]) -> str:
    """Say what improved: the two that matter most with their numbers, the others by name."""
    better = [finding for finding in findings if finding.verdict == "improved" and finding.change is not None]
    told = [f"{_moved(finding)} ({figures.change(finding, finding.change or 0.0)})" for finding in better[:2]]
    if better[2:]:
        told.append(f"{_and([_name(finding) for finding in better[2:]])} improved too")
    return ", ".join(told) if better[2:] else _and(told) if told else ""


def _suspect(findings: Sequence[Finding]) -> str:
    worse = [finding for finding in findings if finding.verdict == "regressed"]
    first = worse[0]
    assert first.change is not None
    limit = _level(first) if first.by_level else f"past the limit of {_bad_limit(first)}"
    text = f"{_moved(first)} ({figures.change(first, first.change)}), {limit}"
    if worse[1:]:
        text += f"; {_and([_name(finding) for finding in worse[1:]])} regressed too"
    return _with_gains(text, findings)


def _with_gains(text: str, findings: Sequence[Finding]) -> str:
    gains = _gains(findings)
    return f"{text}; {gains}" if gains else text


def _verified(findings: Sequence[Finding]) -> str:
    gains = _gains(findings)
    text = f"{gains}; nothing got worse" if gains else "nothing moved past its limit"
    if undecided := [finding for finding in findings if finding.verdict == "inconclusive"]:
        text += f"; {_are(undecided)} undecided"
    absent = [finding for finding in findings if finding.verdict == "not_measured" and finding.critical]
    return "; ".join([text, *map(_not_measured, absent)])


def _held_back(findings: Sequence[Finding]) -> str:
    held = [finding for finding in findings if holds_back(finding)]
    held = held or [finding for finding in findings if finding.verdict == "inconclusive"]
    first, luck = held[0], held[0].reason == CACHE_HITS
    if first.reason == "undecided":
        text = f"{_name(first)} {_is(first)} undecided, {_arrow(first)} ({_change(first)}); {_more(first)}"
    else:
        text = sentence(first).removesuffix(".")
    if others := [finding for finding in held[1:] if finding.reason != CACHE_HITS]:
        text += f"; {_are(others)} not decided either"
    # That cache hits rose is what the sentence just said.
    return _with_gains(
        text, [found for found in findings if not luck or found.policy.metric != "cache_hit_rate"]
    )
