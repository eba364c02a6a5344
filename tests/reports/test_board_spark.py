"""The geometry of a sparkline."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.reports.spark import HEIGHT, WIDTH, sparkline


def test_nothing_measured_draws_nothing() -> None:
    assert sparkline([]) is None
    assert sparkline([None, None]) is None


def test_a_release_nobody_measured_breaks_the_line() -> None:
    spark = sparkline([100, 110, None, 120])
    assert spark is not None
    assert spark.path.count("M") == 2
    assert spark.path.endswith("h0"), "a point between breaks is a dot"
    assert spark.gaps.count("M") == 1
    assert spark.words == "p95 of the last 4 releases, in ms: 100, 110, not measured, 120"


def test_a_flat_line_lies_in_the_middle() -> None:
    spark = sparkline([100, 100])
    assert spark is not None
    assert spark.path == "M0 13 96 13"


@given(st.lists(st.none() | st.floats(0.1, 1e6), max_size=12))
def test_everything_drawn_lies_within_the_box(values: list[float | None]) -> None:
    spark = sparkline(values)
    if spark is None:
        assert not any(value is not None for value in values)
        return
    assert 0 <= spark.x <= WIDTH
    assert 0 <= spark.y <= HEIGHT
    assert spark.gaps.count("M") == sum(value is None for value in values)
    points = spark.path.replace("h0", "").replace("M", "").split()
    assert len(points) == 2 * sum(value is not None for value in values)
    assert all(0 <= float(x) <= WIDTH for x in points[::2])
    assert all(0 <= float(y) <= HEIGHT for y in points[1::2])
