"""The intervals hold the truth as often as they say, and equal sides are not called worse.

A small part of what `make judge-report` writes into docs/judge.md.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.measurements.judge import simulate
from tests.measurements.judge.simulate import HINT, MEMORY, STRANGERS, STRONG, TAILS, World


@pytest.mark.parametrize(
    ("n", "metric", "world"),
    [
        (300, "response_ms_p50", STRANGERS),
        (300, "response_ms_p95", STRANGERS),
        (1_000, "response_ms_p99", STRANGERS),
        (1_000, "response_ms_p95", TAILS),
        (1_000, "response_ms_p50", MEMORY),
        (1_000, "response_ms_p95", MEMORY),
        (5_000, "response_ms_p95", STRONG),
    ],
)
def test_the_interval_of_a_quantile_holds_the_truth_in_93_to_98_percent(
    n: int, metric: str, world: World
) -> None:
    assert 0.93 <= simulate.quantile_coverage(n, metric, world, pairs=1_000) <= 0.985


@pytest.mark.parametrize("n", [300, 1_000])
@pytest.mark.parametrize(("before", "after"), [(0.01, 0.03), (0.2, 0.6)])
def test_the_interval_of_a_rate_holds_the_truth_in_93_to_98_percent_of_2000_pairs(
    n: int, before: float, after: float
) -> None:
    assert 0.93 <= simulate.rate_coverage(n, before, after, pairs=2_000) <= 0.98


@pytest.mark.parametrize("world", [STRANGERS, MEMORY], ids=lambda world: world.name)
def test_the_interval_of_cache_hits_holds_the_truth_in_93_to_98_percent(world: World) -> None:
    assert 0.93 <= simulate.hits_coverage(1_000, world, pairs=1_000) <= 0.98


@pytest.mark.parametrize("relative", [False, True])
@pytest.mark.parametrize("world", [STRANGERS, MEMORY], ids=lambda world: world.name)
def test_the_interval_of_a_mean_holds_the_truth_in_93_to_98_percent(world: World, relative: bool) -> None:
    assert 0.93 <= simulate.mean_coverage(1_000, world, relative=relative, pairs=1_000) <= 0.98


@pytest.mark.parametrize(
    ("n", "world"),
    [(5, STRANGERS), (8, STRANGERS), (30, STRANGERS), (12, HINT), (20, HINT), (20, MEMORY), (40, MEMORY)],
)
def test_the_interval_of_windows_holds_the_truth_in_93_to_98_percent_of_2000_pairs(
    n: int, world: World
) -> None:
    assert 0.93 <= simulate.window_coverage(n, world, pairs=2_000) <= 0.98


def test_equal_sides_are_called_regressed_about_as_often_as_the_interval_allows_even_without_a_limit() -> (
    None
):
    alarms = simulate.false_alarms(1_000, limits=False, pairs=1_000)
    # One tail of a 95 % interval is 2.5 %; the simulation error of 1,000 pairs is 0.5 %.
    assert max(alarms.values()) <= 0.035


@pytest.mark.parametrize("world", [STRANGERS, TAILS, MEMORY], ids=lambda world: world.name)
def test_with_the_default_limits_equal_requests_are_called_regressed_in_two_and_a_half_percent_at_most(
    world: World,
) -> None:
    assert max(simulate.false_alarms(200, world, limits=True, pairs=600).values()) <= 0.025


@pytest.mark.parametrize("n", [5, 8, 20])
@pytest.mark.parametrize("world", [STRANGERS, HINT], ids=lambda world: world.name)
def test_with_the_default_limits_equal_windows_are_called_suspect_in_one_percent_at_most(
    n: int, world: World
) -> None:
    assert simulate.window_alarms(n, world, pairs=1_000)[0] <= 0.01


def test_fewer_than_five_windows_are_never_called_anything() -> None:
    assert simulate.window_alarms(4, pairs=200) == (0.0, 1.0)


def test_the_tables_of_the_documentation_stand_between_their_markers(tmp_path: Path) -> None:
    text = simulate.DOCS.read_text()
    tables = text.partition(simulate.BEGIN)[2].partition(simulate.END)[0]
    assert tables.count("\n|---") == 4
    broken = tmp_path / "judge.md"
    broken.write_text(text.replace(simulate.END, ""))
    with pytest.raises(ValueError, match="once"):
        simulate.write(broken)


def test_the_tables_are_what_the_script_finds() -> None:
    """One line of each table anew: the numbers in the documentation are those of this code."""
    text = simulate.DOCS.read_text()
    worlds = (STRANGERS, HINT, MEMORY, STRONG)
    first, *others = (f"{100 * simulate.hits_coverage(300, world):.1f} %" for world in worlds)
    assert f"| cache hits 20 → 60 %, 300 | {first} | {simulate.NONE} | {' | '.join(others)} |" in text
    alarms = [simulate.window_alarms(5, world) for world in (STRANGERS, HINT, MEMORY)]
    cells = " | ".join(f"{100 * alarm:.1f} % / {100 * unsure:.1f} %" for alarm, unsure in alarms)
    assert f"| 5 windows a side | {cells} |" in text
