"""Where a team is told of triggers and rollbacks, and what became of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Role
from releasedesk.actions.notice_targets import add_target, end_target, try_target
from releasedesk.deliveries.notices import Event, Notice, Target
from releasedesk.problems.problem import Problem, not_found
from releasedesk.web.access import actor_of
from releasedesk.web.forms import Document, Field, Filled
from releasedesk.web.sign_in_again import signed_in_to_write

SHOWN = 20
FIELDS = (
    Field(name="name", label="Name", required=True, help="The channel or the system, as your team calls it."),
    Field(name="kind", label="How", kind="select", options=list(Target.Kind.choices)),
    Field(
        name="address",
        label="Address",
        required=True,
        help="Kept sealed and not shown again: https://… for a webhook, slack://… or mailto://… for apprise.",
    ),
)


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in_to_write
def notifications(request: HttpRequest, slug: str) -> HttpResponse:
    """List the team's targets and the last notices; a lead adds, tries and ends targets."""
    team = Team.objects.filter(slug=slug).first()
    if team is None:
        raise not_found("team", slug, list(Team.objects.values_list("slug", flat=True)))
    if request.method != "POST":
        return _page(request, team)
    if request.POST.get("do") == "add":
        return _add(request, team)
    target = Target.objects.select_related("team").filter(team=team, pk=_number(request)).first()
    if target is None:
        raise Problem("not-found", "The team has no such target.")
    change = end_target if request.POST.get("do") == "end" else try_target
    change(actor_of(request), target, now=timezone.now())
    return redirect("notifications", slug)


def _add(request: HttpRequest, team: Team) -> HttpResponse:
    document = {name: request.POST.get(name, "") for name in ("name", "kind", "address")}
    events = request.POST.getlist("events")
    try:
        target, secret = add_target(
            actor_of(request),
            team,
            kind=document["kind"],
            name=document["name"],
            address=document["address"],
            events=events,
            now=timezone.now(),
        )
    except Problem as problem:
        return _page(request, team, document=document, events=events, problem=problem)
    if secret:
        return _page(request, team, shown=(target, secret))
    return redirect("notifications", team.slug)


def _number(request: HttpRequest) -> int:
    sent = request.POST.get("target", "")
    return int(sent) if sent.isdecimal() and len(sent) < 18 else 0  # noqa: PLR2004 - what a key may have


def _page(
    request: HttpRequest,
    team: Team,
    *,
    document: Document | None = None,
    events: list[str] | None = None,
    problem: Problem | None = None,
    shown: tuple[Target, str] | None = None,
) -> HttpResponse:
    actor = actor_of(request)
    form = Filled(list(FIELDS), document or {"kind": Target.Kind.WEBHOOK}, problem)
    wrong = [error for error in problem.errors if error.pointer == "#/events"] if problem else []
    chosen = list(Event.values) if events is None else events
    context = {
        "team": team,
        "targets": team.targets.filter(ended_at=None),
        "notices": Notice.objects.filter(target__team=team).select_related("target")[:SHOWN],
        "leads": actor.is_at_least(Role.LEAD, team.pk),
        "belongs": team.pk in actor.roles or actor.superuser,
        "events": [(value, label, value in chosen) for value, label in Event.choices],
        "events_wrong": wrong,
        "form": form,
        "shown": shown,
        "nav": "teams",
    }
    return render(request, "notifications.html", context, status=form.status)
