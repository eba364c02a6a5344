"""The facts of the board's rows, read for many services in two queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from statistics import median
from typing import Any, NamedTuple

from django.db.models import Exists, F, OuterRef, Q

from releasedesk.catalog.models import TIER_RANK, Environment, Tier
from releasedesk.measurements.models import Comparison
from releasedesk.operations.statements import run
from releasedesk.releases.history import LOST_AFTER, Mode, Status
from releasedesk.releases.models import Standing, stopping
from releasedesk.reports.board_facts import (
    NEWEST,
    Asked,
    Attempt,
    Candidate,
    Compared,
    Facts,
    Listed,
    LiveFacts,
    Owed,
    Shipment,
    Spot,
    StandsIn,
    UnderWay,
)
from releasedesk.reports.board_sql import PLACES
from releasedesk.rollbacks.going_back import Rank, Stood
from releasedesk.rollbacks.queries import plan_facts

NOTES_WITHIN = timedelta(days=30)


class _Row(NamedTuple):
    """What `PLACES` answers of one place. Where nothing is live, all after `deployments` is None."""

    service: int
    environment: int
    is_production: bool
    deployments: list[Any] | None
    release: int
    version: str
    owned: bool
    since: datetime
    mode: str
    actor: str
    took: timedelta | None
    replaced: str | None
    stands: list[Any]
    compared: list[Any] | None
    stood: list[Any] | None
    candidates: list[Any] | None
    owed: list[Any] | None
    past: list[Any] | None
    run: list[Any] | None

    @property
    def spot(self) -> Spot:
        """Where it is."""
        return self.service, self.environment


def read(services: Sequence[Listed], environments: Sequence[Environment], now: datetime) -> Facts:
    """Read what these services' rows are made of."""
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    live: dict[Spot, LiveFacts] = {}
    attempts: dict[Spot, list[Attempt]] = {}
    shipped: dict[int, list[Shipment]] = defaultdict(list)
    rows = run(
        PLACES,
        {
            "services": [service.pk for service in services],
            "environments": [place.pk for place in environments],
            "newest": NEWEST,
            "notes_since": now - NOTES_WITHIN,
            "recent_since": min(midnight, now - LOST_AFTER),
        },
    )
    for row in map(_Row._make, rows):
        attempts[row.spot] = _attempts(row.deployments or (), now)
        if row.is_production:
            shipped[row.service] += _shipped(row.deployments or (), midnight)
        if row.release is not None:
            live[row.spot] = _live(row)
    releases = {facts.release for facts in live.values()}
    return Facts(
        live=live,
        attempts=attempts,
        shipped=shipped,
        plans=plan_facts(releases, [service.pk for service in services]),
    )


def all_that_stood(spots: Iterable[Spot]) -> dict[Spot, list[Stood]]:
    """Read every release that ever stood in these places: for those where the newest do not decide."""
    which = Q(pk=None)
    for service, environment in spots:
        which |= Q(service=service, environment=environment)
    suspect = Comparison.objects.current().filter(
        release=OuterRef("release"), environment=OuterRef("environment"), verdict="suspect"
    )
    found: dict[Spot, list[Stood]] = defaultdict(list)
    for service, environment, at, source, key, *rest in Standing.objects.filter(which).values_list(
        "service_id",
        "environment_id",
        "first_at",
        "first__source",
        "first__key",
        "release__version",
        F("rolled_back_by_id"),
        Exists(suspect),
        "release__irreversible",
    ):
        version, mark, is_suspect, irreversible = rest
        stood = Stood(version, (at, source, key), mark is not None, is_suspect, irreversible)
        found[service, environment].append(stood)
    return found


def _live(row: _Row) -> LiveFacts:
    return LiveFacts(
        release=row.release,
        version=row.version,
        owned=row.owned,
        since=row.since,
        mode=row.mode,
        actor=row.actor,
        took=row.took,
        replaced=row.replaced,
        stands=dict(map(_stands_in, row.stands)),
        compared=[_compared(*one) for one in row.compared or ()],
        stood=[_stood(*one) for one in row.stood or ()],
        p95=[_p95(*after) if after else None for *_, after in row.stood or ()],
        candidates=[_candidate(*one) for one in row.candidates or ()],
        owed=[Owed(version, datetime.fromisoformat(at)) for version, at in row.owed or ()],
        past=tuple(stopping(row.past or ())) if row.mode == Mode.FORWARD else (),
        run=_under_way(*row.run) if row.run else None,
    )


def _under_way(by: str, since: str, to: str) -> UnderWay:
    return UnderWay(by, datetime.fromisoformat(since), to)


def _rank(at: str, source: str, key: str) -> Rank:
    return datetime.fromisoformat(at), source, key


def _stands_in(row: Sequence[Any]) -> tuple[int, StandsIn]:
    environment, tier, order, at, source, key, marked = row
    return environment, StandsIn(_order(tier, order), Tier(tier), _rank(at, source, key), marked)


def _order(tier: str, order: int) -> tuple[int, int]:
    """As `Environment.rank`."""
    return TIER_RANK[Tier(tier)], order


def _stood(
    version: str, at: str, source: str, key: str, marked: bool, irreversible: bool, suspect: bool, _: object
) -> Stood:
    return Stood(version, _rank(at, source, key), marked, suspect, irreversible)


def _p95(p95: float | None, windows: list[float | None] | None) -> float | None:
    """p95 of a snapshot in ms; of windows the median, as the judge takes it."""
    known = [value for value in windows or () if value is not None]
    return median(known) if known else p95


def _candidate(
    version: str,
    at: str,
    source: str,
    key: str,
    reached: list[int],
    changes: int,
    asked: list[Any] | None,
) -> Candidate:
    answer = Asked(datetime.fromisoformat(asked[0]), tuple(stopping(asked[1]))) if asked else None
    return Candidate(version, _rank(at, source, key), frozenset(reached), changes, answer)


def _attempts(deployments: Iterable[Sequence[Any]], now: datetime) -> list[Attempt]:
    """What has not succeeded: the last one of the place, and what is running; the latest start comes last."""
    found = []
    for number, (version, status, _, at, started, _) in enumerate(deployments):
        started_at = datetime.fromisoformat(started) if started else None
        attempt = Attempt(version, status, datetime.fromisoformat(at), started_at, latest=number == 0)
        is_running = status == Status.STARTED and attempt.status_at(now) is Status.STARTED
        if status != Status.SUCCEEDED and (attempt.latest or is_running):
            found.append(attempt)
    return sorted(found, key=lambda attempt: (attempt.started_at or attempt.at, attempt.at))


def _shipped(deployments: Iterable[Sequence[Any]], midnight: datetime) -> list[Shipment]:
    """What went forward since midnight, the oldest first."""
    found = [
        Shipment(version, datetime.fromisoformat(at), measured)
        for version, status, mode, at, _, measured in deployments
        if (status, mode) == (Status.SUCCEEDED, Mode.FORWARD)
    ]
    return sorted((one for one in found if one.at >= midnight), key=lambda one: one.at)


def _compared(environment: int, tier: str, order: int, *said: Any) -> Compared:
    return Compared(environment, _order(tier, order), *said)
