"""What stops shipping, and what will: for a service's pages, the board and the calendar of locks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Service
from releasedesk.operations.compiled import CompiledRows, compiled_rows, stand_in_time
from releasedesk.releases.lock_times import FOR_EVER, SOON
from releasedesk.releases.models import Lock, coming, holding
from releasedesk.releases.windows import Span

DAYS = 14


@dataclass(frozen=True, slots=True)
class Hold:
    """A lock and a span in which it holds. `ends` is None where only somebody can end it."""

    lock: Lock
    starts: datetime
    ends: datetime | None

    @classmethod
    def of(cls, pair: tuple[Lock, Span]) -> Hold:
        """Make one of what the model says."""
        row, span = pair
        return cls(row, span.starts, None if span.ends == FOR_EVER else span.ends)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What holds now, what stops before what warns; and what begins within a day, the soonest first.

    `until` is the last instant at which this says the same if nobody locks or ends anything.
    """

    now: tuple[Hold, ...]
    soon: tuple[Hold, ...]
    until: datetime | None

    @property
    def stopped(self) -> tuple[str, ...]:
        """Where shipping is stopped just now, each place once however many locks hold there."""
        return tuple(dict.fromkeys(hold.lock.scope for hold in self.now if hold.lock.kind == Lock.Kind.BLOCK))

    @property
    def warned(self) -> tuple[str, ...]:
        """Where shipping is warned about just now, and not stopped."""
        places = dict.fromkeys(hold.lock.scope for hold in self.now)
        return tuple(place for place in places if place not in self.stopped)


def locks_ahead(rows: Iterable[Lock], *, now: datetime) -> Ahead:
    """Sort locks by whether they hold."""
    locks = list(rows)
    held = tuple(map(Hold.of, holding(locks, now)))
    later = tuple(map(Hold.of, coming(locks, now, 2 * SOON)))
    changes = [hold.ends for hold in held if hold.ends]
    changes += [hold.starts if hold.starts <= now + SOON else hold.starts - SOON for hold in later]
    return Ahead(
        held,
        tuple(hold for hold in later if hold.starts <= now + SOON),
        min(changes) - timedelta.resolution if changes else None,
    )


def locks_on(service: Service, *, now: datetime) -> Ahead:
    """What stops this service anywhere, in one query."""
    rows = Lock.objects.standing(now).on(service).select_related("service", "environment")
    return locks_ahead(rows, now=now)


def locks_on_all(services: Iterable[int], *, now: datetime) -> Ahead:
    """What stops any of these (by their ids), or all services at once, in one query."""
    reached = {*services, None}
    rows = _standing().all(now=now)
    return locks_ahead((row for row in rows if row.service_id in reached), now=now)


@cache
def _standing() -> CompiledRows[Lock]:
    """Every lock that stands, a query written once: every board asks it."""
    now = stand_in_time(1)
    return compiled_rows(Lock.objects.standing(now).select_related("service", "environment"), {"now": now})


@dataclass(frozen=True, slots=True)
class Part:
    """What of a hold lies in one day, on the clock of the page; whole days have neither beginning nor end."""

    lock: Lock
    starts: time | None
    ends: time | None


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the calendar."""

    date: date
    parts: tuple[Part, ...]


def calendar(rows: Sequence[Lock], zone: str, *, now: datetime, days: int = DAYS) -> tuple[Day, ...]:
    """The coming days on the clock of a zone, each with what holds in it."""
    place = ZoneInfo(zone)
    first = now.astimezone(place).date()
    return tuple(_day(first + timedelta(days=number), rows, place) for number in range(days))


def holds_between(rows: Iterable[Lock], since: datetime, until: datetime) -> list[Hold]:
    """Every span that touches this stretch of time, in order, for a calendar elsewhere."""
    found = [Hold.of((row, span)) for row in rows for span in row.term.between(since, until)]
    return sorted(found, key=lambda hold: (hold.starts, hold.lock.pk))


def clock_of(actor: Actor) -> str:
    """The time zone of the reader's team; where there are several, of the first by name."""
    teams = Team.objects.filter(pk__in=actor.team_ids)
    return teams.values_list("timezone", flat=True).first() or "UTC"


def _day(day: date, rows: Sequence[Lock], zone: ZoneInfo) -> Day:
    midnight = datetime.combine(day, time(), zone)
    next_midnight = datetime.combine(day + timedelta(days=1), time(), zone)
    parts = []
    for row in rows:
        for span in row.term.between(midnight, next_midnight):
            starts = span.starts.astimezone(zone).time() if span.starts > midnight else None
            ends = span.ends.astimezone(zone).time() if span.ends < next_midnight else None
            parts.append(Part(row, starts, ends))
    return Day(day, tuple(sorted(parts, key=lambda part: (part.starts or time(), part.lock.pk))))
