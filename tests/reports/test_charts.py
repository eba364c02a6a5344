"""Charts: everything inside, in proportion, and said in words."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.reports.charts import INTERVAL_WIDTH, amount, distribution, interval

finite = st.floats(-1e6, 1e6, allow_nan=False)


def a_metric(**fields: Any) -> dict[str, Any]:
    return {
        "label": "Response time, p95",
        "change": 0.31,
        "change_kind": "relative",
        "unit": "ms",
        "interval": [0.24, 0.37],
        "confidence": 0.95,
        "allowed": 0.1,
        "verdict": "regressed",
        **fields,
    }


@given(low=finite, middle=finite, high=finite, allowed=st.floats(0, 1e6))
def test_band_interval_and_dot_always_fit_into_the_chart_in_their_order(
    low: float, middle: float, high: float, allowed: float
) -> None:
    low, middle, high = sorted((low, middle, high))

    drawn = interval(a_metric(change=middle, interval=[low, high], allowed=allowed))

    assert drawn is not None
    assert 0 <= drawn.from_x <= drawn.dot_x <= drawn.until_x <= INTERVAL_WIDTH
    assert drawn.band_x >= 0
    assert drawn.band_width >= 0
    assert drawn.band_x + drawn.band_width <= INTERVAL_WIDTH
    assert abs(drawn.band_x + drawn.band_width / 2 - drawn.zero_x) < 0.02


def test_an_interval_past_the_limit_is_drawn_outside_the_band() -> None:
    drawn = interval(a_metric())

    assert drawn is not None
    assert drawn.from_x > drawn.band_x + drawn.band_width
    assert drawn.tone == "bad"
    assert drawn.words == "Response time, p95: +31 %, 95 % interval +24 % to +37 %; allowed ±10 %"


def test_an_aggregate_has_a_dot_and_no_line() -> None:
    drawn = interval(a_metric(interval=None, confidence=None))

    assert drawn is not None
    assert drawn.from_x == drawn.dot_x == drawn.until_x
    assert "interval" not in drawn.words


def test_what_was_not_compared_is_not_drawn() -> None:
    assert interval(a_metric(change=None, interval=None)) is None


def test_a_change_is_written_in_the_unit_of_its_limit() -> None:
    assert amount(a_metric(), -0.62) == "\N{MINUS SIGN}62 %"
    assert amount(a_metric(change_kind="absolute", unit="share"), 0.0004) == "+0.04 pt"
    assert amount(a_metric(change_kind="absolute", unit="calls"), -19.24) == "\N{MINUS SIGN}19.2"
    assert amount(a_metric(), 0.0) == "0 %"


times = st.lists(st.floats(0.01, 1e6), min_size=1, max_size=300)


@given(before=times, after=times)
def test_both_curves_stay_in_the_plot_and_rise(before: list[float], after: list[float]) -> None:
    drawn = distribution(before, after)

    assert drawn is not None
    for curve in drawn.curves:
        places = [tuple(map(float, place.split())) for place in curve.path.removeprefix("M").split("L")]
        assert all(34 <= x <= 635 for x, _ in places)
        assert all(8 <= y <= 152 for _, y in places)
        assert [x for x, _ in places] == sorted(x for x, _ in places)
        assert [y for _, y in places] == sorted((y for _, y in places), reverse=True)
    assert 4 <= len(drawn.across) <= 11


def test_a_distribution_says_its_quantiles_in_words() -> None:
    drawn = distribution([100.0] * 100, [50.0] * 100)

    assert drawn is not None
    assert drawn.words == (
        "Half of the requests took at most 100 ms before and 50 ms after; "
        "95 % took at most 100 ms before and 50 ms after."
    )


def test_without_one_side_there_is_no_distribution() -> None:
    assert distribution([], [1.0]) is None


def test_an_open_interval_reaches_from_edge_to_edge_and_says_so() -> None:
    drawn = interval(a_metric(interval=[None, None]))

    assert drawn is not None
    assert drawn.is_open
    assert (drawn.from_x, drawn.until_x) == (5, INTERVAL_WIDTH - 5)
    assert drawn.words == "Response time, p95: +31 %, with no 95 % interval; allowed ±10 %"


def test_a_distribution_has_the_numbers_behind_it() -> None:
    drawn = distribution([100.0] * 100, [50.0] * 99 + [4000.0])

    assert drawn is not None
    assert drawn.rows == (
        ("requests", ("100", "100")),
        ("p50", ("100 ms", "50 ms")),
        ("p95", ("100 ms", "50 ms")),
        ("p99", ("100 ms", "89.5 ms")),
        ("slowest", ("100 ms", "4000 ms")),
    )
    assert [len(curve.marks) for curve in drawn.curves] == [3, 3]
