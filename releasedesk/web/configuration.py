"""Whether staging rehearses with production's configuration; what differs on purpose, and why."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from releasedesk.accounts.roles import Role
from releasedesk.actions.configuration import Meaning, end_difference, mean_difference, renew_config_key
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import Problem
from releasedesk.releases.fingerprints import Comparison
from releasedesk.releases.models import MeantDifference
from releasedesk.reports.configuration import configuration
from releasedesk.web.access import actor_of, may_write, service_or_404
from releasedesk.web.forms import Document, Field, Filled, body_of, text_at, typed
from releasedesk.web.sign_in_again import signed_in_to_write

FIELDS = (
    Field(name="name", label="Setting", required=True, is_code=True),
    Field(
        name="reason",
        label="Why is it meant to differ?",
        kind="area",
        required=True,
        help="So that the next one does not have to ask.",
    ),
)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Compare two environments by name; explain a difference."""
    service = service_or_404(slug)
    if request.method != "POST":
        return _page(request, service, {"name": request.GET.get("name", "")})
    document = typed(request.POST)
    try:
        meaning = Meaning.read(body_of(document, ["reason"]))
        name = text_at(document, "name")
        mean_difference(actor_of(request), service, name, meaning, now=timezone.now())
    except Problem as problem:
        return _page(request, service, document, problem)
    return redirect("configuration", slug)


@require_POST
@signed_in_to_write
def end(request: HttpRequest, slug: str, difference_id: int) -> HttpResponse:
    """Let a difference be none again."""
    service = service_or_404(slug)
    found = (
        MeantDifference.objects.filter(service=service, pk=difference_id).select_related("service").first()
    )
    if found is not None:
        end_difference(actor_of(request), found)
    return redirect("configuration", slug)


@require_POST
@signed_in_to_write
def renew(request: HttpRequest, slug: str) -> HttpResponse:
    """Make another key."""
    renew_config_key(actor_of(request), service_or_404(slug), now=timezone.now())
    return redirect("configuration", slug)


def _rows(compared: Comparison) -> list[tuple[str, str]]:
    """Each name that differs for no reason given, with what about it."""
    differs = [(name, "another value") for name in compared.differs]
    here = [(name, f"missing in {compared.here}") for name in compared.only_there]
    there = [(name, f"missing in {compared.there}") for name in compared.only_here]
    return sorted([*differs, *here, *there])


def _page(
    request: HttpRequest, service: Service, document: Document, problem: Problem | None = None
) -> HttpResponse:
    actor = actor_of(request)
    found = configuration(service, here=request.GET.get("with"), there=request.GET.get("environment"))
    form = Filled(FIELDS, document, problem)
    context = {
        "found": found,
        "rows": _rows(found.comparison),
        "form": form,
        "service": service,
        "environments": Environment.objects.all(),
        "writes": may_write(actor, service),
        "leads": actor.is_at_least(Role.LEAD, service.team_id, service.pk),
        "key": service.config_keys.first(),
    }
    return render(request, "configuration.html", context, status=form.status)
