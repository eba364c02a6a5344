"""When a recurring freeze holds: windows on the clock of a place, turned into spans of real time. Pure.

A window says what the clock on the wall reads. Where that clock is changed, the rule is: a window begins the
first time the clock reads its beginning and ends the last time it reads its end; a time the clock skips is
the instant at which it is put forward. So in doubt a freeze is longer, never shorter.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WEEK = timedelta(days=7)
SECOND = timedelta(seconds=1)
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
LONGEST_YEARLY = timedelta(days=364)
YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From an instant to another, which is not part of it. Both in UTC."""

    starts: datetime
    ends: datetime

    def holds(self, at: datetime) -> bool:
        """Whether the instant lies in it."""
        return self.starts <= at < self.ends


@dataclass(frozen=True, slots=True)
class Weekly:
    """Every week, from a time on each of these days (0 is Monday) until the next time the clock reads `ends`.

    `ends_on` names the weekday of the end; None is the same day, or the next one where `ends` is not later.
    """

    zone: str
    days: tuple[int, ...]
    starts: time
    ends: time
    ends_on: int | None = None

    def between(self, since: datetime, until: datetime) -> Iterator[Span]:
        """The spans that touch this stretch of time, not merged, in the order of their days."""
        zone = ZoneInfo(self.zone)
        first, last = _local_date(since, zone) - WEEK - DAY, _local_date(until, zone) + DAY
        for number in range((last - first).days + 1):
            day = first + number * DAY
            if day.weekday() in self.days:
                end = day + self._nights(day.weekday()) * DAY
                yield from _span(datetime.combine(day, self.starts), datetime.combine(end, self.ends), zone)

    def _nights(self, starts_on: int) -> int:
        """How many midnights lie between the day it begins and the day it ends."""
        later = self.ends > self.starts
        if self.ends_on is None:
            return 0 if later else 1
        return (self.ends_on - starts_on) % 7 or (0 if later else 7)


@dataclass(frozen=True, slots=True)
class Dates:
    """From one date and time on the wall to another; `yearly` repeats it every year from then on.

    The 29th of February is the 1st of March in a year that has none.
    """

    zone: str
    starts: datetime
    ends: datetime
    yearly: bool = False

    def between(self, since: datetime, until: datetime) -> Iterator[Span]:
        """The spans that touch this stretch of time."""
        zone = ZoneInfo(self.zone)
        if not self.yearly:
            yield from _span(self.starts, self.ends, zone)
            return
        first = max(self.starts.year, _local_date(since, zone).year - 1)
        for year in range(first, _local_date(until, zone).year + 1):
            moved = year - self.starts.year
            yield from _span(_in_year(self.starts, moved), _in_year(self.ends, moved), zone)

    @property
    def last_end(self) -> datetime | None:
        """When it is over for good; None where it comes again."""
        return None if self.yearly else _last(self.ends, ZoneInfo(self.zone))


Window = Weekly | Dates


def window_of(kept: Mapping[str, Any]) -> Window:
    """Read a window as it is kept and as the API says it (`releases.bodies.WindowBody`)."""
    if kept["kind"] == "weekly":
        ends_on = WEEKDAYS.index(kept["ends_on"]) if kept.get("ends_on") else None
        days = tuple(WEEKDAYS.index(day) for day in kept["days"])
        starts, ends = time.fromisoformat(kept["starts"]), time.fromisoformat(kept["ends"])
        return Weekly(kept["timezone"], days, starts, ends, ends_on)
    starts_at, ends_at = datetime.fromisoformat(kept["starts"]), datetime.fromisoformat(kept["ends"])
    return Dates(kept["timezone"], starts_at, ends_at, bool(kept.get("yearly")))


def in_words(window: Window) -> str:
    """Say it as people do: "every Friday 16:00 to Monday 08:00, Europe/Berlin"."""
    if isinstance(window, Dates):
        year = "" if window.yearly else " %Y"
        starts, ends = (f"{at:%-d %b{year} %H:%M}" for at in (window.starts, window.ends))
        return f"{'every year ' if window.yearly else ''}{starts} to {ends}, {window.zone}"
    if len(window.days) == len(WEEKDAYS):
        return f"every day {window.starts:%H:%M} to {window.ends:%H:%M}, {window.zone}"
    days = _listed([WEEKDAYS[day].capitalize() for day in sorted(window.days)])
    on = f"{WEEKDAYS[window.ends_on].capitalize()} " if window.ends_on is not None else ""
    return f"every {days} {window.starts:%H:%M} to {on}{window.ends:%H:%M}, {window.zone}"


def spans(window: Window, since: datetime, until: datetime) -> list[Span]:
    """The spans that touch [since, until), in order; what overlaps or adjoins is one."""
    return [
        span
        for span in _merged(window.between(since - WEEK, until + WEEK))
        if span.starts < until and since < span.ends
    ]


def span_at(window: Window, at: datetime) -> Span | None:
    """The span that holds at this instant."""
    return next((span for span in spans(window, at, at + SECOND) if span.holds(at)), None)


def next_span(window: Window, at: datetime, within: timedelta) -> Span | None:
    """The first span that begins after this instant and no later than `within` from it."""
    within = min(within, WEEK + DAY) if isinstance(window, Weekly) else within  # it comes every week
    return next((span for span in spans(window, at, at + within) if span.starts > at), None)


def never_ends(window: Weekly) -> bool:
    """Whether it covers the whole week, so that it is no window but a lock."""
    start = datetime(2024, 1, 1, tzinfo=UTC)
    plain = Weekly("UTC", window.days, window.starts, window.ends, window.ends_on)
    return any(span.ends - span.starts > WEEK + DAY for span in spans(plain, start, start + 4 * WEEK))


def _listed(names: list[str]) -> str:
    return ", ".join(names[:-1]) + " and " + names[-1] if len(names) > 1 else names[0]


def _local_date(at: datetime, zone: ZoneInfo) -> date:
    return at.astimezone(zone).date()


def _span(starts: datetime, ends: datetime, zone: ZoneInfo) -> Iterator[Span]:
    """The span between two readings of the clock; none where the clock skips all of it."""
    span = Span(_first(starts, zone), _last(ends, zone))
    if span.starts < span.ends:
        yield span


def _first(reading: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which the clock of this zone reads so, or at which it skips that."""
    early = reading.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return early if _reads(early, zone) == reading else _put_forward(reading, zone)


def _last(reading: datetime, zone: ZoneInfo) -> datetime:
    """The last such instant."""
    late = reading.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return late if _reads(late, zone) == reading else _put_forward(reading, zone)


def _reads(at: datetime, zone: ZoneInfo) -> datetime:
    return at.astimezone(zone).replace(tzinfo=None, fold=0)


def _put_forward(skipped: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clock jumps over this reading, found by halving."""
    before = skipped.replace(tzinfo=zone, fold=1).astimezone(UTC)  # PEP 495: read with the offset of after
    after = skipped.replace(tzinfo=zone, fold=0).astimezone(UTC)
    seconds = range(int((after - before).total_seconds()) + 1)
    jump = bisect_left(seconds, True, key=lambda count: _reads(before + count * SECOND, zone) > skipped)
    return before + jump * SECOND


def _in_year(reading: datetime, moved: int) -> datetime:
    try:
        return reading.replace(year=reading.year + moved)
    except ValueError:  # the 29th of February
        return reading.replace(year=reading.year + moved, month=3, day=1)


def _merged(found: Iterable[Span]) -> list[Span]:
    merged: list[Span] = []
    for span in sorted(found):
        if merged and span.starts <= merged[-1].ends:
            merged[-1] = Span(merged[-1].starts, max(merged[-1].ends, span.ends))
        else:
            merged.append(span)
    return merged
