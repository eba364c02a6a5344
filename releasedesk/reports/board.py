"""The board: what is live, is it all right, can we go back, what waits, who owes what."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment, Service, Tier
from releasedesk.deliveries.models import Delivery, Outcome
from releasedesk.problems.near import near
from releasedesk.problems.problem import FieldError, invalid
from releasedesk.releases.history import LOST_AFTER, Status
from releasedesk.releases.models import Live
from releasedesk.reports.board_rows import Place, Row, rows_of
from releasedesk.reports.needs import NOTE_DUE_AFTER, Need, needs_of
from releasedesk.reports.verdicts import State

SHOWN = {Tier.STAGING, Tier.PRODUCTION}


@dataclass(frozen=True, slots=True)
class Filters:
    """What part of the board is asked for. They live in the URL."""

    team: str = ""
    service: str = ""
    state: str = ""
    mine: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """Read the query string. Raises 422 for a filter or a value that does not exist, naming near ones."""
        names = ("team", "service", "state", "mine")
        expected = f"one of: {', '.join(names)}"
        wrong = [
            FieldError(f"?{name}", "unknown_field", f"There is no filter '{name}'.", expected)
            for name in query
            if name not in names
        ]
        wrong += _unknown("state", query.get("state", ""), list(State))
        wrong += _unknown("team", query.get("team", ""), Team.objects.values_list("slug", flat=True))
        slugs = Service.objects.values_list("slug", flat=True)
        wrong += _unknown("service", query.get("service", ""), slugs)
        wrong += _unknown("mine", query.get("mine", ""), ["0", "1"])
        if wrong:
            raise invalid(*wrong)
        team, service, state = (query.get(name, "") for name in ("team", "service", "state"))
        return cls(team, service, state, mine=query.get("mine") == "1")

    def services(self, actor: Actor) -> QuerySet[Service]:
        """The services these filters leave, of those the actor may see."""
        chosen = Service.objects.of(actor)
        if self.team:
            chosen = chosen.filter(team__slug=self.team)
        if self.service:
            chosen = chosen.filter(slug=self.service)
        if self.mine:
            released = Live.objects.filter(release__owner=actor.user_id).values("service")
            chosen = chosen.filter(Q(owner=actor.user_id) | Q(pk__in=released))
        return chosen


def _unknown(name: str, value: str, known: Iterable[str]) -> list[FieldError]:
    names = list(known) if value else []
    if not value or value in names:
        return []
    expected = f"one of: {', '.join(near(value, names))}"
    return [FieldError(f"?{name}", "unknown", f"No {name} is called '{value}'.", expected, value)]


@dataclass(frozen=True)
class Board:
    """All rows, and the version that tells whether they still hold."""

    version: str
    environments: tuple[Environment, ...]
    rows: tuple[Row, ...]
    unmatched: int
    at: datetime

    @cached_property
    def needs(self) -> list[Need]:
        """What needs somebody, the most urgent first."""
        return needs_of(self.rows, self.unmatched, self.at)

    @cached_property
    def tallies(self) -> Tallies:
        """Today in five numbers."""
        midnight = self.at.replace(hour=0, minute=0, second=0, microsecond=0)
        today = [row for row in self.rows if row.production.live and row.production.live.since >= midnight]
        return Tallies(
            shipped=len(today),
            measured=sum(row.comparison is not None for row in today),
            regressed=sum(row.state == State.SUSPECT for row in self.rows),
            stuck=sum(not row.way.readiness.ready for row in self.rows if row.production.live),
            notes_due=sum(len(row.notes_due) for row in self.rows),
        )

    def as_json(self) -> dict[str, Any]:
        """The answer of DESIGN §5.8."""
        return {
            "version": self.version,
            "rows": [_row_json(row) for row in self.rows],
            "needs": [need.as_json() for need in self.needs],
        }


@dataclass(frozen=True, slots=True)
class Tallies:
    """What the strip above the board counts."""

    shipped: int
    measured: int
    regressed: int
    stuck: int
    notes_due: int


def board(filters: Filters, *, actor: Actor, now: datetime) -> Board:
    """Return the board as this actor may see it, in a number of queries that does not grow with it."""
    digest = _digest(filters, actor)
    services = list(filters.services(actor).select_related("team", "owner").order_by("team__name", "slug"))
    environments = [
        place for place in Environment.objects.all() if place.tier in {Tier.STAGING, Tier.PRODUCTION}
    ]
    rows = rows_of(services, environments, now) if services else []
    if filters.state:
        rows = [row for row in rows if row.state == filters.state]
    unmatched = Delivery.objects.filter(outcome=Outcome.UNMATCHED, team__in=actor.team_ids).count()
    version = f"{digest}.{int(_next_change(rows, now).timestamp())}"
    return Board(version, tuple(environments), tuple(rows), unmatched, now)


def is_current(version: str, filters: Filters, *, actor: Actor, now: datetime) -> bool:
    """Say, in one query, whether a version the reader has still holds.

    The version ends in the time at which the board changes by itself: a rehearsal grows a day older or stale,
    a note falls due, a running deployment is given up as lost.
    """
    digest, _, until = version.rpartition(".")
    return until.isdigit() and now.timestamp() < int(until) and digest == _digest(filters, actor)


def _digest(filters: Filters, actor: Actor) -> str:
    counted = filters.services(actor).order_by().aggregate(rows=Count("pk"), changes=Sum("revision"))
    seen = (counted, astuple(filters), actor.user_id, actor.token_id, sorted(actor.roles.items()))
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:24]


def _next_change(rows: Sequence[Row], now: datetime) -> datetime:
    """The next time at which something on the board changes without anything being reported."""
    coming = [now + timedelta(days=1)]
    rehearsed = [row.way.rehearsal.finished_at for row in rows if row.way.rehearsal]
    coming += [now + timedelta(days=1) - (now - at) % timedelta(days=1) for at in rehearsed]
    for row in rows:
        coming += [standing.first_at + NOTE_DUE_AFTER for standing in row.notes_due]
        coming += [row.way.stale_at] if row.way.stale_at else []
        running = [place.attempt for place in row.places if place.status == Status.STARTED and place.attempt]
        coming += [attempt.started_at + LOST_AFTER for attempt in running if attempt.started_at]
    return min(at for at in coming if at > now) + timedelta(seconds=1)


def _row_json(row: Row) -> dict[str, Any]:
    way = row.way
    return {
        "service": row.service.slug,
        "team": row.service.team.slug,
        "owner": row.service.owner.get_username() if row.service.owner else None,
        "live": {place.environment.name: _place_json(place) for place in row.places if place.live},
        "rollback": {
            "ready": way.readiness.ready,
            "reasons": [
                {"code": reason.code.value, "severity": reason.severity.value, "detail": reason.detail}
                for reason in way.readiness.reasons
            ],
            "rehearsed_seconds": way.rehearsed_seconds,
            "target": way.target.version if way.target else None,
        },
        "triggers_met": list(row.triggers_met),
        "pending": {
            "environment": row.places[0].environment.name,
            "version": row.pending[0].version,
            "versions": [release.version for release in row.pending],
        }
        if row.pending
        else None,
        "notes_due": len(row.notes_due),
    }


def _place_json(place: Place) -> dict[str, Any]:
    live = place.live
    assert live is not None
    assert place.judged is not None
    return {
        "version": live.release.version,
        "deployed_at": live.since.isoformat().replace("+00:00", "Z"),
        "by": live.deployment.fact.actor,
        "mode": live.deployment.mode,
        "verdict": place.judged.in_(place.environment),
        "state": place.judged.state,
        "attempt": {"version": place.attempt.release.version, "status": place.status}
        if place.attempt
        else None,
    }
