"""The geometry of a metric over the releases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.reports.course import HEIGHT, MOST, WIDTH, Judged, course
from tests.builders import NOON


def a_release(number: int, after: float | None, verdict: str = "unchanged", *, back: bool = False) -> Judged:
    metric: dict[str, Any] | None = None if after is None else {"after": after, "verdict": verdict}
    return Judged(f"1.{number}", NOON + timedelta(days=number), rolled_back=back, metric=metric)


def test_nothing_measured_draws_nothing() -> None:
    assert course("p95", "ms", []) is None
    assert course("p95", "ms", [a_release(0, None)]) is None


def test_a_release_nobody_measured_breaks_the_line_and_is_said() -> None:
    drawn = course(
        "p95", "ms", [a_release(0, 190), a_release(1, None), a_release(2, 249.4, "regressed", back=True)]
    )
    assert drawn is not None
    assert drawn.path.count("M") == 2
    assert [stop.tone for stop in drawn.stops] == ["idle", "idle", "bad"]
    assert drawn.rolled_back
    assert drawn.words == (
        "p95 after the last 3 releases: 1.0 190 ms, 1.1 not measured, 1.2 249 ms (rolled back)."
    )


def test_shares_are_drawn_in_percent() -> None:
    drawn = course("Error rate", "share", [a_release(0, 0.005), a_release(1, 0.012)])
    assert drawn is not None
    assert [stop.value for stop in drawn.stops] == ["0.50 %", "1.2 %"]
    assert [tick.words for tick in drawn.up] == ["0", "0.5", "1", "1.5"]


@given(st.lists(st.none() | st.floats(0, 1e6), max_size=40))
def test_everything_drawn_lies_within_the_box_and_only_the_newest_are(values: list[float | None]) -> None:
    drawn = course("p95", "ms", [a_release(number, value) for number, value in enumerate(values)])
    if drawn is None:
        assert not any(value is not None for value in values[-MOST:])
        return
    assert len(drawn.stops) == min(len(values), MOST)
    assert all(0 <= stop.x <= WIDTH and (stop.y is None or 0 <= stop.y <= HEIGHT) for stop in drawn.stops)
    assert drawn.stops[-1].label, "the newest is always named"
    assert 2 <= len(drawn.up) <= 7
