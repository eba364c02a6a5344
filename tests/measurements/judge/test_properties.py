"""What must hold for any evidence."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from releasedesk.measurements.judge import METRICS, Requests, Summary, Windows, dependence, judge
from releasedesk.measurements.judge.findings import Finding
from releasedesk.measurements.judge.intervals import (
    newcombe_difference,
    shift,
    welch_difference,
    wilson_limits,
)
from releasedesk.measurements.judge.metrics import Quantile, compare
from releasedesk.measurements.judge.verdicts import against_limit
from tests.measurements.judge.measured import requests, side

SEEDS = st.integers(0, 2**32 - 1)
SIZES = st.integers(100, 700)
MIRROR = {"regressed": "improved", "improved": "regressed"}


def _times(seed: int, n: int, slower: float = 1.0) -> Quantile:
    return Quantile(np.sort(slower * np.random.default_rng(seed).lognormal(5, 0.5, n)), 0.95)


def _limits(before: Quantile, after: Quantile, *, relative: bool) -> tuple[float, float]:
    limits = compare(before, after, relative=relative).limits
    assert limits is not None
    return limits


@given(SEEDS, SEEDS, SIZES, SIZES, st.floats(0.3, 3))
def test_swapping_before_and_after_flips_the_sign(a: int, b: int, n: int, m: int, slower: float) -> None:
    old, new = _times(a, n), _times(b, m, slower)
    lower, upper = _limits(old, new, relative=False)
    assert _limits(new, old, relative=False) == pytest.approx((-upper, -lower), rel=1e-6, abs=1e-6)
    lower, upper = _limits(old, new, relative=True)
    assert _limits(new, old, relative=True) == pytest.approx(
        (1 / (1 + upper) - 1, 1 / (1 + lower) - 1), rel=1e-6, abs=1e-6
    )


@given(SEEDS, st.floats(0.6, 1.6), st.integers(0, 40), st.floats(0, 0.04))
@settings(max_examples=40, deadline=None)
def test_swapping_before_and_after_mirrors_every_absolute_verdict(
    seed: int, slower: float, calls: int, errors: float
) -> None:
    before = side(requests(300, seed=seed, errors=0.01))
    after = side(requests(300, seed=seed + 1, slower=slower, calls=calls, errors=errors))
    there, back = judge(before, after), judge(after, before)
    for forward, reverse in zip(there.findings, back.findings, strict=True):
        assert np.sign(forward.change or 0) == -np.sign(reverse.change or 0)
        if forward.kind == "absolute" and forward.policy.metric != "cache_hit_rate":
            assert reverse.verdict == MIRROR.get(forward.verdict, forward.verdict)


@given(SEEDS, SIZES, st.floats(0.01, 100))
def test_another_unit_of_time_changes_no_relative_interval(seed: int, n: int, factor: float) -> None:
    old, new = _times(seed, n), _times(seed + 1, n, 1.1)
    scaled = (Quantile(factor * reading.times, 0.95) for reading in (old, new))
    assert _limits(*scaled, relative=True) == pytest.approx(
        _limits(old, new, relative=True), rel=1e-6, abs=1e-7
    )


@given(SEEDS, SIZES, st.floats(0, 1e4))
def test_the_same_delay_on_both_sides_changes_no_absolute_interval(seed: int, n: int, delay: float) -> None:
    old, new = _times(seed, n), _times(seed + 1, n, 1.1)
    moved = (Quantile(delay + reading.times, 0.95) for reading in (old, new))
    assert _limits(*moved, relative=False) == pytest.approx(
        _limits(old, new, relative=False), rel=1e-6, abs=1e-6
    )


@given(SEEDS, SIZES, st.floats(1.0, 3.0))
def test_a_slower_after_never_looks_faster(seed: int, n: int, slower: float) -> None:
    old, new = _times(seed, n), _times(seed + 1, n)
    slowed = Quantile(slower * new.times, 0.95)
    pairs = zip(_limits(old, slowed, relative=True), _limits(old, new, relative=True), strict=True)
    assert all(more >= less - 1e-6 for more, less in pairs)


def _worth(finding: Finding) -> list[tuple[float, float] | None]:
    """What the requests of a finding are worth, and those of its groups."""
    return [one.effective for one in (finding, *finding.groups.values())]


@given(SEEDS, st.integers(100, 400))
@settings(max_examples=30, deadline=None)
def test_another_order_of_the_requests_changes_only_how_much_they_are_worth(seed: int, n: int) -> None:
    before, after = requests(n, seed=seed, hits=0.2), requests(n, seed=seed + 1, hits=0.6, slower=0.8)
    shuffled = after.at(np.random.default_rng(seed).permutation(n))
    there, here = (judge(side(before), side(one)).findings for one in (after, shuffled))
    for one, other in zip(there, here, strict=True):
        assert (one.before, one.after, one.change) == (other.before, other.after, other.change)
        same = (one.limits, one.verdict) == (other.limits, other.verdict)
        assert same or _worth(one) != _worth(other)


@given(SEEDS, st.integers(100, 400))
@settings(max_examples=30, deadline=None)
def test_time_that_runs_backwards_changes_nothing(seed: int, n: int) -> None:
    before, after = requests(n, seed=seed, hits=0.2), requests(n, seed=seed + 1, hits=0.6, slower=0.8)
    there = judge(side(before), side(after))
    back = judge(side(before.at(np.arange(n)[::-1])), side(after.at(np.arange(n)[::-1])))
    assert [finding.verdict for finding in there.findings] == [finding.verdict for finding in back.findings]
    for one, other in zip(there.findings, back.findings, strict=True):
        assert one.effective == pytest.approx(other.effective)
        assert one.limits == pytest.approx(other.limits)


COUNTS = st.integers(1, 5_000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@given(COUNTS, COUNTS)
def test_newcombes_interval_holds_the_difference_and_mirrors(
    before: tuple[int, int], after: tuple[int, int]
) -> None:
    lower, upper = newcombe_difference(before, after)
    change = after[0] / after[1] - before[0] / before[1]
    assert -1 - 1e-12 <= lower <= change + 1e-12
    assert change - 1e-12 <= upper <= 1 + 1e-12
    assert newcombe_difference(after, before) == pytest.approx((-upper, -lower), abs=1e-12)


@given(COUNTS)
def test_wilsons_interval_mirrors_when_errors_and_successes_change_places(counted: tuple[int, int]) -> None:
    count, n = counted
    lower, upper = wilson_limits(count, n)
    assert wilson_limits(n - count, n) == pytest.approx((1 - upper, 1 - lower), abs=1e-12)


MEANS = st.tuples(st.floats(0, 1e3), st.floats(0, 1e6), st.integers(2, 20_000))


@given(MEANS, MEANS, st.floats(-1e3, 1e3))
def test_welchs_interval_holds_the_difference_mirrors_and_moves_with_the_data(
    before: tuple[float, float, int], after: tuple[float, float, int], by: float
) -> None:
    lower, upper = welch_difference(before, after)
    assert lower <= after[0] - before[0] <= upper
    assert welch_difference(after, before) == pytest.approx((-upper, -lower))
    moved = welch_difference(before, (after[0] + by, *after[1:]))
    assert moved == pytest.approx((lower + by, upper + by), rel=1e-9, abs=1e-6)


WINDOWS = nps.arrays(np.float64, st.integers(5, 30), elements=st.floats(-1e6, 1e6))


@given(WINDOWS, WINDOWS, st.floats(-1e6, 1e6))
def test_the_shift_of_windows_lies_in_its_interval_mirrors_and_moves_with_the_data(
    before: np.ndarray, after: np.ndarray, by: float
) -> None:
    value, (lower, upper) = shift(before, after)
    assert lower <= value <= upper
    assert shift(after, before)[1] == (-upper, -lower)
    assert shift(before, after + by)[1] == pytest.approx((lower + by, upper + by), abs=1e-6)


@given(st.floats(-2, 2), st.floats(0, 2), st.floats(0, 1))
def test_a_verdict_for_better_higher_is_that_for_better_lower_mirrored(
    lower: float, width: float, allowed: float
) -> None:
    limits = (lower, lower + width)
    down, up = (against_limit(limits, allowed, better) for better in ("lower", "higher"))
    assert up == MIRROR.get(down, down)


ROWS = st.lists(
    st.tuples(
        st.just(0.0) | st.floats(0, 1e9),
        st.sampled_from([0, 200, 500]),
        st.sampled_from(["hit", "miss", None]),
        st.none() | st.integers(0, 2**31 - 1),
    ),
    max_size=30,
)


@st.composite
def _evidence(draw: st.DrawFn) -> Requests | Windows | Summary:
    kind = draw(st.sampled_from(["requests", "windows", "summary"]))
    if kind == "requests":
        columns = [list(column) for column in zip(*draw(ROWS), strict=True)] or [[], [], [], []]
        return Requests.from_columns(*columns)
    if kind == "windows":
        numbers = st.lists(st.none() | st.floats(0, 1e9) | st.just(float("inf")), max_size=12)
        shares = st.lists(st.none() | st.floats(0, 1), max_size=12)
        names = {"response_ms_p95": numbers, "db_calls": numbers, "error_rate": shares}
        return Windows.from_json(draw(st.fixed_dictionaries({}, optional=names)))
    n = draw(st.integers(0, 10**6))
    time = st.none() | st.floats(0, 1e9)
    return Summary.from_json(
        {
            "requests": n,
            "errors": draw(st.integers(0, n)),
            "response_ms": {"p95": draw(time)},
            "db_calls": {"mean": draw(time)},
        }
    )


def _eager(kind: Any) -> dict[str, Any]:
    return {name: replace(policy, minimum=1, kind=kind) for name, policy in METRICS.items()}


@given(_evidence(), _evidence(), st.sampled_from(["relative", "absolute"]))
@settings(max_examples=300, deadline=None)
def test_no_evidence_puts_nan_or_infinity_into_an_answer_or_a_sentence(
    before: Requests | Windows | Summary, after: Requests | Windows | Summary, kind: str
) -> None:
    # The floors of the quantiles are lifted by repeating the requests: extreme values, enough of them.
    before, after = (
        evidence.at(np.repeat(np.arange(len(evidence)), 50)) if isinstance(evidence, Requests) else evidence
        for evidence in (before, after)
    )
    answer = judge(side(before), side(after), _eager(kind)).to_json()
    text = json.dumps(answer, allow_nan=False)
    assert "nan" not in text.lower()
    assert "inf " not in text
    for found in answer["metrics"]:
        decided = found["verdict"] in {"regressed", "improved", "unchanged"}
        assert not decided or found["change"] is not None
        assert (found["interval"] is None) == (found["confidence"] is None)


@given(SEEDS)
@settings(max_examples=40, deadline=None)
def test_the_change_lies_in_its_interval(seed: int) -> None:
    for finding in judge(
        side(requests(600, seed=seed)), side(requests(600, seed=seed + 1, slower=1.1))
    ).findings:
        if finding.limits is not None:
            assert finding.change is not None
            assert finding.limits[0] <= finding.change + 1e-9
            assert finding.change - 1e-9 <= finding.limits[1]


@given(SEEDS, st.floats(0.01, 100), st.sampled_from(["response_ms_p95", "db_calls"]))
@settings(max_examples=30, deadline=None)
def test_another_unit_changes_no_verdict_of_windows(seed: int, factor: float, name: str) -> None:
    random = np.random.default_rng(seed)
    before, after = (level * np.exp(0.1 * random.normal(size=12)) for level in (100, 110))
    policies = {name: replace(METRICS[name], kind="relative", allowed=0.1)}

    def found(scale: float) -> Any:
        old, new = (side(Windows.from_json({name: (scale * series).tolist()})) for series in (before, after))
        return judge(old, new, policies).findings[0]

    plain, scaled = found(1.0), found(factor)
    assert plain.verdict == scaled.verdict
    assert plain.effective == pytest.approx(scaled.effective)
    assert plain.limits == pytest.approx(scaled.limits, rel=1e-6, abs=1e-9)


@given(SEEDS, st.floats(-100, 100))
def test_a_shift_of_both_sides_changes_no_dependence(seed: int, by: float) -> None:
    random = np.random.default_rng(seed)
    sides = [random.normal(size=12) for _ in range(2)]
    assert dependence.of_windows([side + by for side in sides]) == pytest.approx(dependence.of_windows(sides))
    assert dependence.of_requests(sides[0] + by) == pytest.approx(dependence.of_requests(sides[0]))
    assert dependence.of_requests(3 * sides[0]) == pytest.approx(dependence.of_requests(sides[0]))
