"""Freezes on the clock of a place: over midnight, over the ends of weeks and years, over changed clocks."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from releasedesk.releases.windows import (
    Dates,
    Span,
    Weekly,
    in_words,
    never_ends,
    next_span,
    span_at,
    spans,
    window_of,
)

QUARTER = timedelta(minutes=15)  # all times below and all changes of clocks fall on one
MONDAY, FRIDAY, SATURDAY, SUNDAY = 0, 4, 5, 6
BERLIN = "Europe/Berlin"


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def local(text: str) -> datetime:
    return datetime.fromisoformat(text)


def the_span(starts: str, ends: str) -> list[Span]:
    return [Span(utc(starts), utc(ends))]


def week_of(window: Weekly, day: str) -> list[Span]:
    """The spans that touch the seven days from this one on."""
    return spans(window, utc(day), utc(day) + timedelta(days=7))


def test_a_weekend_freeze_runs_from_friday_to_monday_on_the_clock_of_its_place() -> None:
    weekend = Weekly(BERLIN, (FRIDAY,), time(16), time(8), MONDAY)
    assert week_of(weekend, "2026-11-24") == the_span("2026-11-27T15:00", "2026-11-30T07:00")
    assert span_at(weekend, utc("2026-11-27T14:59:59")) is None
    assert span_at(weekend, utc("2026-11-27T15:00")) is not None
    assert span_at(weekend, utc("2026-11-30T07:00")) is None


def test_the_same_freeze_begins_an_hour_earlier_in_utc_in_summer() -> None:
    weekend = Weekly(BERLIN, (FRIDAY,), time(16), time(8), MONDAY)
    assert week_of(weekend, "2026-07-21") == the_span("2026-07-24T14:00", "2026-07-27T06:00")


def test_a_night_window_ends_on_the_next_day() -> None:
    nights = Weekly("UTC", (SUNDAY,), time(22), time(6))
    assert week_of(nights, "2026-11-26") == the_span("2026-11-29T22:00", "2026-11-30T06:00")


def test_a_whole_day_is_from_midnight_to_midnight() -> None:
    day = Weekly("UTC", (FRIDAY,), time(0), time(0))
    assert week_of(day, "2026-11-24") == the_span("2026-11-27T00:00", "2026-11-28T00:00")


def test_neighbouring_days_are_one_span_so_that_its_end_is_the_real_one() -> None:
    weekend = Weekly("UTC", (SATURDAY, SUNDAY), time(0), time(0))
    assert week_of(weekend, "2026-11-24") == the_span("2026-11-28T00:00", "2026-11-30T00:00")


# Berlin puts its clock forward on 2026-03-29 at 01:00 UTC (02:00 → 03:00), back on 2026-10-25 at 01:00 UTC.
@pytest.mark.parametrize(
    ("day", "starts", "ends", "expected"),
    [
        pytest.param(
            "2026-03-28", (2, 30), (5, 0), ("2026-03-29T01:00", "2026-03-29T03:00"), id="skipped start"
        ),
        pytest.param(
            "2026-03-28", (1, 0), (2, 30), ("2026-03-29T00:00", "2026-03-29T01:00"), id="skipped end"
        ),
        pytest.param(
            "2026-03-28", (1, 0), (4, 0), ("2026-03-29T00:00", "2026-03-29T02:00"), id="an hour short"
        ),
        pytest.param(
            "2026-10-24", (2, 30), (5, 0), ("2026-10-25T00:30", "2026-10-25T04:00"), id="first of two"
        ),
        pytest.param(
            "2026-10-24", (1, 0), (2, 30), ("2026-10-24T23:00", "2026-10-25T01:30"), id="last of two"
        ),
        pytest.param(
            "2026-10-24", (2, 0), (3, 0), ("2026-10-25T00:00", "2026-10-25T02:00"), id="an hour long"
        ),
    ],
)
def test_where_the_clock_is_changed(
    day: str, starts: tuple[int, int], ends: tuple[int, int], expected: tuple[str, str]
) -> None:
    window = Weekly(BERLIN, (SUNDAY,), time(*starts), time(*ends))
    assert spans(window, utc(day), utc(day) + timedelta(days=2)) == the_span(*expected)


def test_a_window_that_the_clock_skips_whole_does_not_occur() -> None:
    window = Weekly(BERLIN, (SUNDAY,), time(2, 10), time(2, 50))
    assert spans(window, utc("2026-03-28"), utc("2026-03-30")) == []
    assert spans(window, utc("2026-04-04"), utc("2026-04-06")) != []


def test_a_clock_that_is_changed_by_half_an_hour() -> None:
    # Lord Howe Island puts its clock forward by 30 minutes on 2026-10-04 at 15:30 UTC the day before.
    window = Weekly("Australia/Lord_Howe", (SUNDAY,), time(2, 15), time(4))
    assert spans(window, utc("2026-10-03"), utc("2026-10-04")) == the_span(
        "2026-10-03T15:30", "2026-10-03T17:00"
    )


def test_a_day_that_a_place_has_skipped() -> None:
    # Samoa went from the 29th to the 31st of December 2011 at 10:00 UTC on the 30th.
    dates = Dates("Pacific/Apia", local("2011-12-30T08:00"), local("2012-01-01T00:00"))
    assert spans(dates, utc("2011-12-29"), utc("2012-01-02")) == the_span(
        "2011-12-30T10:00", "2011-12-31T10:00"
    )


def test_dates_hold_once() -> None:
    dates = Dates(BERLIN, local("2026-12-20T18:00"), local("2027-01-03T08:00"))
    assert spans(dates, utc("2026-12-31"), utc("2030-01-01")) == the_span(
        "2026-12-20T17:00", "2027-01-03T07:00"
    )
    assert spans(dates, utc("2027-02-01"), utc("2030-01-01")) == []


def test_yearly_dates_come_again_over_the_new_year_and_not_before_the_first() -> None:
    dates = Dates("UTC", local("2026-12-20T00:00"), local("2027-01-03T00:00"), yearly=True)
    assert spans(dates, utc("2028-01-02"), utc("2028-01-04")) == the_span(
        "2027-12-20T00:00", "2028-01-03T00:00"
    )
    assert spans(dates, utc("2025-01-01"), utc("2026-12-20")) == []


def test_the_29th_of_february_is_the_first_of_march_in_other_years() -> None:
    dates = Dates("UTC", local("2028-02-29T00:00"), local("2028-03-02T00:00"), yearly=True)
    assert spans(dates, utc("2029-02-01"), utc("2029-04-01")) == the_span(
        "2029-03-01T00:00", "2029-03-02T00:00"
    )


def test_the_next_span_is_one_that_has_not_begun() -> None:
    nights = Weekly("UTC", tuple(range(7)), time(22), time(6))
    now = utc("2026-11-27T23:00")
    coming = next_span(nights, now, timedelta(days=2))
    assert coming == Span(utc("2026-11-28T22:00"), utc("2026-11-29T06:00"))
    assert next_span(nights, now, timedelta(hours=3)) is None


@pytest.mark.parametrize(
    ("window", "endless"),
    [
        (Weekly("UTC", tuple(range(7)), time(0), time(0)), True),
        (Weekly("UTC", (MONDAY,), time(8), time(8), MONDAY), True),
        (Weekly("UTC", tuple(range(7)), time(8), time(7, 59)), False),
        (Weekly("UTC", (MONDAY,), time(8), time(7, 59), MONDAY), False),
        (Weekly("UTC", (MONDAY, FRIDAY), time(8), time(8), FRIDAY), True),
    ],
)
def test_a_window_over_the_whole_week_is_known_for_a_lock(window: Weekly, endless: bool) -> None:
    assert never_ends(window) is endless


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (
            {"kind": "weekly", "days": ["friday"], "starts": "16:00", "ends": "08:00", "ends_on": "monday"},
            "every Friday 16:00 to Monday 08:00, Europe/Berlin",
        ),
        (
            {"kind": "weekly", "days": ["tuesday", "monday"], "starts": "22:00", "ends": "06:00"},
            "every Monday and Tuesday 22:00 to 06:00, Europe/Berlin",
        ),
        (
            {"kind": "dates", "starts": "2026-12-20T18:00", "ends": "2027-01-03T08:00"},
            "20 Dec 2026 18:00 to 3 Jan 2027 08:00, Europe/Berlin",
        ),
        (
            {"kind": "dates", "starts": "2026-12-20T18:00", "ends": "2027-01-03T08:00", "yearly": True},
            "every year 20 Dec 18:00 to 3 Jan 08:00, Europe/Berlin",
        ),
    ],
)
def test_a_window_is_said_as_people_say_it(kept: dict[str, object], said: str) -> None:
    assert in_words(window_of({**kept, "timezone": BERLIN})) == said


ZONES = st.sampled_from(
    [
        "Europe/Berlin",
        "America/New_York",
        "America/St_Johns",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
        "Africa/Casablanca",
        "America/Santiago",
        "Asia/Tehran",
        "Pacific/Chatham",
        "UTC",
    ]
)
QUARTERS = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
WEEKLY = st.builds(
    Weekly,
    ZONES,
    st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days))),
    QUARTERS,
    QUARTERS,
    st.none() | st.integers(0, 6),
).filter(lambda window: not never_ends(window))
# Beginnings of weeks in which some of these zones change their clock.
DAYS = st.sampled_from(
    [utc(day) for day in ("2026-03-05", "2026-03-26", "2026-04-02", "2026-09-24", "2026-10-22", "2026-10-29")]
)


def by_the_quarter(window: Weekly, since: datetime, until: datetime) -> list[datetime]:
    """The quarters that hold, found by looking at the clock on the wall, day by day."""
    zone = ZoneInfo(window.zone)
    lookback = timedelta(days=10)
    clock = []
    at = since - lookback
    while at < until + timedelta(days=9):
        clock.append((at, at.astimezone(zone).replace(tzinfo=None, fold=0)))
        at += QUARTER
    dates = sorted({reading.date() for _, reading in clock})
    held: set[datetime] = set()
    for day in dates[1:-9]:
        if day.weekday() not in window.days:
            continue
        nights = window._nights(day.weekday())
        starts = datetime.combine(day, window.starts)
        ends = datetime.combine(day, window.ends) + timedelta(days=nights)
        begun = next(at for at, reading in clock if reading >= starts)
        read_so = [at for at, reading in clock if reading == ends]
        ended = read_so[-1] if read_so else next(at for at, reading in clock if reading > ends)
        held |= {at for at, _ in clock if begun <= at < ended}
    return sorted(at for at in held if since <= at < until)


@settings(max_examples=40, deadline=None)
@given(window=WEEKLY, since=DAYS)
def test_a_window_holds_in_exactly_the_quarters_a_clock_on_the_wall_says(
    window: Weekly, since: datetime
) -> None:
    until = since + timedelta(days=5)
    found = spans(window, since, until)
    quarters = [
        at
        for at in (since + number * QUARTER for number in range(int((until - since) / QUARTER)))
        if any(span.holds(at) for span in found)
    ]
    assert quarters == by_the_quarter(window, since, until)


@settings(deadline=None)
@given(window=WEEKLY, since=DAYS, hours=st.integers(0, 400))
def test_spans_are_in_order_apart_and_the_same_from_wherever_one_looks(
    window: Weekly, since: datetime, hours: int
) -> None:
    found = spans(window, since, since + timedelta(days=21))
    assert all(span.starts < span.ends for span in found)
    assert all(one.ends < other.starts for one, other in pairwise(found))
    at = since + timedelta(hours=hours)
    assert span_at(window, at) == next((span for span in found if span.holds(at)), None)
    coming = next_span(window, at, timedelta(days=8))
    if hours < 24 * 12:
        assert coming == next(
            (span for span in found if span.starts > at and span.starts < at + timedelta(days=8)), None
        )
