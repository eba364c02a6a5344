"""`/gates/` and `/services/{slug}/gates/`: what is asked before something ships, and how strictly."""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.gate_levels import set_levels
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import Problem, not_found
from releasedesk.releases.models import GateLevel, Level
from releasedesk.reports.gates.levels import levels_in
from releasedesk.reports.gates.table import BY_KEY
from releasedesk.web.access import actor_of, service_or_404
from releasedesk.web.forms import Document, Field, Filled, text_at, typed
from releasedesk.web.sign_in_again import signed_in_to_write

REASON = Field(
    name="reason",
    label="Why is less asked here than of everybody?",
    help="Needed only where a level is lower than everybody's.",
    kind="area",
)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def show(request: HttpRequest, slug: str = "") -> HttpResponse:
    """Show the levels for `?environment=` (nearest to users unless it says another).

    A service's lead sets those of the service, an administrator those of every one.
    """
    service, environments = service_or_404(slug) if slug else None, list(Environment.objects.all())
    place = _chosen(request.GET.get("environment", ""), environments)
    if request.method != "POST":
        return _page(request, service, place, environments)
    document = typed(request.POST)
    levels = {key: text_at(document, f"levels/{key}") or None for key in BY_KEY}
    try:
        set_levels(actor_of(request), place, service, levels, text_at(document, "reason"), now=timezone.now())
    except Problem as problem:
        if problem.kind == "forbidden" and not (service and place.four_eyes):
            raise
        return _page(request, service, place, environments, document, problem)
    return redirect(f"{request.path}?{urlencode({'environment': place.name})}")


def _chosen(name: str, environments: list[Environment]) -> Environment:
    found = [place for place in environments if place.name == name]
    if name and not found:
        raise not_found("environment", name, [place.name for place in environments])
    return found[0] if found else max(environments, key=lambda place: place.rank)


def _page(
    request: HttpRequest,
    service: Service | None,
    place: Environment,
    environments: list[Environment],
    document: Document | None = None,
    problem: Problem | None = None,
) -> HttpResponse:
    otherwise: Mapping[str, str] = {key: gate.level_in(place.tier) for key, gate in BY_KEY.items()}
    as_who = f"in every {place.tier}"
    if service:
        otherwise, as_who = levels_in(place, None), "everybody"
    own = {row.gate: row for row in GateLevel.objects.filter(environment=place, service=service)}
    stored = {"levels": {key: row.level for key, row in own.items()}}
    fields = [
        Field(
            name=f"levels/{key}",
            label=gate.label,
            help=gate.question,
            kind="select",
            options=[("", f"as {as_who}: {otherwise[key]}"), *((level, level) for level in Level.values)],
        )
        for key, gate in BY_KEY.items()
    ]
    form = Filled([*fields, REASON], document or stored, problem)
    context = {
        "service": service,
        "place": place,
        "environments": environments,
        "form": form,
        "fields": [form[field.name] for field in fields],
        "reason": form["reason"],
        "own": [(BY_KEY[key].label, row) for key, row in own.items() if key in BY_KEY],
        "sets": _may_set(actor_of(request), service),
        "levels": [(BY_KEY[key], level) for key, level in levels_in(place, service).items()],
        "nav": "board",
    }
    return render(request, "gate_levels.html", context, status=form.status)


def _may_set(actor: Actor, service: Service | None) -> bool:
    if service is None:
        return actor.superuser
    return actor.is_at_least(Role.LEAD, service.team_id, service.pk)
