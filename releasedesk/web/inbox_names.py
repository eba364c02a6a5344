"""Names that nobody has explained: asked about wherever what waits is shown, and listed one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Template
from releasedesk.deliveries.families import beginning
from releasedesk.deliveries.models import Alias
from releasedesk.ingest.explain import NOTHING, REGISTER, new_slug
from releasedesk.problems.problem import FieldError, invalid
from releasedesk.reports.filters import asked
from releasedesk.reports.waiting import Waiting, waiting
from releasedesk.web.access import actor_of, signed_in
from releasedesk.web.paging import page

LINES_AT_MOST = 20
Choices = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Offer:
    """What waits, what may be meant by its name, and where a family's names are asked about one by one."""

    of: Waiting
    choices: Choices
    may: bool
    apart: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """The first lines of what waits, how many `names` wait in all, and where the lines are that lack here."""

    offers: Sequence[Offer]
    names: int
    more: int
    address: str


def question(actor: Actor, team: Team | None = None, **only: Any) -> Question | None:
    """What is to be explained in the actor's teams, or in this one; None for nothing."""
    if team is not None:
        only["team"] = team
    lines = waiting(actor, **only)
    if not lines:
        return None
    return Question(
        offers=offers(actor, lines[:LINES_AT_MOST]),
        names=sum(line.names for line in lines),
        more=len(lines[LINES_AT_MOST:]),
        address=_address({"team": team.slug} if team else {}),
    )


@require_safe
@signed_in
def names(request: HttpRequest) -> HttpResponse:
    """List what nobody has explained, a page at a time; of a family each name."""
    actor = actor_of(request)
    filters = asked(request.GET.dict(), ["team", "family"], actor)
    only: dict[str, Any] = {"team__slug": filters["team"]} if filters["team"] else {}
    if family := filters["family"]:
        only |= {"waits_for": Alias.Kind.ENVIRONMENT, "waits_name__startswith": _beginning(family)}
    lines = waiting(actor, apart=bool(family), **only)
    found = page(request, lines)
    context = {
        "page": found,
        "offers": offers(actor, found.rows),
        "names": sum(line.names for line in lines),
        "family": f"{beginning(family)}…" if family else "",
        "all": _address({"team": filters["team"]} if filters["team"] else {}),
        "nav": "inbox",
    }
    return render(request, "inbox_names.html", context, status=found.status)


def _beginning(family: str) -> str:
    if begins := beginning(family):
        return begins
    raise invalid(FieldError("?family", "format", "This is no family of names.", "such as review/*", family))


def offers(actor: Actor, lines: Sequence[Waiting]) -> list[Offer]:
    """Say of each line what may be meant by it."""
    slugs = [new_slug(line.name) for line in lines if line.waits_for == Alias.Kind.SERVICE]
    taken = set(Service.objects.filter(slug__in=slugs).values_list("slug", flat=True)) if slugs else set()
    teams = {line.team.pk: line.team for line in lines if line.waits_for == Alias.Kind.CHECK}
    items = {pk: list(Template.objects.items_of(team).items()) for pk, team in teams.items()}
    return [
        Offer(
            line,
            [*_choices(line, taken, items), (NOTHING, _nothing(line))],
            actor.is_at_least(Role.ENGINEER, line.team.pk),
            _address({"team": line.team.slug, "family": line.name}) if line.is_family else "",
        )
        for line in lines
    ]


def _choices(line: Waiting, taken: set[str], items: Mapping[int, Choices]) -> Choices:
    if line.waits_for == Alias.Kind.CHECK:
        return items[line.team.pk]
    known, new = [(each, each) for each in line.known], new_slug(line.name)
    # A name that another team has is no new one.
    if line.waits_for == Alias.Kind.ENVIRONMENT or new in taken:
        return known
    return [*known, (REGISTER, f"a new service: register {new}")]


def _nothing(line: Waiting) -> str:
    return "none of ours: leave them alone" if line.is_family else "none of them: leave it alone"


def _address(query: Mapping[str, str]) -> str:
    return f"{reverse('waiting_names')}?{urlencode(query)}" if query else reverse("waiting_names")
