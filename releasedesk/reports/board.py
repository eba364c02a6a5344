"""The board: what is live, is it all right, can we go back, what waits, who owes what."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.db.models import Count, Sum
from django.db.models.functions import Coalesce

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment, Tier
from releasedesk.operations.statements import find
from releasedesk.reports.board_facts import LiveFacts
from releasedesk.reports.board_filters import Filters
from releasedesk.reports.board_rows import Place, Row
from releasedesk.reports.board_services import chosen, unmatched_as_part
from releasedesk.reports.board_ways import Way
from releasedesk.reports.kept_rows import kept_rows
from releasedesk.reports.locks_ahead import Ahead, locks_on_all
from releasedesk.reports.needs import Need, needs_of, urgency
from releasedesk.reports.verdicts import State

SHOWN = (Tier.STAGING, Tier.PRODUCTION)


@dataclass(frozen=True)
class Board:
    """All rows, and the version that tells whether they still hold."""

    version: str
    environments: tuple[Environment, ...]
    rows: tuple[Row, ...]
    unmatched: int
    own_teams: frozenset[int]
    overridden: Mapping[str, int]
    at: datetime
    locks: Ahead

    @cached_property
    def needs(self) -> list[Need]:
        """What needs the reader, the most urgent first: their own teams' needs, anybody's without a team."""
        own = [row for row in self.rows if not self.own_teams or row.service.team_id in self.own_teams]
        return needs_of(own, self.unmatched)

    @cached_property
    def tallies(self) -> Tallies:
        """Today in five numbers."""
        today = [shipment for row in self.rows for shipment in row.shipped_today(self.at)]
        return Tallies(
            shipped=len(today),
            measured=sum(shipment.measured for shipment in today),
            regressed=sum(row.state == State.SUSPECT for row in self.rows),
            stuck=sum(row.is_stuck for row in self.rows),
            notes_due=sum(len(row.notes_due) for row in self.rows),
        )

    def as_json(self) -> dict[str, Any]:
        """The answer of DESIGN §5.8."""
        return {
            "version": self.version,
            "rows": [_row_json(row) for row in self.rows],
            "needs": [need.as_json() for need in self.needs],
            "overrides_this_month": dict(self.overridden),
        }


@dataclass(frozen=True, slots=True)
class Tallies:
    """What the strip above the board counts, of the rows that are shown; a day is one of UTC.

    `shipped` are forward successes in production today and `measured` those of them with a comparison there.
    """

    shipped: int
    measured: int
    regressed: int
    stuck: int
    notes_due: int


def board(filters: Filters, *, actor: Actor, now: datetime) -> Board:
    """Return the board as this actor may see it, in five queries; a sixth where a target lies far back.

    Raises 422 for a team or a service that does not exist, naming near ones.
    """
    # The version is read before the rows: what changes in between ends it, and is never missed.
    asked = chosen(filters, actor, now)
    services = asked.services
    if not services:
        filters.refuse_unknown(actor)
    changes = sum(service.revision for service in services)
    digest = _digest(filters, actor, rows=len(services), changes=changes, waiting=asked.unmatched)
    environments = [place for place in find(Environment, 'ORDER BY "order", name') if place.tier in SHOWN]
    rows = kept_rows.of(services, environments, now)
    locks = locks_on_all((service.pk for service in services), now=now)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    today = midnight - timedelta.resolution  # its last instant
    until = min([today, *(row.until for row in rows), *([locks.until] if locks.until else [])])
    rows = [row for row in rows if filters.show_row(row, now)]
    if filters.sort == "attention":
        rows.sort(key=urgency)
    return Board(
        f"{digest}.{int(until.timestamp() * 1e6)}",
        tuple(environments),
        tuple(rows),
        asked.unmatched,
        frozenset(actor.team_ids),
        asked.overridden,
        now,
        locks,
    )


def is_current(version: str, filters: Filters, *, actor: Actor, now: datetime) -> bool:
    """Say, in one query, whether a version the reader has still holds.

    The version ends in the last instant (in microseconds) at which the board says the same if nothing is
    reported: a rehearsal grows a day older or stale, a note falls due, a running deployment is given up as
    lost, a need is no longer recent, a day is over.
    """
    digest, _, until = version.rpartition(".")
    if not (until.isascii() and until.isdigit()) or now.timestamp() * 1e6 > int(until):
        return False
    # Beside aggregates only an aggregate may stand: no rows times their number makes one of the other count.
    waiting = Count("pk") * 0 + unmatched_as_part(actor)
    counted = (
        filters.services(actor)
        .order_by()
        .aggregate(rows=Count("pk"), changes=Coalesce(Sum("revision"), 0), waiting=waiting)
    )
    return digest == _digest(filters, actor, **counted)


def _digest(filters: Filters, actor: Actor, *, rows: int, changes: int, waiting: int) -> str:
    seen = (rows, int(changes), waiting, astuple(filters), actor.user_id, actor.token_id)
    roles = sorted(actor.roles.items())
    return hashlib.sha256(repr((*seen, roles, actor.superuser)).encode()).hexdigest()[:24]


def _row_json(row: Row) -> dict[str, Any]:
    return {
        "service": row.service.slug,
        "team": row.service.team_slug,
        "owner": row.service.owner,
        "live": {place.environment.name: _live_json(place, place.live) for place in row.places if place.live},
        "rollback": _way_json(row.way) if row.way else None,
        "triggers_met": list(row.triggers_met),
        "pending": {
            "environment": row.pending_in,
            "version": row.pending[0].version,
            "versions": [release.version for release in row.pending],
            "changes": row.changes_waiting,
        }
        if row.pending
        else None,
        "notes_due": len(row.notes_due),
    }


def _way_json(way: Way) -> dict[str, Any]:
    return {
        "environment": way.environment,
        "ready": way.readiness.ready,
        "reasons": [
            {"code": reason.code.value, "severity": reason.severity.value, "detail": reason.detail}
            for reason in way.readiness.reasons
        ],
        "rehearsed_seconds": way.rehearsed_seconds,
        "target": way.target,
    }


def _live_json(place: Place, live: LiveFacts) -> dict[str, Any]:
    attempt = place.attempt
    return {
        "version": live.version,
        "deployed_at": live.since.isoformat().replace("+00:00", "Z"),
        "by": live.actor,
        "mode": live.mode,
        "verdict": place.verdict,
        "state": place.state,
        "attempt": {"version": attempt.version, "status": place.status} if attempt else None,
    }
