"""`/teams/{slug}/sources/`: the systems that send to a team, and what they call things."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Role
from releasedesk.actions.aliases import forget_alias
from releasedesk.actions.answering import URL
from releasedesk.actions.sources import (
    delete_source,
    end_former_secret,
    pause_source,
    rotate_secret,
    set_up_source,
)
from releasedesk.catalog.models import Environment
from releasedesk.checklists.models import Template
from releasedesk.deliveries.models import Alias, Delivery, Source
from releasedesk.ingest.explain import NOTHING, explain
from releasedesk.ingest.trial import try_out
from releasedesk.problems.problem import Problem, not_found
from releasedesk.reports.inbox import last_heard
from releasedesk.web.access import actor_of, signed_in
from releasedesk.web.forms import Document, Field, Filled, typed
from releasedesk.web.inbox import explained
from releasedesk.web.inbox_names import question
from releasedesk.web.sign_in_again import signed_in_to_write

ARRIVED_SHOWN = 8
NEW = (
    Field(
        name="kind",
        label="Who sends",
        kind="select",
        options=Source.Kind.choices,
        required=True,
    ),
    Field(name="name", label="Name", required=True, help="What you call it, such as the organisation."),
)
KIND_WORDS = {
    Alias.Kind.SERVICE: "Repositories and services",
    Alias.Kind.ENVIRONMENT: "Environments",
    Alias.Kind.CHECK: "Jobs, workflows and apps",
}
ONE_OF = {Alias.Kind.SERVICE: "service", Alias.Kind.ENVIRONMENT: "environment", Alias.Kind.CHECK: "job"}


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in_to_write
def sources(request: HttpRequest, slug: str) -> HttpResponse:
    """List a team's sources and its names; add a source and show its secret, this once."""
    team = _team(request, slug)
    if request.method != "POST":
        return _list(request, team)
    document = typed(request.POST)
    try:
        source, secret = set_up_source(
            actor_of(request),
            team,
            kind=str(document.get("kind", "")),
            name=str(document.get("name", "")),
            now=timezone.now(),
        )
    except Problem as problem:
        return _list(request, team, document, problem)
    return _show(request, source, secret=secret)


@require_safe
@signed_in
def source(request: HttpRequest, slug: str, source_id: str) -> HttpResponse:
    """Show a source: how the other side is set up, and what arrived. htmx asks for the latter again."""
    found = source_named(request, slug, source_id)
    if request.headers.get("HX-Target") == "arrived":
        return render(request, "parts/arrived.html", _arrived(found))
    return _show(request, found)


@require_POST
@never_cache
@signed_in_to_write
def rotate(request: HttpRequest, slug: str, source_id: str) -> HttpResponse:
    """Make another secret and show it, this once."""
    found = source_named(request, slug, source_id)
    edition = request.POST.get("edition", "")
    secret = rotate_secret(actor_of(request), found, now=timezone.now(), edition=edition)
    found.refresh_from_db()
    return _show(request, found, secret=secret)


@require_POST
@signed_in_to_write
def end_former(request: HttpRequest, slug: str, source_id: str) -> HttpResponse:
    """End the former secret: the other side has the new one."""
    end_former_secret(actor_of(request), source_named(request, slug, source_id))
    return redirect("source", slug, source_id)


@require_POST
@signed_in_to_write
def pause(request: HttpRequest, slug: str, source_id: str) -> HttpResponse:
    """Stop listening, or listen again."""
    paused = request.POST.get("paused") == "true"
    pause_source(actor_of(request), source_named(request, slug, source_id), paused=paused, now=timezone.now())
    return redirect("source", slug, source_id)


@require_POST
@signed_in_to_write
def delete(request: HttpRequest, slug: str, source_id: str) -> HttpResponse:
    """Delete a source; what it delivered stays."""
    delete_source(actor_of(request), source_named(request, slug, source_id), now=timezone.now())
    return redirect("sources", slug)


@require_POST
@signed_in_to_write
def trial(request: HttpRequest, slug: str, source_id: str) -> HttpResponse:
    """Send a delivery to ourselves, through the door that all deliveries take."""
    found = source_named(request, slug, source_id)
    try_out(actor_of(request), found, now=timezone.now())
    return redirect(f"{reverse('source', args=[slug, source_id])}#arrived")


@require_POST
@signed_in_to_write
def add_name(request: HttpRequest, slug: str) -> HttpResponse:
    """Say what a name of the other side means, and show what came of all that waited for it."""
    actor, team, document = actor_of(request), _team(request, slug), typed(request.POST)
    kind, _, meant = str(document.get("meant", "")).partition("/")
    try:
        found = explain(actor, team, kind, str(document.get("theirs", "")), meant, now=timezone.now())
    except Problem as problem:
        return _list(request, team, document, problem)
    if found.tried:
        return explained(request, team, found)
    return redirect(f"{reverse('sources', args=[slug])}#names")


@require_POST
@signed_in_to_write
def forget_name(request: HttpRequest, slug: str, pk: int) -> HttpResponse:
    """Take a meaning back."""
    alias = Alias.objects.filter(team=_team(request, slug), pk=pk).first()
    if alias is None:
        raise Problem("not-found", "The team has said nothing of that name.")
    forget_alias(actor_of(request), alias)
    return redirect(f"{reverse('sources', args=[slug])}#names")


def _list(
    request: HttpRequest, team: Team, document: Document | None = None, problem: Problem | None = None
) -> HttpResponse:
    actor, heard = actor_of(request), last_heard(team)
    form = Filled([*NEW, *_name_fields(team)], document or {}, problem)
    context = {
        "team": team,
        "listed": [(each, heard.get(each.pk)) for each in team.sources.there()],
        "names": [(words, rows) for words, rows in _names(team) if rows],
        "waiting": question(actor, team),
        "form": form,
        "leads": actor.is_at_least(Role.LEAD, team.pk),
        "may_name": actor.is_at_least(Role.ENGINEER, team.pk),
        "nav": "teams",
    }
    return render(request, "sources.html", context, status=form.status)


def _names(team: Team) -> list[tuple[str, list[Alias]]]:
    """The team's names by what they name."""
    rows = list(team.aliases.select_related("service", "environment"))
    return [(KIND_WORDS[kind], [alias for alias in rows if alias.kind == kind]) for kind in Alias.Kind]


def _name_fields(team: Team) -> list[Field]:
    services = team.services.values_list("slug", flat=True)
    places = Environment.objects.values_list("name", flat=True)
    meant = [
        ("", "choose"),
        *((f"service/{slug}", f"the service {slug}") for slug in services),
        *((f"environment/{name}", f"the environment {name}") for name in places),
        *(
            (f"check/{key}", f"the checklist item “{label}”")
            for key, label in Template.objects.items_of(team).items()
        ),
        *((f"{kind}/{NOTHING}", f"nothing: leave this {word} alone") for kind, word in ONE_OF.items()),
    ]
    return [
        Field(
            name="theirs",
            label="They write",
            required=True,
            placeholder="acme/checkout, prod-eu or Nightly",
            help="A repository, an environment or a job, as the other side writes it. "
            "review/* are all environments that begin with review/.",
        ),
        Field(name="meant", label="We mean", kind="select", options=meant, required=True),
    ]


def _show(request: HttpRequest, found: Source, *, secret: str = "") -> HttpResponse:
    actor, now = actor_of(request), timezone.now()
    path = f"/api/v1/hooks/{found.pk}"
    context = {
        **_arrived(found),
        "team": found.team,
        "secret": secret,
        "address": request.build_absolute_uri(path),
        "may_ask": found.kind in URL,
        "two_valid": len(found.sealed(now)) > 1,
        "leads": actor.is_at_least(Role.LEAD, found.team_id),
        "may_try": actor.is_at_least(Role.ENGINEER, found.team_id),
        "nav": "teams",
    }
    return render(request, "source.html", context)


def _arrived(found: Source) -> dict[str, object]:
    rows = Delivery.objects.filter(team=found.team_id, source=found.pk).defer("body", "sealed", "headers")
    newest = rows.select_related("service").order_by("-received_at", "-pk")[:ARRIVED_SHOWN]
    return {"source": found, "arrived": list(newest)}


def _team(request: HttpRequest, slug: str) -> Team:
    """Find a team of the reader's; of any other's sources nobody learns."""
    actor, team = actor_of(request), Team.objects.filter(slug=slug).first()
    if team is None or not (actor.superuser or team.pk in actor.roles):
        raise not_found("team of yours", slug)
    return team


def source_named(request: HttpRequest, slug: str, source_id: str) -> Source:
    """Find a source of a team of the reader's. Raises 404."""
    rows = Source.objects.there().filter(team=_team(request, slug), pk=source_id)
    found = rows.select_related("team").first()
    if found is None:
        raise Problem("not-found", "The team has no such source.")
    return found
