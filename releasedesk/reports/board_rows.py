"""The rows of the board: what was read becomes what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from releasedesk.catalog.models import Environment, Tier
from releasedesk.measurements.judge import Verdict, worst
from releasedesk.releases.history import LOST_AFTER, Status
from releasedesk.reports.board_facts import (
    Attempt,
    Candidate,
    Compared,
    Facts,
    Listed,
    LiveFacts,
    Owed,
    Shipment,
)
from releasedesk.reports.board_reading import NOTES_WITHIN, read
from releasedesk.reports.board_ways import Way, ways
from releasedesk.reports.spark import Spark, sparkline
from releasedesk.reports.verdicts import NOT_MEASURED, State, state_of
from releasedesk.reports.wording import Mark, comparison_mark
from releasedesk.rollbacks.course import LEFT_OPEN_AFTER
from releasedesk.rollbacks.readiness import Code
from releasedesk.rollbacks.triggers import met

NOTE_DUE_AFTER = timedelta(hours=24)
RECENT = timedelta(hours=24)
DAY = timedelta(days=1)
INSTANT = timedelta(microseconds=1)
SPARKLINE = 10
PENDING_AT_MOST = 3
_STATES, _CODES = list(State), list(Code)


@dataclass(frozen=True, slots=True)
class Place:
    """One service in one environment: the last success, and the latest attempt where that is another one."""

    environment: Environment
    live: LiveFacts | None
    attempt: Attempt | None
    status: Status | None
    compared: Compared | None
    state: State

    @property
    def verdict(self) -> str:
        """The worst verdict here on what is live here."""
        return self.compared.verdict if self.compared else NOT_MEASURED

    @property
    def is_production(self) -> bool:
        """Whether users are here."""
        return self.environment.tier == Tier.PRODUCTION


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One service. `places` are in the order on the way to production.

    Of several productions `production` is where what is live is in the worst state, and `way` the worst way
    back. Read at `at`, the row says the same up to and with `until` if nothing is reported; `shipped` are
    those of that day.
    """

    service: Listed
    places: tuple[Place, ...]
    production: Place | None
    way: Way | None
    mark: Mark
    spark: Spark | None
    triggers_met: tuple[str, ...]
    pending: tuple[Candidate, ...]
    pending_in: str
    notes_due: tuple[Owed, ...]
    shipped: tuple[Shipment, ...]
    at: datetime
    until: datetime

    @property
    def live(self) -> LiveFacts | None:
        """What users have."""
        return self.production.live if self.production else None

    @property
    def comparison(self) -> Compared | None:
        """What the judge says of what users have."""
        return self.production.compared if self.production else None

    def shipped_today(self, now: datetime) -> list[Shipment]:
        """What went forward in production on the day of `now`, which is one of UTC."""
        return [shipment for shipment in self.shipped if shipment.at.date() == now.date()]

    @property
    def state(self) -> State:
        """The state of what is live in production."""
        return self.production.state if self.production else State.PLANNED

    @property
    def offer_rollback(self) -> bool:
        """Say whether going back is what one would do now: it is suspect, and there is a way."""
        return self.state == State.SUSPECT and self.way is not None and self.way.target is not None

    @property
    def is_stuck(self) -> bool:
        """Whether users have something that cannot be rolled back yet."""
        return self.live is not None and self.way is not None and not self.way.readiness.ready

    @property
    def waiting(self) -> str:
        """Say what waits: "2 waiting for production, 7 changes"."""
        changes = self.changes_waiting
        told = f", {changes} change{'s' if changes > 1 else ''}" if changes else ""
        return f"{len(self.pending)} waiting for production{told}"

    @property
    def changes_waiting(self) -> int:
        """How many commits wait for production, as far as they were reported."""
        return sum(release.changes for release in self.pending)


def rows_of(services: Sequence[Listed], environments: Sequence[Environment], now: datetime) -> list[Row]:
    """Make the rows of these services in two queries; three where a target lies far back."""
    facts = read(services, environments, now)
    productions = [place for place in environments if place.tier == Tier.PRODUCTION]
    found = ways(services, productions, facts, now)
    return [
        _row(
            service,
            tuple(_place(service, place, facts, now) for place in environments),
            [found[service.pk, place.pk] for place in productions],
            facts,
            now,
        )
        for service in services
    ]


def _row(service: Listed, places: tuple[Place, ...], ways: Sequence[Way], facts: Facts, now: datetime) -> Row:
    productions = [place for place in places if place.is_production]
    used = [place for place in productions if place.live] or productions
    production = min(used, key=lambda place: _STATES.index(place.state), default=None)
    way = min([way for way in ways if way.live] or ways, key=_badness, default=None)
    compared = production.compared if production else None
    pending, pending_in = _pending([place for place in places if not place.is_production], used)
    owed = {one.version: one for place in used if place.live for one in place.live.owed}
    return Row(
        service=service,
        places=places,
        production=production,
        way=way,
        mark=comparison_mark(*((compared.verdict, compared.result) if compared else (NOT_MEASURED, None))),
        spark=_spark(production.live) if production and production.live else None,
        triggers_met=_met(way, compared),
        pending=tuple(pending),
        pending_in=pending_in,
        notes_due=tuple(sorted(owed.values(), key=lambda one: one.first_at)),
        shipped=tuple(facts.shipped.get(service.pk, ())),
        at=now,
        until=min(at for at in _changes(places, ways, now) if at >= now),
    )


def _badness(way: Way) -> int:
    reasons = way.readiness.reasons
    return _CODES.index(reasons[0].code) if reasons else len(_CODES)


def _place(service: Listed, environment: Environment, facts: Facts, now: datetime) -> Place:
    spot = service.pk, environment.pk
    live = facts.live.get(spot)
    attempt = next((attempt for attempt in facts.attempts.get(spot, ()) if attempt.latest), None)
    compared = live.compared if live else ()
    return Place(
        environment=environment,
        live=live,
        attempt=attempt,
        status=attempt.status_at(now) if attempt else None,
        compared=_worst(one for one in compared if one.environment == environment.pk),
        state=_state(live, compared) if live else State.PLANNED,
    )


def _worst(compared: Iterable[Compared]) -> Compared | None:
    by_verdict = {cast("Verdict", one.verdict): one for one in compared}
    return by_verdict.get(worst(by_verdict))


def _state(live: LiveFacts, compared: Sequence[Compared]) -> State:
    measured = max((one.order for one in compared), default=None)
    decisive = _worst(one for one in compared if one.order == measured)
    highest = max(live.stands.values(), key=lambda place: place.order)
    return state_of(decisive.verdict if decisive else NOT_MEASURED, highest.tier, marked=highest.marked)


def _pending(before: Sequence[Place], productions: Sequence[Place]) -> tuple[list[Candidate], str]:
    """What waits for a production, the newest first, and the environment in which it waits."""
    for place in reversed(before):
        if place.live is None:
            continue
        waiting = [
            one
            for one in place.live.candidates
            if any(_waits(one, place, production) for production in productions)
        ]
        if waiting:
            return waiting[:PENDING_AT_MOST], place.environment.name
    return [], ""


def _waits(release: Candidate, place: Place, production: Place) -> bool:
    """Say whether it came to a place after what production has, and never to production itself.

    Ranks are compared where both have stood; what went to production past the place counts from when it did.
    """
    if production.environment.pk in release.reached:
        return False
    shipped = production.live
    if shipped is None:
        return True
    same = shipped.stands.get(place.environment.pk)
    return release.rank > same.rank if same else release.rank[0] > shipped.since


def _spark(live: LiveFacts) -> Spark | None:
    return sparkline(list(reversed(live.p95[:SPARKLINE])))


def _met(way: Way | None, compared: Compared | None) -> tuple[str, ...]:
    """Which of the plan's own triggers the last numbers of what is live meet."""
    if way is None or way.plan is None or compared is None:
        return ()
    numbers = {metric["metric"]: metric["after"] for metric in compared.result["metrics"]}
    return tuple(met(way.plan.triggers, numbers))


def _changes(places: Sequence[Place], ways: Sequence[Way], now: datetime) -> Iterator[datetime]:
    """The last instants before something changes without anything being reported."""
    yield now + DAY  # if nothing else
    for way in ways:
        if way.stale_at:
            yield way.stale_at
        if way.plan and way.plan.rehearsed:
            finished_at = way.plan.rehearsed.brief.finished_at
            yield finished_at + ((now - finished_at) // DAY + 1) * DAY - INSTANT  # a day older
    for place in places:
        if place.live:
            yield place.live.since + RECENT
            yield from (one.asked.at + RECENT for one in place.live.candidates if one.asked)
            if place.live.run:
                yield place.live.run.since + LEFT_OPEN_AFTER
            yield from (one.first_at + NOTE_DUE_AFTER for one in place.live.owed)
            yield from (one.first_at + NOTES_WITHIN for one in place.live.owed)
        if place.attempt:
            yield place.attempt.at + RECENT
            yield place.attempt.at + LOST_AFTER
