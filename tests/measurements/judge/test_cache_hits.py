"""A lucky cache hit is not a fix."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from releasedesk.measurements.judge import METRICS, Requests, judge
from tests.measurements.judge.measured import metric, requests, side, told

MOVED = ("response_ms_p50", "response_ms_p95", "response_ms_p99", "db_calls")


def test_a_release_that_only_warms_the_cache_is_inconclusive_because_of_cache_hits() -> None:
    before, after = requests(2_000, seed=1, hits=0.12), requests(2_000, seed=2, hits=0.97)
    judgement = judge(side(before), side(after))
    assert judgement.verdict == "inconclusive"
    calls = metric(judgement, "db_calls")
    assert (calls.verdict, calls.reason) == ("inconclusive", "cache_hits")
    assert judgement.sentence.startswith("The gain is cache hits (12 % → 97 %), not the change: on ")


def test_the_sentence_names_the_shares_and_the_misses() -> None:
    before, after = requests(6_000, seed=1, hits=0.3), requests(6_000, seed=2, hits=0.96)
    found = told(judge(side(before), side(after)), "response_ms_p95")
    assert found["reason"] == "cache_hits"
    assert found["sentence"].startswith(
        "The gain is cache hits (30 % → 96 %), not the change: on misses alone p95 is 2"
    )


def test_a_cache_that_is_warm_all_through_leaves_no_misses_to_compare() -> None:
    judgement = judge(side(requests(2_000, seed=1)), side(requests(2_000, seed=2, hits=1.0)))
    assert {metric(judgement, name).reason for name in MOVED} == {"cache_hits"}
    assert metric(judgement, "response_ms_p95").groups["misses"].verdict == "not_measured"
    assert "cannot be told from cache hits (0 % → 100 %): there are too few misses" in judgement.sentence


@pytest.mark.parametrize("hits", [0.0, 0.2])
def test_a_real_fix_at_the_same_share_of_hits_stands(hits: float) -> None:
    before, after = (
        requests(2_000, seed=s, hits=hits, calls=c, slower=w) for s, c, w in ((1, 31, 1.0), (2, 2, 0.6))
    )
    judgement = judge(side(before), side(after))
    assert judgement.verdict == "verified"
    assert metric(judgement, "db_calls").verdict == "improved"
    assert metric(judgement, "response_ms_p95").verdict == "improved"


def test_a_real_fix_stands_although_hits_rose_as_well() -> None:
    before = requests(2_000, seed=1, hits=0.1)
    judgement = judge(side(before), side(requests(2_000, seed=2, hits=0.4, calls=2, slower=0.5)))
    assert metric(judgement, "db_calls").verdict == "improved"
    assert metric(judgement, "response_ms_p95").verdict == "improved"
    assert metric(judgement, "db_calls").groups["misses"].verdict == "improved"
    assert metric(judgement, "db_calls").groups["same_share"].verdict == "improved"


def test_hits_that_got_faster_by_a_millisecond_do_not_make_a_lucky_gain_real() -> None:
    """Judged apart, hits improved by 20 %; the requests that cost the time are misses, and they did not."""
    before, after = requests(4_000, seed=1, hits=0.3), requests(4_000, seed=2, hits=0.96)
    assert after.cache is not None
    faster = replace(
        after, response_ms=np.where(after.cache == 1, 0.8 * after.response_ms, after.response_ms)
    )
    p95 = metric(judge(side(before), side(faster)), "response_ms_p95")
    assert p95.groups["hits"].verdict == "improved"
    assert (p95.verdict, p95.reason) == ("inconclusive", "cache_hits")


def test_more_hits_that_hide_slower_misses_are_no_gain() -> None:
    before, after = requests(4_000, seed=1, hits=0.3), requests(4_000, seed=2, hits=0.97, slower=1.5)
    found = told(judge(side(before), side(after)), "response_ms_p95")
    assert (found["verdict"], found["reason"]) == ("inconclusive", "cache_hits")
    assert found["groups"]["misses"]["verdict"] == "regressed"


def test_fewer_hits_than_before_never_take_a_gain_back() -> None:
    before, after = requests(2_000, seed=1, hits=0.4), requests(2_000, seed=2, hits=0.3, calls=2, slower=0.3)
    assert metric(judge(side(before), side(after)), "db_calls").verdict == "improved"


def test_a_new_cache_is_verified_when_both_sides_were_measured_warm() -> None:
    before, after = requests(2_000, seed=1), requests(2_000, seed=2, hits=0.97)
    judgement = judge(side(before, cache_state="warm"), side(after, cache_state="warm"))
    assert judgement.verdict == "verified"
    assert metric(judgement, "response_ms_p95").reason == "new_cache"
    assert "The gain is the new cache (0 % → 97 % hits)" in told(judgement, "response_ms_p95")["sentence"]


@pytest.mark.parametrize(("state", "hits"), [("cold", 0.0), (None, 0.0), ("warm", 0.02)])
def test_a_cache_is_not_new_unless_it_was_measured_warm_and_never_hit_before(
    state: str | None, hits: float
) -> None:
    before, after = requests(2_000, seed=1, hits=hits), requests(2_000, seed=2, hits=0.97)
    judgement = judge(side(before, cache_state=state), side(after, cache_state=state))
    assert judgement.verdict == "inconclusive"
    assert metric(judgement, "response_ms_p95").reason == "cache_hits"


def test_without_a_cache_status_on_both_sides_hits_and_misses_are_not_told_apart() -> None:
    before, after = requests(2_000, seed=1), requests(2_000, seed=2, hits=0.97)
    for unknown in (None, np.full(2_000, -1, dtype=np.int8)):
        p95 = metric(judge(side(replace(before, cache=unknown)), side(after)), "response_ms_p95")
        assert (p95.verdict, p95.groups) == ("improved", {})


def test_hits_and_misses_are_shown_apart_also_where_nothing_improved() -> None:
    groups = told(
        judge(side(requests(900, seed=1, hits=0.3)), side(requests(900, seed=2, hits=0.3))), "db_calls"
    )["groups"]
    assert groups["misses"]["before"] == groups["misses"]["after"] == 31
    assert (groups["hits"]["n_before"], groups["misses"]["n_after"]) == (270, 630)
    assert "same_share" not in groups


def test_the_order_of_the_requests_does_not_matter_where_they_are_strangers() -> None:
    before, after = requests(2_000, seed=1, hits=0.12), requests(2_000, seed=2, hits=0.61)
    shuffled = after.at(np.random.default_rng(3).permutation(2_000))
    there, here = (judge(side(before), side(one)) for one in (after, shuffled))
    assert {finding.effective for judgement in (there, here) for finding in judgement.findings} == {None}
    assert there.to_json() == here.to_json()


def test_a_policy_table_without_database_calls_or_response_times_is_judged_too() -> None:
    before, after = requests(2_000, seed=1, hits=0.12), requests(2_000, seed=2, hits=0.9)
    only = {"error_rate": METRICS["error_rate"]}
    assert judge(side(before), side(after), only).verdict == "verified"


def test_requests_of_unknown_cache_status_count_in_neither_group() -> None:
    known = requests(1_000, seed=1, hits=0.5)
    assert known.cache is not None
    cache = np.where(np.arange(1_000) < 200, -1, known.cache).astype(np.int8)
    half = Requests(known.response_ms, known.status, cache, known.db_calls)
    finding = metric(judge(side(half), side(half)), "response_ms_p50")
    assert finding.groups["hits"].n_before + finding.groups["misses"].n_before == 800
    assert metric(judge(side(half), side(half)), "cache_hit_rate").n_before == 800
