"""What the judge says of releases, and the one word for where a release stands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import cast

from releasedesk.catalog.models import Environment, Tier
from releasedesk.measurements.judge import ORDER, Verdict, worst
from releasedesk.measurements.models import Comparison
from releasedesk.releases.models import Release, Standing

NOT_MEASURED = "not_measured"
ROUTES_NAMED = 3


class State(StrEnum):
    """Where a release stands; the first that holds (DESIGN §5.8)."""

    ROLLED_BACK = "rolled_back"
    SUSPECT = "suspect"
    INCONCLUSIVE = "inconclusive"
    VERIFIED = "verified"
    SHIPPED = "shipped"
    STAGED = "staged"
    PLANNED = "planned"


@dataclass(slots=True)
class Judged:
    """The verdicts on one release: per environment the worst over its routes."""

    comparisons: list[Comparison] = field(default_factory=list)
    standings: list[Standing] = field(default_factory=list)

    @property
    def by_environment(self) -> dict[int, str]:
        """The worst verdict of each environment, by its id."""
        verdicts: dict[int, list[Verdict]] = defaultdict(list)
        for row in self.comparisons:
            verdicts[row.environment_id].append(cast("Verdict", row.verdict))
        return {pk: worst(values) for pk, values in verdicts.items()}

    @property
    def verdict(self) -> str:
        """The verdict in the highest tier that was measured."""
        deciding = self.deciding
        return self.by_environment[deciding[0].environment_id] if deciding else NOT_MEASURED

    @property
    def deciding(self) -> list[Comparison]:
        """The comparisons in the highest tier that was measured: one a route."""
        highest = max((row.environment.rank for row in self.comparisons), default=None)
        return [row for row in self.comparisons if row.environment.rank == highest]

    @property
    def routes(self) -> str:
        """How its routes make one verdict, in words; nothing where one route speaks for itself."""
        return routes_in_words([(row.route, row.verdict) for row in self.deciding])

    def in_(self, environment: Environment) -> str:
        """The verdict in one environment."""
        return self.by_environment.get(environment.pk, NOT_MEASURED)

    @property
    def state(self) -> State:
        """Where the release stands."""
        highest = max(self.standings, key=lambda standing: standing.environment.rank, default=None)
        if highest is None:
            return state_of(self.verdict, None, marked=False)
        marked = highest.rolled_back_by_id is not None
        return state_of(self.verdict, Tier(highest.environment.tier), marked=marked)


def state_of(verdict: str, highest: Tier | None, *, marked: bool) -> State:
    """Answer where a release stands, from its verdict, the highest tier it reached and its mark there."""
    if marked:
        return State.ROLLED_BACK
    if verdict in {State.SUSPECT, State.INCONCLUSIVE, State.VERIFIED}:
        return State(verdict)
    if highest is None:
        return State.PLANNED
    return State.SHIPPED if highest == Tier.PRODUCTION else State.STAGED


def routes_in_words(verdicts: Sequence[tuple[str, str]]) -> str:
    """Say how several routes make one verdict; nothing for one route, which speaks for itself."""
    if len(verdicts) <= 1:
        return ""
    by_verdict: dict[str, list[str]] = defaultdict(list)
    for route, verdict in sorted(verdicts):
        by_verdict[verdict].append(route)
    ordered = sorted(by_verdict, key=ORDER.index)
    said = [f"{len(by_verdict[verdict])} {verdict.replace('_', ' ')}" for verdict in ordered]
    worst_routes = ", ".join(by_verdict[ordered[0]][:ROUTES_NAMED])
    more = len(by_verdict[ordered[0]]) - ROUTES_NAMED
    named = worst_routes + (f" and {more} more" if more > 0 else "")
    return f"Of {len(verdicts)} routes {' and '.join(said)}; the worst speaks for the release: {named}."


def judged(releases: Iterable[Release]) -> dict[int, Judged]:
    """Return verdicts and standings by release id, for all of them, in two queries."""
    ids = [release.pk for release in releases]
    found = {pk: Judged() for pk in ids}
    comparisons = Comparison.objects.current().filter(release__in=ids).select_related("environment")
    for row in comparisons.defer("limits"):
        found[row.release_id].comparisons.append(row)
    for standing in Standing.objects.filter(release__in=ids).select_related("environment"):
        found[standing.release_id].standings.append(standing)
    return found
