"""Go on folding places with facts that are later than all they have. The caller holds the services' locks.

That is what nearly always arrives, and it needs neither the facts nor the releases of all the years before.
What comes late, goes back or follows a rollback is left to `refold`, which looks at everything.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasedesk.operations.statements import Parameters, insert, inserting, run, run_together
from releasedesk.releases import history
from releasedesk.releases.history import JOIN_WITHIN, Kind, Mode
from releasedesk.releases.models import Deployment, DeploymentFact, Live, Standing

# What later facts of a place can still touch: its last fact, what is live and how it came, the starts of the
# last day that nothing has closed, and the ranks of the releases that are named now. One row a place.
STATES = """
SELECT
    (
        SELECT json_build_array(fact.occurred_at, fact.kind <> 'started', fact.source, fact.key)
        FROM releases_deploymentfact fact
        WHERE fact.service_id = place.service_id AND fact.environment_id = place.environment_id
        ORDER BY fact.occurred_at DESC, fact.kind = 'started', fact.source DESC, fact.key DESC
        LIMIT 1
    ),
    live.release_id,
    (
        SELECT deployment.mode FROM releases_deployment deployment
        WHERE deployment.service_id = place.service_id AND deployment.environment_id = place.environment_id
        AND deployment.mode IN ('forward', 'rollback')
        ORDER BY deployment.at DESC, deployment.mode DESC LIMIT 1
    ),
    (
        SELECT json_agg(started ORDER BY started.occurred_at, started.source, started.key)
        FROM (
            SELECT deployment.id, deployment.release_id,
                fact.id AS fact_id, fact.occurred_at, fact.source, fact.key, fact.run
            FROM releases_deployment deployment
            JOIN releases_deploymentfact fact ON fact.id = deployment.start_id
            WHERE deployment.service_id = place.service_id
            AND deployment.environment_id = place.environment_id
            AND deployment.finish_id IS NULL AND deployment.at >= place.since
        ) AS started
    ),
    (
        SELECT json_agg(ranked ORDER BY ranked.occurred_at, ranked.source, ranked.key)
        FROM (
            SELECT standing.release_id, fact.id AS fact_id, fact.occurred_at, fact.source, fact.key
            FROM releases_standing standing JOIN releases_deploymentfact fact ON fact.id = standing.first_id
            WHERE standing.service_id = place.service_id AND standing.environment_id = place.environment_id
            AND standing.release_id = ANY (%s::bigint[] || live.release_id)
        ) AS ranked
    )
FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[])
    WITH ORDINALITY AS place(service_id, environment_id, since, number)
LEFT JOIN releases_live live USING (service_id, environment_id)
ORDER BY place.number
"""
ENDED = """
UPDATE releases_deployment AS deployment
SET (release_id, status, mode, finish_id, finished_at, at, replaced_id)
    = (ended.release_id, ended.status, ended.mode, ended.finish_id, ended.finished_at, ended.finished_at,
       ended.replaced_id)
FROM unnest(%s::bigint[], %s::bigint[], %s::text[], %s::text[], %s::bigint[], %s::timestamptz[], %s::bigint[])
    AS ended(id, release_id, status, mode, finish_id, finished_at, replaced_id)
WHERE deployment.id = ended.id
"""
ENDED_FIELDS = ("pk", "release_id", "status", "mode", "finish_id", "finished_at", "replaced_id")
STANDS_ANEW = """
ON CONFLICT (release_id, environment_id) DO UPDATE
SET (last_at, rolled_back_by_id, rolled_back_at) = (excluded.last_at, NULL, NULL)
"""
LIVES_NOW = """
ON CONFLICT (service_id, environment_id) DO UPDATE
SET (release_id, deployment_id, since) = (excluded.release_id, excluded.deployment_id, excluded.since)
"""


@dataclass(frozen=True, slots=True)
class Place:
    """A (service, environment) and its facts that have just come, as it stood before them.

    A release's id stands for its version: the fold only asks whether two are the same.
    """

    told: Sequence[DeploymentFact]
    last: tuple[datetime, bool, str, str] | None
    came_by_rollback: bool
    so_far: history.History
    rows: Sequence[int]  # of the deployments in `so_far`
    facts: dict[tuple[str, str], int]  # the stored facts in `so_far`

    def folded(self) -> history.History | None:
        """Go on with what was told; None where more has to be looked at than was read."""
        facts = sorted(map(_as_told, self.told), key=lambda fact: fact.order)
        if self.came_by_rollback or (self.last and facts[0].order[:4] <= self.last):
            return None
        fold = history.Fold.resume(self.so_far)
        ended = [fold.add(fact) for fact in facts]
        return None if any(one and one.mode is Mode.ROLLBACK for one in ended) else fold.result()


def places_of(told: Sequence[DeploymentFact]) -> list[Place]:
    """Group facts that are not stored yet by their places, and read how these stand."""
    grouped: dict[tuple[int, int], list[DeploymentFact]] = {}
    for fact in told:
        grouped.setdefault((fact.service_id, fact.environment_id), []).append(fact)
    since = [min(fact.occurred_at for fact in facts) - JOIN_WITHIN for facts in grouped.values()]
    services, environments = zip(*grouped, strict=True)
    releases = list({fact.release_id for fact in told})
    states = run(STATES, [releases, list(services), list(environments), since])
    return [_place(facts, *state) for facts, state in zip(grouped.values(), states, strict=True)]


def _place(
    told: Sequence[DeploymentFact],
    last: tuple[str, bool, str, str] | None,
    live: int | None,
    shipped: str | None,
    opened: Sequence[dict[str, Any]] | None,
    ranked: Sequence[dict[str, Any]] | None,
) -> Place:
    starts = [_stored(Kind.STARTED, row) for row in opened or ()]
    firsts = {str(row["release_id"]): _stored(Kind.SUCCEEDED, row) for row in ranked or ()}
    return Place(
        told=told,
        last=(datetime.fromisoformat(last[0]), *last[1:]) if last else None,
        came_by_rollback=shipped == Mode.ROLLBACK,
        so_far=history.History(
            tuple(history.Deployment(start.version, history.Status.STARTED, start) for start in starts),
            {version: history.Standing(version, first, first) for version, first in firsts.items()},
            # Of what is live, going on asks for no more than which release it is.
            history.Live(str(live), firsts[str(live)], Mode.FORWARD) if live else None,
        ),
        rows=[row["id"] for row in opened or ()],
        facts={(row["source"], row["key"]): row["fact_id"] for row in [*(opened or ()), *(ranked or ())]},
    )


def write(folded: Sequence[tuple[Place, history.History]]) -> list[Deployment]:
    """Write down what the facts, stored by now, changed. Returns the deployments they began or ended."""
    rows = [_Rows(place, after) for place, after in folded]
    new = [deployment for one in rows for deployment in one.new]
    ended = [deployment for one in rows for deployment in one.ended]
    insert(new)
    standings = [standing for one in rows for standing in one.standings()]
    lives = [live for one in rows for live in one.live()]
    statements: list[tuple[str, Parameters]] = []
    if ended:
        statements.append((ENDED, [[getattr(row, name) for row in ended] for name in ENDED_FIELDS]))
    if standings:
        statements.append(inserting(standings, STANDS_ANEW))
    if lives:
        statements.append(inserting(lives, LIVES_NOW))
    run_together(*statements)
    return [*new, *ended]


class _Rows:
    """The rows of one place that are new against what was."""

    def __init__(self, place: Place, after: history.History) -> None:
        one = place.told[0]
        self.place = {"service_id": one.service_id, "environment_id": one.environment_id}
        self.before, self.after = place.so_far, after
        self.facts = {**place.facts, **{(fact.source, fact.key): fact.pk for fact in place.told}}
        known = zip(place.rows, self.before.deployments, after.deployments, strict=False)
        self.ended = [self._deployment(now, pk) for pk, then, now in known if now is not then]
        self.new = [self._deployment(each) for each in after.deployments[len(place.rows) :]]

    def _deployment(self, folded: history.Deployment, pk: int | None = None) -> Deployment:
        last = folded.finish or folded.start
        assert last is not None
        return Deployment(
            pk=pk,
            **self.place,
            release_id=int(folded.version),
            status=folded.status,
            mode=folded.mode or "",
            start_id=self._id(folded.start) if folded.start else None,
            finish_id=self._id(folded.finish) if folded.finish else None,
            started_at=folded.started_at,
            finished_at=folded.finished_at,
            at=last.occurred_at,
            replaced_id=int(folded.replaced) if folded.replaced else None,
        )

    def standings(self) -> list[Standing]:
        before = self.before.standings
        return [
            Standing(
                **self.place,
                release_id=int(one.version),
                first_id=self._id(one.first_success),
                first_at=one.first_success.occurred_at,
                last_at=one.last_success.occurred_at,
            )
            for one in self.after.standings.values()
            if one is not before.get(one.version)
        ]

    def live(self) -> list[Live]:
        live = self.after.live
        if live is None or live is self.before.live:
            return []
        success = self._id(live.success)
        deployment = next(row for row in (*self.new, *self.ended) if row.finish_id == success)
        return [
            Live(
                **self.place,
                release_id=int(live.version),
                deployment_id=deployment.pk,
                since=live.since,
            )
        ]

    def _id(self, fact: history.Fact) -> int:
        return self.facts[fact.source, fact.id]


def _as_told(row: DeploymentFact) -> history.Fact:
    return history.Fact(Kind(row.kind), row.occurred_at, row.source, row.key, str(row.release_id), row.run)


def _stored(kind: Kind, row: dict[str, Any]) -> history.Fact:
    at = datetime.fromisoformat(row["occurred_at"])
    return history.Fact(kind, at, row["source"], row["key"], str(row["release_id"]), row.get("run", ""))
