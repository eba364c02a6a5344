"""What is drawn once says at any time what it would say drawn anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.web.drawn import Drawn
from releasedesk.web.templatetags.desk import ago, moment, same_until, worded
from tests.builders import NOON, minutes

NEAR = st.timedeltas(-timedelta(days=9), timedelta(days=9)) | st.timedeltas(-timedelta(hours=2), minutes(2))
TIMES = st.builds(lambda apart: NOON + apart, NEAR)


@given(at=TIMES, now=TIMES, share=st.floats(0, 1, exclude_max=True))
def test_the_words_of_a_time_hold_as_long_as_is_said(at: datetime, now: datetime, share: float) -> None:
    until = same_until(at, now)
    assert now < until
    later = min(now + share * (until - now), until - timedelta.resolution)
    assert ago(at, later) == ago(at, now)


@given(shipped=st.lists(TIMES, max_size=3), looks=st.lists(TIMES, min_size=1, max_size=8))
def test_each_look_finds_the_words_of_its_own_instant(shipped: list[datetime], looks: list[datetime]) -> None:
    drawn = Drawn("<p>" + ", ".join(moment(at) for at in shipped) + "</p>")
    for now in looks:
        assert drawn.at(now) == "<p>" + ", ".join(worded(at, now) for at in shipped) + "</p>"


def test_minutes_pass_in_what_was_drawn_once() -> None:
    drawn = Drawn(f"shipped {moment(NOON)}")
    shown = [drawn.at(NOON + timedelta(seconds=seconds)) for seconds in (59, 60, 119, 120)]
    assert [text.split(">")[1].split("<")[0] for text in shown] == [
        "just now",
        "1 min ago",
        "1 min ago",
        "2 min ago",
    ]
    assert shown[1] is shown[2], "and is not put together again before"
    assert datetime.fromisoformat(shown[0].split('"')[1]) == NOON.astimezone(UTC)
