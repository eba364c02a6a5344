"""The intervals hold the truth as often as they say, and equal sides are not called worse."""

from __future__ import annotations

import pytest

from tests.measurements.judge import simulate


@pytest.mark.parametrize(("n", "q"), [(300, 0.5), (300, 0.95), (1_000, 0.5), (1_000, 0.95), (1_000, 0.99)])
def test_the_interval_of_a_quantile_holds_the_truth_in_93_to_98_percent_of_2000_pairs(
    n: int, q: float
) -> None:
    assert 0.93 <= simulate.quantile_coverage(n, q) <= 0.98


@pytest.mark.parametrize("n", [300, 1_000])
@pytest.mark.parametrize(("before", "after"), [(0.01, 0.03), (0.2, 0.6)])
def test_the_interval_of_a_rate_holds_the_truth_in_93_to_98_percent_of_2000_pairs(
    n: int, before: float, after: float
) -> None:
    assert 0.93 <= simulate.rate_coverage(n, before, after) <= 0.98


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("n", [300, 1_000])
def test_the_interval_of_a_mean_holds_the_truth_in_93_to_98_percent_of_2000_pairs(
    n: int, relative: bool
) -> None:
    assert 0.93 <= simulate.mean_coverage(n, relative=relative) <= 0.98


@pytest.mark.parametrize("n", [5, 8, 30])
def test_the_interval_of_windows_holds_the_truth_in_93_to_98_percent_of_2000_pairs(n: int) -> None:
    assert 0.93 <= simulate.window_coverage(n) <= 0.98


def test_equal_sides_are_called_regressed_about_as_often_as_the_interval_allows_even_without_a_limit() -> (
    None
):
    alarms = simulate.false_alarms(1_000, limits=False)
    # One tail of a 95 % interval is 2.5 %; the simulation error of 1,000 pairs is 0.5 %.
    assert max(alarms.values()) <= 0.035


def test_with_the_limits_of_the_house_equal_requests_are_called_regressed_in_2_percent_at_most() -> None:
    assert max(simulate.false_alarms(200, limits=True).values()) <= 0.02


def test_with_the_limits_of_the_house_equal_windows_are_hardly_ever_called_regressed() -> None:
    assert simulate.window_false_alarms(5) <= 0.01
