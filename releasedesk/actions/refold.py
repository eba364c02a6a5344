"""Write down what the fold of a place's facts says. The caller holds the service's lock."""

from collections.abc import Iterable, Mapping, Sequence

from releasedesk.catalog.models import Environment, Service
from releasedesk.releases import history
from releasedesk.releases.models import Deployment, DeploymentFact, Live, Standing


def refold(service: Service, environment: Environment) -> history.History:
    """Redo deployments, standings and Live of one (service, environment) from all its facts."""
    rows = (
        DeploymentFact.objects.of_place(service.pk, environment.pk)
        .select_related("release")
        .only("kind", "occurred_at", "source", "key", "run", "release__version")
    )
    place = _Place(service, environment, rows)
    place.write_deployments()
    place.write_standings()
    place.write_live()
    return place.history


class _Place:
    """The stored rows of one (service, environment) beside what the fold says they should be."""

    def __init__(self, service: Service, environment: Environment, rows: Iterable[DeploymentFact]) -> None:
        self.service, self.environment = service, environment
        self.fact_ids: dict[tuple[str, str], int] = {}
        self.release_ids: dict[str, int] = {}
        self.ended_by: dict[int | None, int] = {}
        facts = []
        for row in rows:
            self.fact_ids[row.source, row.key] = row.pk
            self.release_ids[row.release.version] = row.release_id
            facts.append(
                history.Fact(
                    history.Kind(row.kind), row.occurred_at, row.source, row.key, row.release.version, row.run
                )
            )
        self.history = history.fold(facts)

    def _fact(self, fact: history.Fact) -> int:
        return self.fact_ids[fact.source, fact.id]

    def write_deployments(self) -> None:
        """Change what differs; an attempt keeps its row as long as it keeps one of its facts."""
        stored = list(Deployment.objects.filter(service=self.service, environment=self.environment))
        attempts = [self._deployment_fields(folded) for folded in self.history.deployments]
        rows = _rows_of(attempts, stored)
        new, changed = [], []
        for fields, row in zip(attempts, rows, strict=True):
            if row is None:
                new.append(Deployment(service=self.service, environment=self.environment, **fields))
            elif any(getattr(row, name) != value for name, value in fields.items()):
                for name, value in fields.items():
                    setattr(row, name, value)
                changed.append(row)
        kept = [row for row in rows if row]
        Deployment.objects.filter(pk__in={row.pk for row in stored} - {row.pk for row in kept}).delete()
        Deployment.objects.bulk_update(changed, list(_FIELDS))
        Deployment.objects.bulk_create(new)
        self.ended_by = {row.finish_id: row.pk for row in (*kept, *new)}

    def _deployment_fields(self, folded: history.Deployment) -> dict[str, object]:
        return {
            "release_id": self.release_ids[folded.version],
            "status": folded.status,
            "mode": folded.mode or "",
            "start_id": self._fact(folded.start) if folded.start else None,
            "finish_id": self._fact(folded.finish) if folded.finish else None,
            "started_at": folded.started_at,
            "finished_at": folded.finished_at,
            "at": folded.finished_at or folded.started_at,
            "replaced_id": self.release_ids[folded.replaced] if folded.replaced else None,
        }

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


def _rows_of(
    attempts: Sequence[Mapping[str, object]], stored: Sequence[Deployment]
) -> list[Deployment | None]:
    """Return the row that each attempt keeps: the one with its finish, else one left over with its start.

    A start may move to another attempt; what ended is known by its end.
    """
    rows: list[Deployment | None] = [None] * len(attempts)
    taken: set[int] = set()
    for name in ("finish_id", "start_id"):
        by_fact = {getattr(row, name): row for row in stored if row.pk not in taken}
        for index, fields in enumerate(attempts):
            row = by_fact.get(fields[name]) if rows[index] is None and fields[name] else None
            if row is not None:
                rows[index] = row
                taken.add(row.pk)
    return rows


_FIELDS = (
    "release",
    "status",
    "mode",
    "start",
    "finish",
    "started_at",
    "finished_at",
    "at",
    "replaced",
)
# What a standing says, and the columns that hold it.
_STANDING = {
    "first": "first_id",
    "first_at": "first_at",
    "last_at": "last_at",
    "rolled_back_by": "rolled_back_by_id",
    "rolled_back_at": "rolled_back_at",
}
