"""The inbox: what came from outside, what became of it, and what waits for a word of ours."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Role
from releasedesk.deliveries.models import Delivery, Outcome, Source
from releasedesk.ingest.again import Tried, redeliver
from releasedesk.ingest.explain import Explained
from releasedesk.ingest.explain import explain as explain_name
from releasedesk.problems.problem import Problem, not_found
from releasedesk.reports.inbox import InboxFilters, inbox, sources_named
from releasedesk.web.access import actor_of, signed_in
from releasedesk.web.inbox_names import question
from releasedesk.web.paging import page
from releasedesk.web.sign_in_again import signed_in_to_write

LONGEST_KEY = 18  # digits that the database can count to


@require_safe
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """List the messages of the reader's teams, the newest first; the filters stand in the URL."""
    actor = actor_of(request)
    filters = InboxFilters.read(request.GET.dict(), actor)
    found = page(request, inbox(actor, filters))
    context = {
        "page": found,
        "filters": filters,
        "outcomes": Outcome.values,
        "names": sources_named(found.rows),
        "waiting": question(actor) if not filters.are_set or filters.outcome == Outcome.UNMATCHED else None,
        "sources": Source.objects.seen_by(actor).select_related("team"),
        "nav": "inbox",
    }
    return render(request, "inbox.html", context, status=found.status)


@require_safe
@signed_in
def delivery(request: HttpRequest, pk: int) -> HttpResponse:
    """Show one message: as it came, what became of it, and what its sender was told."""
    found, actor = _delivery(request, pk), actor_of(request)
    named = Source.objects.filter(pk=found.source, team=found.team_id).first()
    lacks = {"waits_for": found.waits_for, "waits_name": found.waits_name}
    context = {
        "delivery": found,
        "source": named,
        "waiting": question(actor, found.team, **lacks) if found.waits_name else None,
        "may_apply": actor.is_at_least(Role.ENGINEER, found.team_id),
        "nav": "inbox",
    }
    return render(request, "delivery.html", context)


@require_POST
@signed_in_to_write
def again(request: HttpRequest, pk: int) -> HttpResponse:
    """Take one kept message in once more, and show what came of it."""
    tried = redeliver(actor_of(request), _delivery(request, pk), now=timezone.now())
    return _results(request, [tried], heading="Taken in once more")


@require_POST
@signed_in_to_write
def explain(request: HttpRequest) -> HttpResponse:
    """Say what a name means, then apply all that waited for it, visibly."""
    actor, now = actor_of(request), timezone.now()
    team = Team.objects.filter(slug=request.POST.get("team", "")).first()
    if team is None or not (actor.superuser or team.pk in actor.roles):
        raise not_found("team", request.POST.get("team", "")[:100])
    kind, name, meant = (request.POST.get(each, "") for each in ("waits_for", "name", "meant"))
    said = request.POST.get("after", "")
    after = int(said) if said.isascii() and said.isdigit() and len(said) <= LONGEST_KEY else 0
    return explained(request, team, explain_name(actor, team, kind, name, meant, now=now, after=after))


def explained(request: HttpRequest, team: Team, what: Explained) -> HttpResponse:
    """Show what came of all that waited for a name, with the way to apply the rest of many."""
    again = {
        "team": team.slug,
        "waits_for": what.kind,
        "name": what.name,
        "meant": what.meant,
        "after": str(what.last),
    }
    return _results(request, what.tried, heading=what.said, left=what.left, again=again, team=team)


def _delivery(request: HttpRequest, pk: int) -> Delivery:
    rows = Delivery.objects.seen_by(actor_of(request)).messages().select_related("team", "service")
    found = rows.filter(pk=pk).first()
    if found is None:
        raise Problem("not-found", "Your teams have no such message.")
    return found


def _results(
    request: HttpRequest,
    tried: Sequence[Tried],
    *,
    heading: str,
    left: int = 0,
    again: dict[str, str] | None = None,
    team: Team | None = None,
) -> HttpResponse:
    context = {
        "tried": tried,
        "heading": heading,
        "left": left,
        "again": again,
        "team": team,
        "nav": "inbox",
    }
    return render(request, "applied.html", context)
