"""Which services a board shows, with what is counted beside them: the board's first question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import Count, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from releasedesk.accounts.roles import Actor
from releasedesk.deliveries.models import Delivery, DeliveryQuerySet, Outcome
from releasedesk.operations.compiled import Compiled, compiled, stand_in_time
from releasedesk.releases.models import Override, month_of
from releasedesk.reports.board_facts import Listed
from releasedesk.reports.board_filters import Filters

READERS = 500  # whose question is kept written, about 10 kB each


@dataclass(frozen=True, slots=True)
class Chosen:
    """The services in their order, what waits in the reader's inbox, and this month's overrides by team."""

    services: tuple[Listed, ...]
    unmatched: int
    overridden: dict[str, int]


def chosen(filters: Filters, actor: Actor, now: datetime) -> Chosen:
    """Ask in one query; in a second one what waits, where no service is shown."""
    try:
        rows = _question(filters, actor).rows(month=month_of(now))
    except EmptyResultSet:  # Django sees that nothing can be found, as what a token owns
        rows = []
    if not rows:
        return Chosen((), waiting(actor).count(), {})
    unmatched, overridden, services = 0, Counter[str](), []
    for row in rows:
        unmatched, made = row.pop("unmatched"), row.pop("overridden")
        services.append(Listed(*row.values()))
        overridden[services[-1].team_slug] += made
    return Chosen(tuple(services), unmatched, dict(+overridden))


def unmatched_as_part(actor: Actor) -> Coalesce:
    """How many deliveries wait in the reader's inbox, as a part of another query."""
    number = waiting(actor).order_by().annotate(all=Value(1)).values("all").annotate(number=Count("pk"))
    return Coalesce(Subquery(number.values("number")), 0)


def waiting(actor: Actor) -> DeliveryQuerySet:
    """What waits in the reader's inbox for somebody to explain a name."""
    return Delivery.objects.seen_by(actor).filter(outcome=Outcome.UNMATCHED)


@lru_cache(maxsize=READERS)
def _question(filters: Filters, actor: Actor) -> Compiled:
    """The query, written once a reader: a board that is open asks it every ten seconds."""
    month = stand_in_time(1)
    return compiled(_query(filters, actor, month), {"month": month})


def _query(filters: Filters, actor: Actor, month: datetime) -> QuerySet[Any, Any]:
    made = Override.objects.in_month_of(month).filter(release__service=OuterRef("pk"))
    number = made.order_by().values("release__service").annotate(number=Count("pk"))
    names = "pk", "slug", "revision", "team_id", "team__name", "team__slug", "owner__username"
    counted = {
        "unmatched": unmatched_as_part(actor),
        "overridden": Coalesce(Subquery(number.values("number")), 0),
    }
    services: QuerySet[Any, Any] = filters.services(actor).order_by("team__name", "slug")
    return services.values(*names, **counted)
