"""What the checklists of releases to come hold: everybody's lines, a team's, and a service's own."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from releasedesk.actions.checklist_template import LineBody, Scope, allow_lines, put_line, remove_line
from releasedesk.catalog.models import Tier
from releasedesk.checklists.models import List, Template
from releasedesk.problems.problem import Problem, not_found
from releasedesk.web.access import actor_of, service_or_404, team_or_404
from releasedesk.web.forms import Document, Field, Filled, body_of, text_at, typed
from releasedesk.web.sign_in_again import signed_in_to_write

FIELDS = (
    Field(name="label", label="What is asked?", required=True),
    Field(
        name="key",
        label="Key",
        help="How CI names it in check.finished: load_test. It never changes.",
        required=True,
        is_code=True,
    ),
    Field(name="list", label="List", kind="select", options=[(name.value, name.label) for name in List]),
    Field(name="help", label="Help", help="What must be true for a tick, in one line."),
    Field(name="link", label="Link", help="Where it is explained or done: https://…"),
    Field(name="position", label="Place", kind="number", help="Smaller comes first."),
    Field(
        name="tier",
        label="Asked for in",
        kind="select",
        options=[("", "every tier"), *((tier.value, tier.label) for tier in Tier)],
    ),
    Field(name="required", label="Required: without it nothing ships", kind="check"),
)
NEW: Document = {"list": List.RELEASE.value, "position": "100"}


@dataclass(frozen=True, slots=True)
class Row:
    """A line as it counts here. `hides` is the one further away that it stands in for."""

    line: Template
    own: bool
    hides: Template | None


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def of_everybody(request: HttpRequest) -> HttpResponse:
    """Show what every release begins with where nobody says otherwise; administrators change it."""
    return _answer(request, Scope())


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def of_team(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a team's releases begin with; its leads change it."""
    return _answer(request, Scope(team=team_or_404(slug)))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def of_service(request: HttpRequest, slug: str) -> HttpResponse:
    """Show what a service's releases begin with; its team's leads change it."""
    service = service_or_404(slug)
    return _answer(request, Scope(team=service.team, service=service))


def _answer(request: HttpRequest, scope: Scope) -> HttpResponse:
    if request.method != "POST":
        return _page(request, scope, _stored(scope, request.GET.get("line", "")))
    document = typed(request.POST)
    try:
        _carry_out(request, scope, document)
    except Problem as problem:
        return _page(request, scope, document, problem)
    return redirect(_here(scope))


def _carry_out(request: HttpRequest, scope: Scope, document: Document) -> None:
    """Save what was typed; or let a line of elsewhere out here, or take our own away."""
    actor, do, key = actor_of(request), text_at(document, "do"), text_at(document, "key")
    if do == "remove":
        line = Template.objects.of_scope(scope.team, scope.service).filter(key=key).first()
        if line is not None:
            remove_line(actor, line)
        return
    said = _stored(scope, key) if do == "leave_out" else document
    body = body_of(said, [name for name in LineBody.model_fields if name != "left_out"])
    given = {name: value for name, value in body.items() if value is not None}
    put_line(
        actor, scope, LineBody.read({**given, "left_out": do == "leave_out"}, lax=True), now=timezone.now()
    )


def _stored(scope: Scope, key: str) -> Document:
    """A line as the form shows it; without a key a new one. Raises 404 with near keys."""
    if not key:
        return dict(NEW)
    lines = {line.key: line for line in _nearest(scope)}
    if key not in lines:
        raise not_found("line", key, list(lines))
    line = lines[key]
    return {field.name: getattr(line, field.name) for field in FIELDS} | {"position": str(line.position)}


def _nearest(scope: Scope) -> list[Template]:
    team = scope.team.pk if scope.team else None
    return list(Template.objects.nearest(team, scope.service).select_related("team", "service"))


def _rows(scope: Scope) -> list[Row]:
    above = Template.objects.nearest(scope.team.pk if scope.service and scope.team else None, None)
    hidden = {line.key: line for line in above.select_related("team")} if scope.team else {}
    lines = sorted(_nearest(scope), key=lambda line: (line.list, line.position, line.key))
    return [_row(line, scope, hidden.get(line.key)) for line in lines]


def _row(line: Template, scope: Scope, above: Template | None) -> Row:
    own = line.service == scope.service if scope.service else line.team == scope.team
    return Row(line, own, above if own else None)


def _here(scope: Scope) -> str:
    if scope.service:
        return reverse("service_checklists", args=[scope.service.slug])
    return reverse("team_checklists", args=[scope.team.slug]) if scope.team else reverse("desk_checklists")


def _page(
    request: HttpRequest, scope: Scope, document: Document, problem: Problem | None = None
) -> HttpResponse:
    rows = _rows(scope)
    form = Filled(FIELDS, document, problem)
    context = {
        "form": form,
        "team": scope.team,
        "service": scope.service,
        "lists": [
            (name, [row for row in rows if row.line.list == name and not row.line.left_out]) for name in List
        ],
        "left_out": [row for row in rows if row.line.left_out],
        "editing": bool(request.GET.get("line")),
        "here": _here(scope),
        "leads": _leads(request, scope),
    }
    return render(request, "checklists.html", context, status=form.status)


def _leads(request: HttpRequest, scope: Scope) -> bool:
    try:
        allow_lines(actor_of(request), scope)
    except Problem:
        return False
    return True
