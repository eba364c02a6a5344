"""Neighbours that resemble each other say less than as many strangers, and the interval knows it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from releasedesk.measurements.judge import METRICS, Requests, Windows, dependence, judge
from releasedesk.measurements.judge.intervals import quantile_ranks, shift
from tests.measurements.judge.measured import metric, requests, side, told
from tests.measurements.judge.simulate import remembering


@pytest.mark.parametrize("memory", [0.3, 0.6, 0.9])
def test_the_inefficiency_of_a_long_series_is_the_known_one(memory: float) -> None:
    series = remembering(np.random.default_rng(1), 100_000, memory)
    assert dependence.of_requests(series) == pytest.approx((1 + memory) / (1 - memory), rel=0.1)


def test_it_sums_the_autocorrelations_that_statsmodels_finds() -> None:
    from statsmodels.tsa.stattools import acf  # type: ignore[import-untyped]  # it ships no types

    series = remembering(np.random.default_rng(2), 4_000, 0.5)
    found = acf(series, nlags=40)
    pairs = [found[lag] + found[lag + 1] for lag in range(2, 40, 2)]
    noise = 2 * np.sqrt(2 / 4_000)
    stop = next(place for place, pair in enumerate(pairs) if pair < noise)
    assert dependence.of_requests(series) == pytest.approx(1 + 2 * found[1] + 2 * sum(pairs[:stop]))


@pytest.mark.parametrize("memory", [0.0, 0.4, 0.7])
def test_the_estimate_from_windows_is_hardly_biased_for_forty_of_them(memory: float) -> None:
    random = np.random.default_rng(3)
    found = [dependence.of_windows([remembering(random, 40, memory) for _ in range(2)]) for _ in range(400)]
    assert np.median(found) == pytest.approx((1 + memory) / (1 - memory), rel=0.15)


@pytest.mark.parametrize(
    "series", [np.full(50, 3.0), np.arange(50.0), np.arange(50.0)[::-1], np.repeat([0.0, 1.0], 25)]
)
def test_a_constant_or_a_sorted_column_says_nothing_of_its_order(series: np.ndarray) -> None:
    assert dependence.of_requests(series) == 1


def test_strangers_count_in_full() -> None:
    random = np.random.default_rng(4)
    assert np.mean([dependence.of_requests(random.random(2_000)) == 1 for _ in range(300)]) > 0.95


def test_half_the_worth_widens_the_ranks_of_a_quantile_by_the_root_of_two() -> None:
    def spread(effective: float | None) -> float:
        ranks, weights = quantile_ranks(4_000, 0.95, effective)
        middle = float(ranks @ weights)
        return float(np.sqrt(((ranks - middle) ** 2) @ weights))

    assert spread(2_000) / spread(None) == pytest.approx(np.sqrt(2), rel=0.01)
    assert spread(4_000) == spread(None)


def test_windows_that_depend_on_each_other_too_much_leave_no_interval() -> None:
    before, after = np.arange(6.0), np.arange(10.0, 16.0)
    assert shift(before, after, 1.0)[1] == (7, 13)
    assert shift(before, after, 2.0)[1] == (5, 15)
    assert shift(before, after, 4.0)[1] == (-np.inf, np.inf)


def test_slow_minutes_widen_the_interval_and_the_sentence_says_so() -> None:
    random = np.random.default_rng(5)

    def slow_minutes(seed: int) -> Requests:
        usual = requests(2_000, seed=seed)
        return replace(usual, response_ms=np.exp(5 + 0.3 * remembering(random, 2_000, 0.9)))

    before, after = slow_minutes(1), slow_minutes(2)
    shuffled = [one.at(np.random.default_rng(6).permutation(2_000)) for one in (before, after)]
    dependent = metric(judge(side(before), side(after)), "response_ms_p95")
    strangers = metric(judge(side(shuffled[0]), side(shuffled[1])), "response_ms_p95")
    assert dependent.change == strangers.change
    assert dependent.limits is not None
    assert strangers.limits is not None
    assert np.ptp(dependent.limits) > 1.8 * np.ptp(strangers.limits)
    assert dependent.effective is not None
    assert max(dependent.effective) < 800
    said = told(judge(side(before), side(after)), "response_ms_p95")
    assert (
        f"Successive requests resemble each other: 2,000 count as {dependent.effective[0]:,.0f}"
        in (said["sentence"])
    )
    assert (said["effective_before"], said["effective_after"]) == dependent.effective


def test_an_outage_is_not_excused_as_one_event() -> None:
    """600 requests of which 30 in a row failed: to those who sent them it was no single error."""
    usual = requests(600, seed=1)
    burst = replace(usual, status=np.where(np.arange(600) // 30 == 7, 503, 200).astype(np.int16))
    found = metric(judge(side(usual), side(burst)), "error_rate")
    assert (found.verdict, found.effective) == ("regressed", None)


def test_windows_without_an_interval_are_undecided_and_say_how_many_more_would_do() -> None:
    random = np.random.default_rng(8)
    before, after = (
        Windows(response_ms_p95=level * np.exp(0.02 * remembering(random, 8, 0.95))) for level in (200, 300)
    )
    found = told(judge(side(before), side(after)), "response_ms_p95")
    assert (found["verdict"], found["reason"], found["interval"]) == (
        "inconclusive",
        "undecided",
        [None, None],
    )
    assert found["change_kind"] == "relative"
    assert "with no 95 % interval" in found["sentence"]
    assert found["more_windows"] > 0
    assert "more windows a side would decide it" in found["sentence"]


def test_a_level_says_what_was_already_bad_before() -> None:
    limits = {"response_ms_p95": replace(METRICS["response_ms_p95"], level=200)}
    judgement = judge(
        side(requests(4_000, seed=1, slower=1.2)), side(requests(4_000, seed=2, slower=1.2)), limits
    )
    assert judgement.verdict == "verified"
    assert judgement.sentence.endswith("p95 was already over your limit of 200 ms before.")
    assert told(judgement, "response_ms_p95")["past_level"] == {"before": True, "after": True}


def test_a_small_change_for_the_worse_that_passes_the_level_is_a_regression() -> None:
    limits = {"db_calls": replace(METRICS["db_calls"], allowed=5.0, level=30)}
    judgement = judge(side(requests(400, seed=1, calls=29)), side(requests(400, seed=2, calls=31)), limits)
    assert judgement.verdict == "suspect"
    assert judgement.sentence == "DB calls per request rose from 29 to 31 (+2), over your limit of 30."
    assert told(judgement, "db_calls")["sentence"] == (
        "DB calls per request rose from 29 to 31 (+2), and is now over your limit of 30."
    )


def test_a_level_that_is_no_longer_passed_is_told_too() -> None:
    limits = {"cache_hit_rate": replace(METRICS["cache_hit_rate"], level=0.5)}
    judgement = judge(
        side(requests(400, seed=1, hits=0.3), cache_state="warm"),
        side(requests(400, seed=2, hits=0.8), cache_state="warm"),
        limits,
    )
    found = told(judgement, "cache_hit_rate")
    assert found["verdict"] == "improved"
    assert found["sentence"].endswith("They were under your limit of 50 % before and no longer are.")


def test_what_crosses_its_level_by_chance_alone_is_not_called_worse() -> None:
    """The p95 of one sample lies a hair over the level, but nothing says that the service got slower."""
    before, after = requests(2_000, seed=1), requests(2_000, seed=1, slower=1.001)
    level = float(np.quantile(before.response_ms, 0.95)) * 1.0005
    limits = {"response_ms_p95": replace(METRICS["response_ms_p95"], level=level)}
    judgement = judge(side(before), side(after), limits)
    assert metric(judgement, "response_ms_p95").past_level == (False, True)
    assert metric(judgement, "response_ms_p95").verdict == "unchanged"
    assert "now." in told(judgement, "response_ms_p95")["sentence"]


def test_the_worked_example_of_the_documentation_is_right() -> None:
    """40 windows of which each holds half of the one before count as 13, and the interval grows by root 3."""
    ratio = (1 + 0.5) / (1 - 0.5)
    assert 40 / ratio == pytest.approx(13.3, abs=0.05)
    random = np.random.default_rng(11)
    before, after = random.normal(size=40), random.normal(size=40)
    alone, together = (shift(before, after, many)[1] for many in (1.0, ratio))
    assert np.ptp(together) / np.ptp(alone) == pytest.approx(np.sqrt(3), rel=0.1)
