"""A lucky cache hit is not a fix: a gain must survive at the same share of hits."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from releasedesk.measurements.judge.findings import Finding, find
from releasedesk.measurements.judge.intervals import newcombe_difference
from releasedesk.measurements.judge.metrics import AnyReading
from releasedesk.measurements.judge.policy import METRICS, QUANTILES
from releasedesk.measurements.judge.readings import readings
from releasedesk.measurements.judge.samples import HIT, MISS, Requests, Side
from releasedesk.measurements.judge.verdicts import CACHE_HITS

if TYPE_CHECKING:
    from collections.abc import Mapping

NEW_CACHE = "new_cache"
_MOVED_BY_CACHE = (*QUANTILES, "db_calls")


def apart(findings: Mapping[str, Finding], before: Side, after: Side) -> dict[str, Finding]:
    """Return the findings with hits and misses judged apart, and lucky gains taken back."""
    old, new = before.evidence, after.evidence
    if not isinstance(old, Requests) or not isinstance(new, Requests):
        return dict(findings)
    if old.cache is None or new.cache is None:
        return dict(findings)
    counts = tuple((int((side == HIT).sum()), int((side == MISS).sum())) for side in (old.cache, new.cache))
    if not all(map(sum, counts)):
        return dict(findings)
    (old_hits, old_misses), (new_hits, new_misses) = counts
    shares = old_hits / (old_hits + old_misses), new_hits / (new_hits + new_misses)
    rose = newcombe_difference((old_hits, old_hits + old_misses), (new_hits, new_hits + new_misses))[0] > 0
    new_cache = _is_new_cache(before, after, old_hits, old_misses)
    pairs = {name: _pair(old, new, code) for name, code in (("hits", HIT), ("misses", MISS))}
    gained = any(findings[metric].verdict == "improved" for metric in _MOVED_BY_CACHE if metric in findings)
    if rose and gained:
        pairs["same_share"] = (readings(_known(old)), readings(_at_share(new, old_hits / old_misses)))
    return {
        metric: _weighed(finding, pairs, shares, rose=rose, new_cache=new_cache)
        if metric in _MOVED_BY_CACHE
        else finding
        for metric, finding in findings.items()
    }


_Pair = tuple[dict[str, AnyReading], dict[str, AnyReading]]


def _pair(before: Requests, after: Requests, code: int) -> _Pair:
    assert before.cache is not None
    assert after.cache is not None
    return readings(before.at(before.cache == code)), readings(after.at(after.cache == code))


def _known(requests: Requests) -> Requests:
    assert requests.cache is not None
    return requests.at((requests.cache == HIT) | (requests.cache == MISS))


def _at_share(requests: Requests, hits_a_miss: float) -> Requests:
    """Return all misses and `hits_a_miss` times as many hits, taken evenly from fast to slow."""
    assert requests.cache is not None
    misses, hits = np.flatnonzero(requests.cache == MISS), np.flatnonzero(requests.cache == HIT)
    calls = np.zeros(len(requests)) if requests.db_calls is None else requests.db_calls
    hits = hits[np.lexsort((calls[hits], requests.response_ms[hits]))]
    keep = min(len(hits), round(len(misses) * hits_a_miss))
    evenly = ((np.arange(keep) + 0.5) * (len(hits) / max(keep, 1))).astype(int)
    # In the order they were sent, which tells how much they are worth.
    return requests.at(np.sort(np.concatenate((misses, hits[evenly]))))


def _is_new_cache(before: Side, after: Side, old_hits: int, old_misses: int) -> bool:
    """Whether the change brought the cache: both sides were declared warm, and before never hit.

    A warm cache that never hits is no cache, so these hits are what the release is for, not luck.
    """
    warm = before.cache_state == after.cache_state == "warm"
    return warm and old_hits == 0 and old_misses >= METRICS["cache_hit_rate"].minimum


def _weighed(
    finding: Finding,
    pairs: Mapping[str, _Pair],
    shares: tuple[float, float],
    *,
    rose: bool,
    new_cache: bool,
) -> Finding:
    metric = finding.policy.metric
    groups = {
        name: find(finding.policy, before.get(metric), after.get(metric))
        for name, (before, after) in pairs.items()
    }
    weighed = replace(finding, groups=groups, hit_shares=shares)
    if finding.verdict != "improved" or not rose or groups["same_share"].verdict == "improved":
        return weighed
    if new_cache:
        return replace(weighed, reason=NEW_CACHE)
    return replace(weighed, verdict="inconclusive", reason=CACHE_HITS)
