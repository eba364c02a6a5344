"""What the board's rows are made of: plain values, read for many services in four queries.

Only as much as rows need: of each (service, environment) the newest releases that stood there, not all of
them. Two years of daily releases then cost what two weeks do.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import JSONObject

from releasedesk.catalog.models import TIER_RANK, Environment, Service, Tier
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.notes.models import Note
from releasedesk.releases.history import Mode, Status
from releasedesk.releases.models import Change, Deployment, GateAnswer, Live, Passage, Standing, stopping
from releasedesk.rollbacks.going_back import Rank, Stood
from releasedesk.rollbacks.models import Run
from releasedesk.rollbacks.queries import PlanFacts, plan_facts

NEWEST = 12
NOTES_WITHIN = timedelta(days=30)

Spot = tuple[int, int]  # service id, environment id


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gate of production last answered. `unmet` is what stood in the way."""

    at: datetime
    unmet: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StoodHere:
    """A release that has succeeded in one environment. `p95` is in ms, None where it was not measured."""

    stood: Stood
    reached: frozenset[int]  # every environment it has succeeded in
    changes: int
    p95: float | None
    asked: Asked | None = None

    @property
    def version(self) -> str:
        """The release's."""
        return self.stood.version


@dataclass(frozen=True, slots=True)
class Owed:
    """A release in production whose note nobody has finished."""

    version: str
    first_at: datetime


@dataclass(frozen=True, slots=True)
class StandsIn:
    """How what is live here stands in any environment. `order` is `Environment.rank`."""

    order: tuple[int, int]
    tier: Tier
    rank: Rank
    marked: bool


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A rollback that somebody has begun and nobody has ended."""

    by: str
    since: datetime
    to: str


@dataclass(frozen=True, slots=True)
class LiveFacts:
    """What is live in one environment, and by environment id where else it has been."""

    release: int
    version: str
    owned: bool
    since: datetime
    mode: str
    actor: str
    took: timedelta | None
    replaced: str | None
    stands: Mapping[int, StandsIn]
    newest: Sequence[StoodHere]
    owed: Sequence[Owed]
    past: tuple[str, ...]  # what stood in the way when it was shipped past the gate
    run: UnderWay | None = None

    @property
    def who(self) -> str:
        """Who reported it, in the words a board has room for: a token by its name."""
        return self.actor.removesuffix(" (token)")

    @property
    def is_cut(self) -> bool:
        """Whether older releases may have been left out."""
        return len(self.newest) == NEWEST


@dataclass(frozen=True, slots=True)
class Attempt:
    """A deployment that has not succeeded. `latest`: nothing was tried there since."""

    version: str
    status: str
    at: datetime
    started_at: datetime | None
    latest: bool

    def status_at(self, now: datetime) -> Status:
        """As of `now`: `started` turns into `lost`."""
        return Deployment(status=self.status, started_at=self.started_at).status_at(now)


@dataclass(frozen=True, slots=True)
class Shipment:
    """A release that went forward in production today."""

    version: str
    measured: bool


@dataclass(frozen=True, slots=True)
class Compared:
    """What the judge says of one route of a release in one environment."""

    environment: int
    order: tuple[int, int]
    verdict: str
    sentence: str
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that was read."""

    live: Mapping[Spot, LiveFacts]
    attempts: Mapping[Spot, Sequence[Attempt]]
    shipped: Mapping[int, Sequence[Shipment]]  # by service id
    compared: Mapping[int, Sequence[Compared]]  # by release id
    plans: Mapping[tuple[int, int | None], PlanFacts]  # by service id and release id; None: the standing one


def read(services: Sequence[Service], environments: Sequence[Environment], now: datetime) -> Facts:
    """Read what these services' rows are made of."""
    here = Q(service__in=services, environment__in=environments)
    live = _live(here, now)
    attempts, shipped = _deployments(here, now)
    releases = {facts.release for facts in live.values()}
    return Facts(
        live=live,
        attempts=attempts,
        shipped=shipped,
        compared=_compared(releases),
        plans=plan_facts(releases, [service.pk for service in services]),
    )


def all_that_stood(spots: Iterable[Spot]) -> dict[Spot, list[Stood]]:
    """Read every release that ever stood in these places: for those where the newest do not decide."""
    which = Q(pk=None)
    for service, environment in spots:
        which |= Q(service=service, environment=environment)
    found: dict[Spot, list[Stood]] = defaultdict(list)
    for service, environment, row in Standing.objects.filter(which).values_list(
        "service_id", "environment_id", JSONObject(**_STOOD)
    ):
        found[service, environment].append(_stood(row))
    return found


def _live(here: Q, now: datetime) -> dict[Spot, LiveFacts]:
    newest = Standing.objects.filter(service=OuterRef("service"), environment=OuterRef("environment"))
    elsewhere = Standing.objects.filter(release=OuterRef("release"))
    owed = (
        Standing.objects.filter(
            service=OuterRef("service"),
            environment=OuterRef("environment"),
            environment__tier=Tier.PRODUCTION,
            first_at__gte=now - NOTES_WITHIN,
        )
        .exclude(Exists(Note.objects.filter(release=OuterRef("release"), draft=False)))
        .order_by("first_at")
    )
    run = Run.objects.running().filter(service=OuterRef("service"), environment=OuterRef("environment"))
    rows = (
        Live.objects.filter(here)
        .annotate(
            newest=ArraySubquery(
                newest.order_by("-first_at", "-first__source", "-first__key").values(
                    json=JSONObject(**_STOOD, **_BESIDE)
                )[:NEWEST]
            ),
            elsewhere=ArraySubquery(elsewhere.values(json=JSONObject(**_RANK, **_WHERE))),
            owed=ArraySubquery(owed.values(json=JSONObject(version="release__version", at="first_at"))),
            run=Subquery(
                run.values(json=JSONObject(by="started_by", at="started_at", to="to_release__version"))
            ),
            version=F("release__version"),
            owner=F("release__owner_id"),
            mode=F("deployment__mode"),
            actor=F("deployment__finish__actor"),
            started=F("deployment__started_at"),
            finished=F("deployment__finished_at"),
            replaced=F("deployment__replaced__version"),
            past=Subquery(
                Passage.objects.filter(fact=OuterRef("deployment__finish"), is_open=False).values(
                    "conditions"
                )
            ),
        )
        .values()
    )
    return {(row["service_id"], row["environment_id"]): _live_facts(row) for row in rows}


_RANK = {
    "at": F("first_at"),
    "source": F("first__source"),
    "key": F("first__key"),
    "mark": F("rolled_back_by_id"),
}
_WHERE = {
    "environment": F("environment_id"),
    "tier": F("environment__tier"),
    "order": F("environment__order"),
}
_STOOD = {
    **_RANK,
    "version": F("release__version"),
    "irreversible": F("release__irreversible"),
    "suspect": Exists(
        Comparison.objects.current().filter(
            release=OuterRef("release"), environment=OuterRef("environment"), verdict="suspect"
        )
    ),
}


def _after() -> QuerySet[Snapshot, Any]:
    """The newest numbers of a standing after shipping: on the route its plan names, else on any."""
    return (
        Snapshot.objects.filter(
            release=OuterRef("release"), environment=OuterRef("environment"), phase=Snapshot.Phase.AFTER
        )
        .annotate(is_planned=Case(When(route=OuterRef("release__route"), then=Value(1)), default=Value(0)))
        .order_by("-is_planned", "-taken_until", "-id")
        .values(json=JSONObject(p95=F("summary__response_ms__p95"), windows=F("summary__response_ms_p95")))
    )


_BESIDE = {
    "reached": ArraySubquery(Standing.objects.filter(release=OuterRef("release")).values("environment_id")),
    "changes": Subquery(
        Change.objects.filter(release=OuterRef("release"))
        .order_by()
        .values("release")
        .annotate(number=Count("pk"))
        .values("number")
    ),
    "after": Subquery(_after()[:1]),
    "asked": Subquery(
        GateAnswer.objects.filter(release=OuterRef("release"), environment__tier=Tier.PRODUCTION)
        .newest_first()
        .values(json=JSONObject(at="asked_at", conditions="conditions"))[:1]
    ),
}


def _live_facts(row: Mapping[str, Any]) -> LiveFacts:
    return LiveFacts(
        release=row["release_id"],
        version=row["version"],
        owned=row["owner"] is not None,
        since=row["since"],
        mode=row["mode"],
        actor=row["actor"],
        took=row["finished"] - row["started"] if row["started"] else None,
        replaced=row["replaced"],
        stands={other["environment"]: _stands_in(other) for other in row["elsewhere"]},
        newest=[
            StoodHere(
                _stood(one),
                frozenset(one["reached"]),
                one["changes"] or 0,
                _p95(one["after"]),
                _asked(one["asked"]),
            )
            for one in row["newest"]
        ],
        owed=[Owed(one["version"], datetime.fromisoformat(one["at"])) for one in row["owed"]],
        past=tuple(stopping(row["past"] or ())) if row["mode"] == Mode.FORWARD else (),
        run=_under_way(row["run"]) if row["run"] else None,
    )


def _under_way(row: Mapping[str, Any]) -> UnderWay:
    return UnderWay(row["by"], datetime.fromisoformat(row["at"]), row["to"])


def _stands_in(row: Mapping[str, Any]) -> StandsIn:
    tier = Tier(row["tier"])
    return StandsIn((TIER_RANK[tier], row["order"]), tier, _rank(row), row["mark"] is not None)


def _rank(row: Mapping[str, Any]) -> Rank:
    return datetime.fromisoformat(row["at"]), row["source"], row["key"]


def _stood(row: Mapping[str, Any]) -> Stood:
    return Stood(row["version"], _rank(row), row["mark"] is not None, row["suspect"], row["irreversible"])


def _asked(row: Mapping[str, Any] | None) -> Asked | None:
    return Asked(datetime.fromisoformat(row["at"]), tuple(stopping(row["conditions"]))) if row else None


def _p95(after: Mapping[str, Any] | None) -> float | None:
    """p95 of a snapshot in ms; of windows the median, as the judge takes it."""
    if after is None:
        return None
    windows = [value for value in after["windows"] or [] if value is not None]
    p95: float | None = median(windows) if windows else after["p95"]
    return p95


def _deployments(here: Q, now: datetime) -> tuple[dict[Spot, list[Attempt]], dict[int, list[Shipment]]]:
    """What has not succeeded (the latest of each place, and what is running), and what shipped today."""
    later = Deployment.objects.filter(
        service=OuterRef("service"), environment=OuterRef("environment")
    ).filter(Q(at__gt=OuterRef("at")) | Q(at=OuterRef("at"), pk__gt=OuterRef("pk")))
    judged = Comparison.objects.current().filter(
        release=OuterRef("release"), environment=OuterRef("environment")
    )
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    today = Q(mode=Mode.FORWARD, at__gte=midnight, environment__tier=Tier.PRODUCTION)
    running = Q(pk__in=Deployment.objects.running(now).values("pk"))
    rows = (
        Deployment.objects.filter(here)
        .filter(today | running | ~Q(status=Status.SUCCEEDED) & ~Exists(later))
        .annotate(latest=~Exists(later), measured=Exists(judged))
        .order_by("started_at", "at")
        .values_list(
            "service_id",
            "environment_id",
            "release__version",
            "status",
            "at",
            "started_at",
            "latest",
            "measured",
        )
    )
    attempts: dict[Spot, list[Attempt]] = defaultdict(list)
    shipped: dict[int, list[Shipment]] = defaultdict(list)
    for service, environment, version, status, at, started, latest, measured in rows:
        if status == Status.SUCCEEDED:
            shipped[service].append(Shipment(version, measured))
        else:
            attempts[service, environment].append(Attempt(version, status, at, started, latest))
    return attempts, shipped


def _compared(releases: Iterable[int]) -> dict[int, list[Compared]]:
    rows = Comparison.objects.current().filter(release__in=releases).select_related("environment")
    found: dict[int, list[Compared]] = defaultdict(list)
    for row in rows.only("release_id", "verdict", "sentence", "result", "environment"):
        place = row.environment
        found[row.release_id].append(Compared(place.pk, place.rank, row.verdict, row.sentence, row.result))
    return found
