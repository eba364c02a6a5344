"""The rows of the board, read for all services together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from django.db.models import F, Window
from django.db.models.fields.json import KT
from django.db.models.functions import RowNumber

from releasedesk.catalog.models import Environment, Service, Tier
from releasedesk.measurements.judge import Verdict, worst
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.releases.history import Status
from releasedesk.releases.models import Deployment, Live, Release, Standing
from releasedesk.reports.spark import Spark, sparkline
from releasedesk.reports.verdicts import Judged, State, judged
from releasedesk.reports.ways_back import WayBack, ways_back
from releasedesk.reports.wording import Mark, Tone, comparison_mark
from releasedesk.rollbacks.readiness import Severity
from releasedesk.rollbacks.triggers import met

NOTES_WITHIN = timedelta(days=30)
SPARKLINE = 10
PENDING_AT_MOST = 3


@dataclass(frozen=True, slots=True)
class Place:
    """One service in one environment: the last success, and the latest attempt where that is another one."""

    environment: Environment
    live: Live | None
    judged: Judged | None
    attempt: Deployment | None
    status: Status | None


@dataclass(frozen=True, slots=True)
class Row:
    """One service. `places` are in the order on the way to production."""

    service: Service
    places: tuple[Place, ...]
    mark: Mark
    spark: Spark | None
    way: WayBack
    comparison: Comparison | None
    triggers_met: tuple[str, ...]
    pending: tuple[Release, ...]
    notes_due: tuple[Standing, ...]

    @property
    def production(self) -> Place:
        """Where users are."""
        return self.places[-1]

    @property
    def offer_rollback(self) -> bool:
        """Say whether going back is what one would do now: it is suspect, and there is a way."""
        return self.state == State.SUSPECT and self.way.target is not None

    @property
    def tone(self) -> Tone:
        """How bad the worst reason against going back is."""
        reasons = self.way.readiness.reasons
        return "bad" if reasons and reasons[0].severity is Severity.BLOCKING else "warn"

    @property
    def state(self) -> str:
        """The state of what is live in production."""
        return self.production.judged.state if self.production.judged else State.PLANNED


def rows_of(services: Sequence[Service], environments: Sequence[Environment], now: datetime) -> list[Row]:
    production = environments[-1]
    ways = ways_back(services, [production], now=now)
    lives = {
        (live.service_id, live.environment_id): live
        for live in Live.objects.filter(service__in=services, environment__in=environments).select_related(
            "release__owner", "deployment__finish", "deployment__start"
        )
    }
    standing = judged(live.release for live in lives.values())
    comparisons = _comparisons(lives.values(), production)
    attempts = _latest_attempts(services, environments)
    sparks, pending, notes = (
        _sparks(services, production),
        _pending(services, environments),
        _notes(services, now),
    )
    rows = []
    for service in services:
        places = tuple(
            _place(environment, lives.get((service.pk, environment.pk)), standing, attempts, service, now)
            for environment in environments
        )
        way = ways[service.pk, production.pk]
        pk = service.pk
        rows.append(_row(service, places, way, sparks[pk], pending[pk], notes[pk], comparisons))
    return rows


def _place(
    environment: Environment,
    live: Live | None,
    standing: Mapping[int, Judged],
    attempts: Mapping[tuple[int, int], Deployment],
    service: Service,
    now: datetime,
) -> Place:
    attempt = attempts.get((service.pk, environment.pk))
    if attempt is not None and live is not None and attempt.pk == live.deployment_id:
        attempt = None
    return Place(
        environment,
        live,
        standing[live.release_id] if live else None,
        attempt,
        attempt.status_at(now) if attempt else None,
    )


def _row(
    service: Service,
    places: tuple[Place, ...],
    way: WayBack,
    spark: list[float],
    pending: list[Release],
    notes: list[Standing],
    comparisons: Mapping[int, Comparison],
) -> Row:
    production = places[-1]
    shown = comparisons.get(production.live.release_id) if production.live else None
    return Row(
        service=service,
        places=places,
        mark=comparison_mark(shown.verdict if shown else "not_measured", shown.result if shown else None),
        spark=sparkline(spark),
        way=way,
        comparison=shown,
        triggers_met=tuple(_met(way, shown)),
        pending=tuple(pending),
        notes_due=tuple(notes),
    )


def _comparisons(lives: Iterable[Live], environment: Environment) -> dict[int, Comparison]:
    """The worst comparison of what is live there, by release id."""
    releases = [live.release_id for live in lives if live.environment_id == environment.pk]
    rows = Comparison.objects.current().filter(release__in=releases, environment=environment)
    by_release: dict[int, list[Comparison]] = defaultdict(list)
    for row in rows.defer("limits"):
        by_release[row.release_id].append(row)
    return {pk: _worst(compared) for pk, compared in by_release.items()}


def _worst(compared: Sequence[Comparison]) -> Comparison:
    verdict = worst(cast("list[Verdict]", [row.verdict for row in compared]))
    return next(row for row in compared if row.verdict == verdict)


def _met(way: WayBack, comparison: Comparison | None) -> list[str]:
    """Which of the plan's own triggers the last numbers of what is live meet."""
    if way.plan is None or comparison is None:
        return []
    numbers = {metric["metric"]: metric["after"] for metric in comparison.result["metrics"]}
    return met(way.plan.triggers, numbers)


def _latest_attempts(
    services: Sequence[Service], environments: Sequence[Environment]
) -> dict[tuple[int, int], Deployment]:
    rows = (
        Deployment.objects.filter(service__in=services, environment__in=environments)
        .select_related("release", "start", "finish")
        .order_by("service_id", "environment_id", "-at", "-id")
        .distinct("service_id", "environment_id")
    )
    return {(row.service_id, row.environment_id): row for row in rows}


def _sparks(services: Sequence[Service], environment: Environment) -> dict[int, list[float]]:
    """p95 after each of the last ten measured releases, oldest first, in milliseconds."""
    newest_first = Window(RowNumber(), partition_by="release__service", order_by=F("taken_until").desc())
    rows = (
        Snapshot.objects.filter(release__service__in=services, environment=environment, phase="after")
        .annotate(number=newest_first, p95=KT("summary__response_ms__p95"))
        .filter(number__lte=SPARKLINE)
        .order_by("taken_until")
        .values_list("release__service_id", "p95")
    )
    found: dict[int, list[float]] = defaultdict(list)
    for service, p95 in rows:
        if p95 is not None:
            found[service].append(float(p95))
    return found


def _pending(services: Sequence[Service], environments: Sequence[Environment]) -> dict[int, list[Release]]:
    """What has succeeded before production since the last thing that shipped, the newest first."""
    *_, production = environments
    shipped = Standing.objects.filter(environment=production).values("release")
    rows = (
        Standing.objects.filter(release__service__in=services, environment__in=environments[:-1])
        .exclude(release__in=shipped)
        .select_related("release")
        .order_by("-first_at")
    )
    live = dict(
        Live.objects.filter(service__in=services, environment=production).values_list("service", "since")
    )
    found: dict[int, list[Release]] = defaultdict(list)
    for row in rows:
        service = row.release.service_id
        newer = service not in live or row.first_at > live[service]
        if newer and row.release not in found[service] and len(found[service]) < PENDING_AT_MOST:
            found[service].append(row.release)
    return found


def _notes(services: Sequence[Service], now: datetime) -> dict[int, list[Standing]]:
    """Releases that reached production in the last month and have no finished note, the oldest first."""
    rows = (
        Standing.objects.filter(
            release__service__in=services, environment__tier=Tier.PRODUCTION, first_at__gt=now - NOTES_WITHIN
        )
        .exclude(release__note__draft=False)
        .select_related("release")
        .order_by("first_at")
    )
    found: dict[int, list[Standing]] = defaultdict(list)
    for row in rows:
        found[row.release.service_id].append(row)
    return found
