"""A team: its services, who is in it as what, and the tokens its machines use."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import Role
from releasedesk.actions.memberships import end_membership, set_role
from releasedesk.actions.revoke_token import revoke_token
from releasedesk.actions.teams import set_clock
from releasedesk.actions.tokens import issue_token, require_may_grant
from releasedesk.catalog.models import Scope, Service, Token
from releasedesk.problems.problem import FieldError, Problem, invalid, unknown
from releasedesk.problems.zones import ClockBody
from releasedesk.reports.gates.overrides import by_month
from releasedesk.web.access import actor_of, signed_in, team_or_404
from releasedesk.web.forms import Document, Field, Filled, body_of, typed
from releasedesk.web.sign_in_again import signed_in_to_write

MEMBER_FIELDS = (
    Field(name="username", label="Name", required=True, help="The name somebody signs in with."),
    Field(name="role", label="Role", kind="select", options=[(role, role) for role in Role]),
)
TOKEN_NAME = Field(name="name", label="Name", required=True, help="The pipeline that uses it.")
CLOCK = Field(
    name="timezone", label="Time zone", required=True, help="Where the team's clock hangs: Europe/Berlin."
)
SCOPE_WORDS = {
    Scope.READ: "read",
    Scope.EVENTS_WRITE: "report events",
    Scope.RELEASES_WRITE: "write plans, numbers and notes",
    Scope.GATE_WRITE: "ask the gate, lock",
}


@require_safe
@signed_in
def team(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a team."""
    return _page(request, team_or_404(slug))


@require_POST
@signed_in_to_write
def clock(request: HttpRequest, slug: str) -> HttpResponse:
    """Say where the team's clock hangs."""
    found, document = team_or_404(slug), typed(request.POST)
    try:
        set_clock(actor_of(request), found, ClockBody.read(body_of(document, ClockBody.model_fields)))
    except Problem as problem:
        return _page(request, found, document=document, problem=problem)
    return redirect("team", slug)


@require_POST
@signed_in_to_write
def member(request: HttpRequest, slug: str) -> HttpResponse:
    """Give somebody a role in the team, or another one; `role` empty lets them leave."""
    found, document = team_or_404(slug), typed(request.POST)
    username, role = str(document.get("username", "")).strip(), str(document.get("role", ""))
    try:
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            names = User.objects.filter(is_active=True).values_list("username", flat=True)[:1000]
            raise invalid(unknown("#/username", "person", username, list(names)))
        held = Membership.objects.filter(team=found, user=user).select_related("team").first()
        if role:
            set_role(actor_of(request), found, user, role)
        elif held:
            end_membership(actor_of(request), held)
    except Problem as problem:
        return _page(request, found, document=document, problem=problem)
    return redirect("team", slug)


@require_POST
@never_cache
@signed_in_to_write
def new_token(request: HttpRequest, slug: str) -> HttpResponse:
    """Issue a token and show it, this once."""
    found = team_or_404(slug)
    actor = actor_of(request)
    actor.require(Role.LEAD, team_id=found.pk, service_id=None, what=f"issue tokens of {slug}")
    name, wanted = request.POST.get("name", "").strip(), request.POST.get("service", "")
    try:
        if not name:
            raise invalid(
                FieldError("#/name", "required", "A token needs a name.", "the pipeline that uses it")
            )
        service = Service.objects.filter(team=found, slug=wanted).select_related("team").first()
        if wanted and service is None:
            slugs = Service.objects.filter(team=found).values_list("slug", flat=True)
            raise invalid(unknown("#/service", "service", wanted, list(slugs)))
        scopes = request.POST.getlist("scopes")
        require_may_grant(actor, scopes)
        token, text = issue_token(
            found,
            service=service,
            scopes=scopes,
            name=name[:200],
            created_by=actor.label,
            now=timezone.now(),
        )
    except Problem as problem:
        return _page(request, found, document={"name": name, "service": wanted}, problem=problem)
    return render(request, "token.html", {"team": found, "token": token, "text": text, "nav": "teams"})


@require_POST
@signed_in_to_write
def end_token(request: HttpRequest, slug: str, token_id: str) -> HttpResponse:
    """Revoke a token; `service` names the page it was done on, if it was not the team's."""
    token = (
        Token.objects.filter(team=team_or_404(slug), pk=token_id).select_related("team", "service").first()
    )
    if token is None:
        raise Problem("not-found", "The team has no such token.")
    revoke_token(actor_of(request), token, now=timezone.now())
    if token.service and token.service.slug == request.POST.get("service"):
        return redirect("service", token.service.slug)
    return redirect("team", slug)


def _page(
    request: HttpRequest, found: Team, *, document: Document | None = None, problem: Problem | None = None
) -> HttpResponse:
    services = found.services.select_related("owner")
    actor = actor_of(request)
    token_fields = (
        TOKEN_NAME,
        Field(
            name="service",
            label="Service",
            kind="select",
            options=[("", "all of the team"), *((service.slug, service.slug) for service in services)],
        ),
    )
    stored = {"role": Role.ENGINEER, "timezone": found.timezone}
    form = Filled([*MEMBER_FIELDS, CLOCK, *token_fields], {**stored, **(document or {})}, problem)
    context = {
        "team": found,
        "services": services,
        "members": found.memberships.select_related("user").order_by("user__username"),
        "tokens": found.tokens.select_related("service").order_by("revoked_at", "-created_at"),
        "overrides": by_month(found, now=timezone.now()),
        "leads": actor.is_at_least(Role.LEAD, found.pk),
        "belongs": found.pk in actor.roles or actor.superuser,
        "roles": list(Role),
        "scopes": SCOPE_WORDS.items(),
        "form": form,
        "nav": "teams",
    }
    return render(request, "team.html", context, status=form.status)
