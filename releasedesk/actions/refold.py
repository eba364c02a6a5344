"""Write down what the fold of a place's facts says. The caller holds the service's lock."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple

from releasedesk.catalog.models import Environment, Service
from releasedesk.releases import history
from releasedesk.releases.models import Deployment, DeploymentFact, Live, Standing


def refold(service: Service, environment: Environment) -> history.History:
    """Redo deployments, standings and Live of one (service, environment) from all its facts."""
    facts = DeploymentFact.objects.of_place(service.pk, environment.pk)
    place = _Place(service, environment, facts.values_list(*_FACT))
    place.write_deployments()
    place.write_standings()
    place.write_live()
    return place.history


class _Attempt(NamedTuple):
    """What is stored of a deployment, under the names of its columns."""

    release_id: int
    status: str
    mode: str
    start_id: int | None
    finish_id: int | None
    started_at: datetime | None
    finished_at: datetime | None
    at: datetime | None
    replaced_id: int | None


class _Place:
    """The stored rows of one (service, environment) beside what the fold says they should be.

    A place may have thousands: rows are tuples here, and instances only where they are written.
    """

    def __init__(self, service: Service, environment: Environment, rows: Iterable[tuple[Any, ...]]) -> None:
        self.service, self.environment = service, environment
        self.fact_ids: dict[tuple[str, str], int] = {}
        self.release_ids: dict[str, int] = {}
        self.ended_by: dict[int | None, int] = {}
        facts = []
        for pk, release_id, kind, occurred_at, source, key, version, run in rows:
            self.fact_ids[source, key] = pk
            self.release_ids[version] = release_id
            facts.append(history.Fact(_KINDS[kind], occurred_at, source, key, version, run))
        self.history = history.fold(facts)

    def _fact(self, fact: history.Fact) -> int:
        return self.fact_ids[fact.source, fact.id]

    def write_deployments(self) -> None:
        """Change what differs; an attempt keeps its row as long as it keeps one of its facts."""
        rows = Deployment.objects.filter(service=self.service, environment=self.environment)
        stored = {pk: _Attempt(*values) for pk, *values in rows.values_list("pk", *_Attempt._fields)}
        attempts = [self._attempt(folded) for folded in self.history.deployments]
        pks = _rows_of(attempts, stored)
        rows.filter(pk__in=stored.keys() - set(pks)).delete()
        new: list[Deployment] = []
        changed: list[Deployment] = []
        for attempt, pk in zip(attempts, pks, strict=True):
            if pk is None or stored[pk] != attempt:
                row = Deployment(
                    pk=pk, service=self.service, environment=self.environment, **attempt._asdict()
                )
                (new if pk is None else changed).append(row)
        Deployment.objects.bulk_update(changed, _Attempt._fields)
        Deployment.objects.bulk_create(new)
        self.ended_by = {attempt.finish_id: pk for attempt, pk in zip(attempts, pks, strict=True) if pk}
        self.ended_by |= {row.finish_id: row.pk for row in new}

    def _attempt(self, folded: history.Deployment) -> _Attempt:
        start, finish = folded.start, folded.finish
        return _Attempt(
            release_id=self.release_ids[folded.version],
            status=folded.status,
            mode=folded.mode or "",
            start_id=self._fact(start) if start else None,
            finish_id=self._fact(finish) if finish else None,
            started_at=folded.started_at,
            finished_at=folded.finished_at,
            at=folded.finished_at or folded.started_at,
            replaced_id=self.release_ids[folded.replaced] if folded.replaced else None,
        )

    def write_standings(self) -> None:
        """One row a release that has succeeded here, with its rank and its mark: those that differ."""
        stored = set(
            Standing.objects.filter(service=self.service, environment=self.environment).values_list(
                "release_id", *_STANDING.values()
            )
        )
        said = [
            (
                self.release_ids[version],
                self._fact(standing.first_success),
                standing.first_success.occurred_at,
                standing.last_success.occurred_at,
                self._fact(mark) if mark else None,
                mark.occurred_at if mark else None,
            )
            for version, standing in self.history.standings.items()
            for mark in [standing.rolled_back_by]
        ]
        rows = [
            Standing(
                service=self.service,
                environment=self.environment,
                release_id=release_id,
                **dict(zip(_STANDING.values(), values, strict=True)),
            )
            for release_id, *values in said
            if (release_id, *values) not in stored
        ]
        Standing.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["release", "environment"],
            update_fields=list(_STANDING),
        )

    def write_live(self) -> None:
        """Point at the deployment that made the live release live."""
        live = self.history.live
        if live is None:
            return
        row = Live(
            service=self.service,
            environment=self.environment,
            release_id=self.release_ids[live.version],
            deployment_id=self.ended_by[self._fact(live.success)],
            since=live.since,
        )
        Live.objects.bulk_create(
            [row],
            update_conflicts=True,
            unique_fields=["service", "environment"],
            update_fields=["release", "deployment", "since"],
        )


def _rows_of(attempts: Sequence[_Attempt], stored: Mapping[int, _Attempt]) -> list[int | None]:
    """Return the row that each attempt keeps: the one with its finish, else one left over with its start.

    A start may move to another attempt; what ended is known by its end.
    """
    rows: list[int | None] = [None] * len(attempts)
    left = dict(stored)
    for fact_of in (attrgetter("finish_id"), attrgetter("start_id")):
        by_fact = {fact_of(row): pk for pk, row in left.items()}
        for index, attempt in enumerate(attempts):
            if rows[index] is None and (fact := fact_of(attempt)) in by_fact and fact is not None:
                rows[index] = by_fact[fact]
                del left[by_fact[fact]]
    return rows


# What a standing says, and the columns that hold it.
_STANDING = {
    "first": "first_id",
    "first_at": "first_at",
    "last_at": "last_at",
    "rolled_back_by": "rolled_back_by_id",
    "rolled_back_at": "rolled_back_at",
}
# What is asked of a fact.
_FACT = ("pk", "release_id", "kind", "occurred_at", "source", "key", "release__version", "run")
_KINDS = {str(kind): kind for kind in history.Kind}
