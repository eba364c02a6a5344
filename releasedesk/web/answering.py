"""`/teams/{slug}/sources/{id}/answers/`: how the desk answers a source that asks, and what it told it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.roles import Role
from releasedesk.actions.answering import URL, forget_answering, set_answering
from releasedesk.catalog.models import Environment
from releasedesk.deliveries.models import Answering, Source
from releasedesk.problems.problem import Problem, not_found
from releasedesk.web.access import actor_of
from releasedesk.web.forms import Document, Field, Filled, typed
from releasedesk.web.sign_in_again import signed_in_to_write
from releasedesk.web.sources import source_named

SHOWN = 20


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in_to_write
def answers(request: HttpRequest, slug: str, source_id: str) -> HttpResponse:
    """Show the last questions and, to a lead, the form; set the key, or forget it."""
    source = source_named(request, slug, source_id)
    if source.kind not in URL:
        raise Problem("not-found", "Only GitHub and GitLab ask the desk.")
    if request.method != "POST":
        return _page(request, source)
    if "forget" in request.POST:
        forget_answering(actor_of(request), source)
        return redirect("answers", slug, source_id)
    document = typed(request.POST)
    try:
        _set(request, source, document)
    except Problem as problem:
        return _page(request, source, document, problem)
    return redirect("answers", slug, source_id)


def _set(request: HttpRequest, source: Source, document: Document) -> None:
    name = str(document.get("environment", ""))
    environment = Environment.objects.filter(name=name).first()
    if name and environment is None:
        raise not_found("environment", name)
    set_answering(
        actor_of(request),
        source,
        url=str(document.get("url", "")),
        app=str(document.get("app", "")),
        secret=str(document.get("secret", "")),
        environment=environment,
        now=timezone.now(),
    )


def _page(
    request: HttpRequest, source: Source, document: Document | None = None, problem: Problem | None = None
) -> HttpResponse:
    answering = Answering.objects.filter(source=source).select_related("environment").first()
    form = Filled(
        _fields(source, answering), {**(document or _stored(source, answering)), "secret": ""}, problem
    )
    asked = source.gate_requests.select_related("service", "environment", "release")
    context = {
        "source": source,
        "team": source.team,
        "answering": answering,
        "asked": asked[:SHOWN],
        "form": form,
        "leads": actor_of(request).is_at_least(Role.LEAD, source.team_id),
        "address": request.build_absolute_uri(f"/api/v1/hooks/{source.pk}"),
        "nav": "teams",
    }
    return render(request, "answers.html", context, status=form.status)


def _stored(source: Source, answering: Answering | None) -> Document:
    if answering is None:
        return {"url": URL[Source.Kind(source.kind)]}
    place = answering.environment.name if answering.environment else ""
    return {"url": answering.url, "app": answering.app, "environment": place}


def _fields(source: Source, answering: Answering | None) -> list[Field]:
    kept = "Kept sealed, and shown nowhere." + (" Left empty: the one that is kept." if answering else "")
    url = Field(name="url", label="Their API", required=True, help="With their own server: its address.")
    if source.kind == Source.Kind.GITHUB:
        return [
            url,
            Field(name="app", label="Client ID", required=True, help="On the App's page on GitHub."),
            Field(
                name="secret", label="Private key", kind="area", is_code=True, help=f"The .pem file. {kept}"
            ),
        ]
    places = [("", "the first of production"), *((row.name, row.name) for row in Environment.objects.all())]
    return [
        url,
        Field(
            name="secret",
            label="Project access token",
            is_code=True,
            help=f"Role Developer, scope api. {kept}",
        ),
        Field(
            name="environment",
            label="Asks for",
            kind="select",
            options=places,
            help="Where a merge request wants to go: it names no environment itself.",
        ),
    ]
