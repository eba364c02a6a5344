"""What waits for a word of ours: names that nobody has explained, a family of environments in one line."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, Max

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment, Service
from releasedesk.deliveries.families import ALL, family_of
from releasedesk.deliveries.models import Alias, Delivery
from releasedesk.problems.near import closest

FAMILY_AT_LEAST, BEGINS_ALIKE = 3, 4
# On services and environments deployments hang; a family is mostly of places that come and go; on jobs hangs
# nothing.
URGENCY = {Alias.Kind.SERVICE: 0, Alias.Kind.ENVIRONMENT: 1, "family": 2, Alias.Kind.CHECK: 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Messages of one team that wait for one name, or for the `names` of one family.

    `known` are our names of its kind; none for jobs.
    """

    team: Team
    waits_for: str
    name: str
    names: int = 1
    count: int
    last_at: datetime
    known: Sequence[str]

    @property
    def is_family(self) -> bool:
        """Whether more names than one are meant: `review/*`."""
        return self.names > 1

    @property
    def shown(self) -> str:
        """The name to be read; of a family `review/…`."""
        return f"{self.name.removesuffix(ALL)}/…" if self.is_family else self.name

    @property
    def near(self) -> str:
        """What is probably meant, the closest name, else one that begins alike; nothing by a whole family."""
        return "" if self.is_family else closest(self.name, self.known) or self._alike

    @property
    def _alike(self) -> str:
        """`prod-us-east` → `production`, `acme/staging` → `staging`."""
        begins, end = self.name[:BEGINS_ALIKE], _last_part(self.name)
        return next((each for each in self.known if each.startswith(begins) or each == end), "")

    @property
    def urgency(self) -> tuple[object, ...]:
        """Orders lines: what deployments hang on and looks like ours first, then the most messages."""
        kind = "family" if self.is_family else self.waits_for
        return URGENCY[kind], not self._alike, -self.count, self.name, self.team.slug


def waiting(actor: Actor, *, apart: bool = False, **only: Any) -> Sequence[Waiting]:
    """What waits for a word, the most urgent first, as far as it is `only` this.

    Three environments or more of one family are one line, unless names are asked for `apart`, or one of them
    ends in a name of ours (`acme/production`): such a family is no place that comes and goes.
    """
    groups = (
        Delivery.objects.seen_by(actor)
        .waiting()
        .filter(**only)
        .values("waits_for", "waits_name", "team")
        .annotate(count=Count("pk"), last_at=Max("received_at"))
        .order_by()
    )
    if not groups:
        return []
    known = _known({group["team"] for group in groups})
    found = groups if apart else _folded(groups, known.environments)
    return sorted((known.line(group) for group in found), key=lambda line: line.urgency)


def _folded(groups: Iterable[Mapping[str, Any]], ours: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    """Put the names of one family into one group, if they are many and none looks like ours."""
    families: dict[tuple[int, str], list[Mapping[str, Any]]] = defaultdict(list)
    for group in groups:
        family = family_of(group["waits_name"]) if group["waits_for"] == Alias.Kind.ENVIRONMENT else ""
        if family:
            families[group["team"], family].append(group)
        else:
            yield group
    for (_, family), members in families.items():
        if len(members) < FAMILY_AT_LEAST or any(_last_part(each["waits_name"]) in ours for each in members):
            yield from members
        else:
            yield {
                **members[0],
                "waits_name": family,
                "names": len(members),
                "count": sum(each["count"] for each in members),
                "last_at": max(each["last_at"] for each in members),
            }


def _last_part(name: str) -> str:
    return name.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class _Known:
    teams: Mapping[int, Team]
    environments: Sequence[str]
    slugs: Mapping[int, Sequence[str]]

    def line(self, group: Mapping[str, Any]) -> Waiting:
        by_kind: dict[str, Sequence[str]] = {
            Alias.Kind.ENVIRONMENT: self.environments,
            Alias.Kind.SERVICE: self.slugs.get(group["team"], ()),
        }
        return Waiting(
            team=self.teams[group["team"]],
            waits_for=group["waits_for"],
            name=group["waits_name"],
            names=group.get("names", 1),
            count=group["count"],
            last_at=group["last_at"],
            known=by_kind.get(group["waits_for"], ()),
        )


def _known(teams: set[int]) -> _Known:
    slugs: dict[int, list[str]] = defaultdict(list)
    for team, slug in Service.objects.filter(team__in=teams).order_by("slug").values_list("team_id", "slug"):
        slugs[team].append(slug)
    places = list(Environment.objects.values_list("name", flat=True))
    return _Known(Team.objects.in_bulk(teams), places, slugs)
