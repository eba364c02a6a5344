"""How often a team lets its releases pass a gate, by month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from releasedesk.accounts.models import Team
from releasedesk.releases.models import Override
from releasedesk.reports.gates.table import BY_KEY

NEWEST = 200


@dataclass(frozen=True, slots=True)
class Month:
    """The overrides of one month (of UTC), the newest first; `day` is its first."""

    day: date
    said: tuple[tuple[str, Override], ...]


def by_month(team: Team, *, now: datetime) -> list[Month]:
    """The months of the last year in which the team overrode a gate, the newest first, in one query."""
    since = now.replace(year=now.year - 1, day=1, hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Override.objects.filter(release__service__team=team, made_at__gte=since)
        .select_related("release__service", "environment")
        .order_by("-made_at", "-pk")[:NEWEST]
    )
    labels: Mapping[str, str] = {key: gate.label for key, gate in BY_KEY.items()}
    return [
        Month(day, tuple((labels.get(row.gate, row.gate), row) for row in group))
        for day, group in groupby(rows, key=lambda row: row.made_at.date().replace(day=1))
    ]
