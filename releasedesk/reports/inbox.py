"""What came from outside: filtered and searched."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Self

from django.db.models import Max, Q, QuerySet, TextField
from django.db.models.fields.json import KT
from django.db.models.functions import Cast

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.deliveries.models import Delivery, Outcome, Source
from releasedesk.problems.problem import invalid, unknown
from releasedesk.reports.filters import asked


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxFilters:
    """What the URL asks for. `source` is a source's id, or the name a sender gives itself."""

    outcome: str = ""
    team: str = ""
    service: str = ""
    source: str = ""
    type: str = ""
    q: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str], actor: Actor) -> Self:
        """Read them. Raises 422 for one that does not exist."""
        found = asked(query, [field.name for field in fields(cls)], actor)
        if found["outcome"] and found["outcome"] not in Outcome.values:
            raise invalid(unknown("?outcome", "outcome", found["outcome"][:100], Outcome.values))
        return cls(**found)

    @property
    def are_set(self) -> bool:
        """Whether any of them is."""
        return any(getattr(self, field.name) for field in fields(self))


def inbox(actor: Actor, filters: InboxFilters) -> QuerySet[Delivery]:
    """The messages of the actor's teams, the newest first."""
    rows = (
        Delivery.objects.seen_by(actor)
        .messages()
        .defer("sealed", "headers", "body")
        .annotate(named=KT("body__service"))
        .select_related("team", "service")
    )
    exact = {"outcome": filters.outcome, "team__slug": filters.team, "service__slug": filters.service}
    rows = rows.filter(**{name: value for name, value in exact.items() if value})
    if filters.source:
        rows = rows.filter(source=filters.source)
    if filters.type:
        rows = rows.filter(type__icontains=filters.type)
    for word in filters.q.split():
        rows = rows.alias(text=Cast("body", TextField())).filter(
            Q(key__icontains=word)
            | Q(type__icontains=word)
            | Q(actor__icontains=word)
            | Q(text__icontains=word)
            | Q(answer__request_id=word)
        )
    return rows.order_by("-received_at", "-pk")


def sources_named(rows: Sequence[Delivery]) -> Mapping[str, str]:
    """Name the sources that these messages came by: id → name."""
    named = Source.objects.filter(pk__in={row.source for row in rows})
    return {each.pk: f"{each.name} (deleted)" if each.deleted_at else each.name for each in named}


def last_heard(team: Team) -> Mapping[str, datetime]:
    """When each of a team's sources delivered last: id → time."""
    ids = list(team.sources.values_list("pk", flat=True))
    rows = (
        Delivery.objects.filter(team=team, source__in=ids).values_list("source").annotate(Max("received_at"))
    )
    return dict(rows)
