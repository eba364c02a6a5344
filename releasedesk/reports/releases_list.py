"""All releases, the newest first: where each stands, what its numbers say, when it shipped and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db.models import Case, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.expressions import Combinable

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import TIER_RANK, Tier
from releasedesk.measurements.judge.verdicts import ORDER
from releasedesk.measurements.models import Comparison
from releasedesk.releases.models import Release, Standing
from releasedesk.reports.filters import asked
from releasedesk.reports.verdicts import Judged, State, judged
from releasedesk.reports.wording import Mark, comparison_mark


@dataclass(frozen=True, slots=True)
class ReleaseFilters:
    """Which releases are asked for. They live in the URL."""

    team: str = ""
    service: str = ""
    state: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str], actor: Actor) -> ReleaseFilters:
        """Read the query string. Raises 422 for a filter or a value that does not exist."""
        return cls(**asked(query, ("team", "service", "state"), actor, states=list(State)))

    @property
    def are_set(self) -> bool:
        """Whether anything is left out."""
        return any(asdict(self).values())


@dataclass(frozen=True, slots=True)
class Listed:
    """One release in the list. `shipped_at` is its first success in production."""

    release: Release
    state: State
    mark: Mark
    shipped_at: datetime | None
    shipped_by: str


def releases(filters: ReleaseFilters) -> QuerySet[Release]:
    """The releases these filters leave, the newest first."""
    chosen = Release.objects.select_related("service__team", "owner").order_by("-created_at", "-id")
    if filters.team:
        chosen = chosen.filter(service__team__slug=filters.team)
    if filters.service:
        chosen = chosen.filter(service__slug=filters.service)
    return in_state(chosen, State(filters.state)) if filters.state else chosen


def listed(rows: Iterable[Release]) -> list[Listed]:
    """Say of each where it stands, in three queries for all of them."""
    shown = list(rows)
    standings = judged(shown)
    shipped = _shipped(shown)
    return [_listed(row, standings[row.pk], shipped.get(row.pk)) for row in shown]


def _listed(release: Release, standing: Judged, shipped: Standing | None) -> Listed:
    return Listed(
        release=release,
        state=standing.state,
        mark=_mark(standing),
        shipped_at=shipped.first_at if shipped else None,
        shipped_by=shipped.first.actor if shipped else "",
    )


def _mark(standing: Judged) -> Mark:
    """The worst comparison in the highest tier that was measured."""
    rows = sorted(standing.comparisons, key=lambda row: row.environment.rank)
    said = [row for row in rows if row.environment_id == rows[-1].environment_id]
    worst = next((row for row in said if row.verdict == standing.verdict), None)
    return comparison_mark(standing.verdict, worst.result if worst else None)


def _shipped(rows: Iterable[Release]) -> dict[int, Standing]:
    production = Standing.objects.filter(
        release__in=[row.pk for row in rows], environment__tier=Tier.PRODUCTION
    )
    found = production.select_related("first").order_by("-first_at")
    return {standing.release_id: standing for standing in found}  # the earliest is said last, and stays


def _ranked(field: str, order: Mapping[str, int]) -> Case:
    cases = [When(**{field: name}, then=Value(rank)) for name, rank in order.items()]
    return Case(*cases, output_field=IntegerField())


def in_state(releases: QuerySet[Release], state: State) -> QuerySet[Release]:
    """Leave those in this state: `Judged.state` as SQL, so that a list can be cut into pages by it."""
    tier = _ranked("environment__tier", {str(name): rank for name, rank in TIER_RANK.items()})
    nearest: list[Combinable | str] = [tier.desc(), "-environment__order"]
    own = {"release": OuterRef("pk")}
    compared = Comparison.objects.current().filter(**own)
    worst = compared.order_by(*nearest, _ranked("verdict", {name: at for at, name in enumerate(ORDER)}))
    highest = Standing.objects.filter(**own).order_by(*nearest)
    known = releases.annotate(
        said=Subquery(worst.values("verdict")[:1]),
        reached=Subquery(highest.values("environment__tier")[:1]),
        undone_by=Subquery(highest.values("rolled_back_by")[:1]),
    )
    return known.filter(_is(state))


def _is(state: State) -> Q:
    """The first that holds (DESIGN §5.8)."""
    undone = Q(undone_by__isnull=False)
    if state is State.ROLLED_BACK:
        return undone
    by_verdict = [State.SUSPECT, State.INCONCLUSIVE, State.VERIFIED]
    if state in by_verdict:
        return ~undone & Q(said=str(state))
    undecided = ~undone & (Q(said__isnull=True) | ~Q(said__in=[str(name) for name in by_verdict]))
    return {
        State.PLANNED: undecided & Q(reached__isnull=True),
        State.SHIPPED: undecided & Q(reached=Tier.PRODUCTION),
        State.STAGED: undecided & Q(reached__isnull=False) & ~Q(reached=Tier.PRODUCTION),
    }[state]
