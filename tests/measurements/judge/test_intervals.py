"""Every interval against an oracle: SciPy, the published examples, or the drawing that it replaces."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats  # type: ignore[import-untyped]  # it ships no types

from releasedesk.measurements.judge import intervals
from releasedesk.measurements.judge.metrics import Mean, Proportion, Quantile, compare


@pytest.fixture(scope="module")
def statsmodels() -> Any:
    """An oracle that takes long to import, and pandas with it: only who asks it waits."""
    from statsmodels.stats import api  # type: ignore[import-untyped]  # it ships no types

    return api


def _pair(n: int, seed: int = 5) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    return np.sort(random.lognormal(5, 0.4, n)), np.sort(random.lognormal(5.1, 0.5, n))


@given(
    times=st.lists(st.floats(0.001, 1e6), min_size=1, max_size=300),
    q=st.sampled_from([0.5, 0.95, 0.99]) | st.floats(0, 1),
)
def test_a_quantile_of_sorted_times_is_numpys_to_the_last_bit(times: list[float], q: float) -> None:
    ordered = np.sort(np.array(times))
    assert intervals.quantile(ordered, q) == float(np.quantile(ordered, q))


def test_two_intervals_at_once_are_each_of_them_alone() -> None:
    random = np.random.default_rng(7)
    before, after = (np.sort(random.lognormal(3, 0.5, 400)) for _ in range(2))
    both = intervals.quantile_differences(before, after, 0.95, (None, 250.0), (0.95, 0.999))
    for confidence, limits in both.items():
        alone = intervals.quantile_differences(before, after, 0.95, (None, 250.0), [confidence])[confidence]
        assert limits == pytest.approx(alone, rel=1e-9)
    assert both[0.999][0] < both[0.95][0] < both[0.95][1] < both[0.999][1]


@pytest.mark.parametrize("confidence", [0.95, 0.98])
@pytest.mark.parametrize(("n", "q"), [(300, 0.5), (300, 0.95), (1_000, 0.99), (2_000, 0.95)])
def test_a_quantile_interval_cuts_the_tails_of_scipys_bootstrap_within_its_simulation_error(
    n: int, q: float, confidence: float
) -> None:
    before, after = _pair(n)

    def relative_change(old: np.ndarray, new: np.ndarray, axis: int) -> np.ndarray:
        return np.asarray(np.quantile(new, q, axis=axis) / np.quantile(old, q, axis=axis) - 1)

    resamples, tail = 6_000, (1 - confidence) / 2
    drawn = stats.bootstrap(
        (before, after),
        relative_change,
        n_resamples=resamples,
        method="percentile",
        batch=500,
        rng=np.random.default_rng(1),
    ).bootstrap_distribution
    change = compare(Quantile(before, q), Quantile(after, q), relative=True)
    limits = change.limits if confidence == intervals.CONFIDENCE else change.surer and change.surer(1.0)
    assert limits is not None
    error = np.sqrt(tail * (1 - tail) / resamples)
    assert np.mean(drawn < limits[0]) == pytest.approx(tail, abs=4 * error)
    assert np.mean(drawn > limits[1]) == pytest.approx(tail, abs=4 * error)


@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_the_percentiles_read_off_are_those_of_a_million_drawn_ranks(q: float) -> None:
    before, after = _pair(1_000)
    random, k = np.random.default_rng(2), 1 + 999 * q
    ranks = np.ceil(1_000 * random.beta(k, 1_001 - k, (2, 1_000_000))).astype(int) - 1
    drawn = after[ranks[1]] - before[ranks[0]]
    lower, upper = intervals.quantile_differences(before, after, q, (None, None), [0.95])[0.95]
    assert np.mean(drawn < lower - 1e-6) <= 0.0255
    assert np.mean(drawn <= lower + 1e-6) >= 0.0245
    assert np.mean(drawn <= upper + 1e-6) >= 0.9745
    assert np.mean(drawn < upper - 1e-6) <= 0.9755


@pytest.mark.parametrize(("n", "q"), [(11, 0.5), (101, 0.95), (501, 0.99), (20_001, 0.5)])
def test_a_rank_is_as_probable_as_resampling_makes_it(n: int, q: float) -> None:
    """The k-th smallest of n draws is at most rank j when at least k draws are: Binomial(n, j / n) >= k."""
    ranks, weights = intervals.quantile_ranks(n, q)
    k = round(1 + (n - 1) * q)
    at_most = stats.binom.sf(k - 1, n, np.arange(n + 1) / n)
    assert np.bincount(ranks, weights, minlength=n) == pytest.approx(np.diff(at_most), abs=1e-6)


@pytest.mark.parametrize(("n", "q"), [(1, 0.5), (2, 0.99), (100, 0.95), (2_000, 0.99)])
def test_the_ranks_stay_within_the_sample_and_weigh_one_together(n: int, q: float) -> None:
    ranks, weights = intervals.quantile_ranks(n, q)
    assert 0 <= ranks.min() <= ranks.max() <= n - 1
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("freedom", [1, 1.5, 2, 5, 19, 38.7, 400, 2e4, 9e5, 1e8])
def test_the_quantile_of_students_t_is_scipys(freedom: float) -> None:
    assert intervals.student_quantile(0.975, freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=1e-7)


@pytest.mark.parametrize("confidence", [0.95, 0.98])
@pytest.mark.parametrize(("n_before", "n_after"), [(20, 20), (20, 3_000), (500, 40)])
def test_welchs_interval_is_scipys(n_before: int, n_after: int, confidence: float) -> None:
    random = np.random.default_rng(3)
    before, after = random.poisson(31, n_before), random.poisson(12, n_after)
    expected = stats.ttest_ind(after, before, equal_var=False).confidence_interval(confidence)
    found = intervals.welch_difference(
        (before.mean(), before.var(ddof=1), n_before), (after.mean(), after.var(ddof=1), n_after), confidence
    )
    assert found == pytest.approx((expected.low, expected.high), rel=1e-9)


def test_two_means_that_never_vary_differ_by_exactly_their_difference() -> None:
    assert intervals.welch_difference((31, 0, 20), (2, 0, 20)) == (-29, -29)


def test_the_interval_of_one_mean_is_scipys() -> None:
    calls = np.random.default_rng(4).poisson(12, 30)
    expected = stats.ttest_1samp(calls, 0).confidence_interval(0.95)
    found = intervals.mean_limits(calls.mean(), calls.var(ddof=1), 30)
    assert found == pytest.approx((expected.low, expected.high))


@pytest.mark.parametrize("confidence", [0.95, 0.98])
@pytest.mark.parametrize(("count", "n"), [(0, 10), (10, 10), (1, 2_000), (48, 80), (5, 56), (1_999, 2_000)])
def test_wilsons_interval_is_scipys(count: int, n: int, confidence: float) -> None:
    expected = stats.binomtest(count, n).proportion_ci(confidence, method="wilson")
    assert intervals.wilson_limits(count, n, confidence) == pytest.approx(
        (expected.low, expected.high), abs=1e-12
    )


# Newcombe (1998), table II, method 10, examples (a) to (h): after, before, lower, upper.
PUBLISHED = [
    ((56, 70), (48, 80), 0.0524, 0.3339),
    ((9, 10), (3, 10), 0.1705, 0.8090),
    ((6, 7), (2, 7), 0.0582, 0.8062),
    ((5, 56), (0, 29), -0.0381, 0.1926),
    ((0, 10), (0, 20), -0.1611, 0.2775),
    ((0, 10), (0, 10), -0.2775, 0.2775),
    ((10, 10), (0, 20), 0.6791, 1.0000),
    ((10, 10), (0, 10), 0.6075, 1.0000),
]


@pytest.mark.parametrize(("after", "before", "lower", "upper"), PUBLISHED)
def test_newcombes_interval_is_the_published_one(
    after: tuple[int, int], before: tuple[int, int], lower: float, upper: float
) -> None:
    assert intervals.newcombe_difference(before, after) == pytest.approx((lower, upper), abs=5e-5)


def test_the_relative_interval_solves_the_equation_it_is_derived_from() -> None:
    """At each limit r of the ratio, after - r * before has an interval (Newcombe's way) that ends at zero."""
    before, after = (0.2, (0.17, 0.24)), (0.15, (0.12, 0.19))
    lower, upper = (limit + 1 for limit in intervals.relative_from_limits(before, after))
    (old, (old_low, old_high)), (new, (new_low, new_high)) = before, after
    assert new - lower * old == pytest.approx(np.hypot(new - new_low, lower * (old_high - old)))
    assert upper * old - new == pytest.approx(np.hypot(new_high - new, upper * (old - old_low)))


def test_the_relative_interval_is_unbounded_when_before_may_be_zero() -> None:
    assert intervals.relative_from_limits((0.1, (-0.1, 0.3)), (0.2, (0.1, 0.3))) == (-1.0, np.inf)


def test_a_rate_that_falls_to_zero_falls_by_everything_at_most() -> None:
    limits = compare(Proportion(40, 2_000), Proportion(0, 2_000), relative=True).limits
    assert limits is not None
    assert limits[0] == -1.0
    assert -1.0 < limits[1] < -0.8


@pytest.mark.parametrize("confidence", [0.95, 0.99])
@pytest.mark.parametrize(("m", "n"), [(5, 5), (5, 8), (8, 8), (12, 20), (40, 50)])
def test_the_mann_whitney_interval_is_as_long_as_scipys_exact_test_allows(
    m: int, n: int, confidence: float
) -> None:
    """The rank is right if U < rank has at most one tail of the interval, and U <= rank has more."""
    rank = intervals._mann_whitney_tail(m, n, confidence)

    def tail(u: int) -> float:
        # Samples with exactly u pairs in which the first is the larger: one step from order at a time.
        order = [0] * m + [1] * n
        for _ in range(u):
            place = next(i for i in range(len(order) - 1) if order[i : i + 2] == [0, 1])
            order[place : place + 2] = [1, 0]
        ranks = np.arange(m + n)
        first, second = ranks[np.array(order) == 0], ranks[np.array(order) == 1]
        return float(stats.mannwhitneyu(first, second, alternative="less", method="exact").pvalue)

    assert rank >= 1
    assert tail(rank - 1) <= (1 - confidence) / 2 < tail(rank)


def test_the_exact_tail_of_five_windows_is_that_of_the_published_table() -> None:
    # C(10, 5) = 252 orders; U <= 2 in 1 + 1 + 2 of them, U <= 3 in 3 more.
    assert Fraction(4, 252) <= Fraction(25, 1_000) < Fraction(7, 252)
    assert intervals._mann_whitney_tail(5, 5) == 3
    # At 99 % five windows must lie apart altogether: one order of 252 is within 0.5 %, two are not.
    assert intervals._mann_whitney_tail(5, 5, 0.99) == 1


def test_many_windows_use_the_normal_approximation_which_is_off_by_little() -> None:
    exact, approximate = intervals._mann_whitney_tail(40, 50), intervals._mann_whitney_tail(41, 50)
    assert 0 < approximate - exact < 30


def test_the_shift_is_the_median_of_all_pairwise_differences() -> None:
    before, after = np.array([1.0, 2, 3, 4, 5]), np.array([11.0, 12, 13, 14, 20])
    value, limits = intervals.shift(before, after)
    assert value == np.median([new - old for new in after for old in before])
    assert limits[0] < value < limits[1]


def test_three_windows_a_side_give_no_interval() -> None:
    assert intervals.shift(np.arange(3.0), np.arange(3.0))[1] == (-np.inf, np.inf)


def test_a_relative_mean_is_bounded_like_fiellers_for_many_requests() -> None:
    random = np.random.default_rng(6)
    before, after = random.poisson(12, 2_000), random.poisson(9, 2_000)
    readings = (Mean(float(x.mean()), float(x.var(ddof=1)), 2_000) for x in (before, after))
    limits = compare(*readings, relative=True).limits
    assert limits is not None
    a, b = before.mean(), after.mean()
    va, vb, t = before.var(ddof=1) / 2_000, after.var(ddof=1) / 2_000, stats.t.ppf(0.975, 1_999)
    roots = np.roots([a * a - t * t * va, -2 * a * b, b * b - t * t * vb])
    assert limits == pytest.approx(sorted(roots - 1), abs=1e-6)


def test_the_worked_examples_of_the_documentation_are_right() -> None:
    ranks, weights = intervals.quantile_ranks(2_000, 0.95)
    middle = np.searchsorted(np.cumsum(weights), (0.025, 0.5, 0.975))
    assert (ranks[middle] + 1).tolist() == [1_880, 1_900, 1_918]
    rates = intervals.newcombe_difference((2, 2_000), (14, 2_000))
    assert rates == pytest.approx((0.0021, 0.0108), abs=5e-5)
    means = intervals.welch_difference((31.0, 4.0, 200), (11.8, 9.0, 180))
    assert means == pytest.approx((-19.7, -18.7), abs=0.05)
    before, after = np.array([188.0, 191, 190, 194, 187]), np.array([247.0, 252, 249, 244, 251])
    assert intervals.shift(before, after) == (59.0, (53.0, 64.0))
    assert (
        intervals.newcombe_difference((0, 765), (0, 765))[1]
        < 0.005
        < intervals.newcombe_difference((0, 764), (0, 764))[1]
    )


@pytest.mark.parametrize(("count", "n"), [(0, 10), (1, 2_000), (48, 80), (1_999, 2_000)])
def test_wilsons_interval_is_statsmodels(statsmodels: Any, count: int, n: int) -> None:
    expected = statsmodels.proportion_confint(count, n, method="wilson")
    assert intervals.wilson_limits(count, n) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("after", "before"), [((56, 70), (48, 80)), ((14, 2_000), (2, 2_000)), ((0, 300), (0, 900))]
)
def test_newcombes_interval_is_statsmodels(
    statsmodels: Any, after: tuple[int, int], before: tuple[int, int]
) -> None:
    expected = statsmodels.confint_proportions_2indep(*after, *before, method="newcomb", compare="diff")
    assert intervals.newcombe_difference(before, after) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(("after", "before"), [((160, 2_000), (200, 2_000)), ((90, 900), (40, 800))])
def test_the_relative_interval_of_rates_lies_close_to_koopmans(
    statsmodels: Any, after: tuple[int, int], before: tuple[int, int]
) -> None:
    """Another method for the same thing: a score interval of the ratio (Koopman 1984), by statsmodels."""
    expected = statsmodels.confint_proportions_2indep(*after, *before, method="score", compare="ratio")
    found = compare(Proportion(*before), Proportion(*after), relative=True).limits
    assert found is not None
    assert [limit + 1 for limit in found] == pytest.approx(expected, rel=0.01)


def test_welchs_interval_is_statsmodels(statsmodels: Any) -> None:
    random = np.random.default_rng(7)
    before, after = random.poisson(31, 40), random.poisson(12, 900)
    both = statsmodels.CompareMeans(statsmodels.DescrStatsW(after), statsmodels.DescrStatsW(before))
    found = intervals.welch_difference(
        (before.mean(), before.var(ddof=1), 40), (after.mean(), after.var(ddof=1), 900)
    )
    assert found == pytest.approx(both.tconfint_diff(usevar="unequal"), rel=1e-9)


@pytest.mark.parametrize(("m", "n"), [(5, 5), (8, 12), (20, 20)])
def test_the_shift_interval_holds_what_scipys_mann_whitney_test_does_not_reject(m: int, n: int) -> None:
    """The interval is the set of shifts that the two-sided test at 5 % lets stand."""
    random = np.random.default_rng(9)
    before, after = random.normal(200, 10, m), random.normal(215, 10, n)
    _, (lower, upper) = intervals.shift(before, after)

    def stands(by: float) -> bool:
        return bool(stats.mannwhitneyu(after - by, before, method="exact").pvalue > 0.05)

    for limit, inward in ((lower, 1e-6), (upper, -1e-6)):
        assert stands(limit + inward)
        assert not stands(limit - inward)


def test_a_dependent_sample_has_the_quantile_interval_of_the_smaller_one_it_is_worth() -> None:
    """Thinned to every fourth of its requests, evenly by size, a sample has about the ranks it is worth."""
    times = np.sort(np.random.default_rng(10).lognormal(5, 0.4, 4_000))
    worth = Quantile(times, 0.95, effective=1_000.0)
    thinned = Quantile(times[1::4], 0.95)
    found, expected = (compare(side, side, relative=True).limits for side in (worth, thinned))
    assert found == pytest.approx(expected, rel=0.05)
