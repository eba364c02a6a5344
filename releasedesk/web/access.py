"""Who may see a page: strangers get the login and learn nothing of what is behind it."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec, cast

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import urlencode

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.tokens import authenticate
from releasedesk.catalog.models import Scope, Service
from releasedesk.operations.address import address_of
from releasedesk.problems.problem import Problem, not_found
from releasedesk.releases.models import Release

P = ParamSpec("P")
ACTOR = "releasedesk.actor"
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def signed_in(view: View[P]) -> View[P]:
    """Send strangers to the login before anything is looked up."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, *args, **kwargs)

    return cast("View[P]", login_required(guarded))


def actor_of(request: HttpRequest) -> Actor:
    """Return who acts, with the roles as they were when this request first asked."""
    found: Actor | None = request.META.get(ACTOR)
    if found is None:
        found = request.META[ACTOR] = cast("User", request.user).as_actor()
    return found


def session_or_token(request: HttpRequest) -> Actor | None:
    """Who asks for what a program reads too: a session, or a bearer token with the scope `read`.

    None for a stranger at a browser, whom the login helps; a terminal is told what to send (401). A token is
    read from the header alone, never from the address, which proxies and browsers write down.
    """
    header = request.headers.get("Authorization", "")
    token = authenticate(header, address=address_of(request), now=timezone.now())
    if token is None:
        if isinstance(request.user, User):
            return request.user.as_actor()
        if request.accepts("text/html") and "Mozilla" in request.headers.get("User-Agent", ""):
            return None
        how = "Send a token: curl -H 'Authorization: Bearer rdk_...'."
        raise Problem("not-authenticated", how, headers={"WWW-Authenticate": 'Bearer realm="releasedesk"'})
    if Scope.READ not in token.scopes:
        raise Problem("forbidden", f"This needs a token with the scope '{Scope.READ}'.")
    return token.as_actor()


def to_login(request: HttpRequest) -> HttpResponse:
    """Send a stranger to the login, and from there back."""
    return redirect(f"/accounts/login/?{urlencode({'next': request.get_full_path()})}")


def may_write(actor: Actor, service: Service) -> bool:
    """Say whether the actor plans, measures and notes this service; a page then offers it."""
    return actor.is_at_least(Role.ENGINEER, service.team_id, service.pk)


def service_or_404(slug: str) -> Service:
    """Find a service. Raises the 404 `Problem` with near names."""
    service = Service.objects.select_related("team", "owner").filter(slug=slug).first()
    if service is None:
        raise not_found("service", slug, list(Service.objects.values_list("slug", flat=True)))
    return service


def team_or_404(slug: str) -> Team:
    """Find a team. Raises the 404 `Problem` with near names."""
    found = Team.objects.filter(slug=slug).first()
    if found is None:
        raise not_found("team", slug, list(Team.objects.values_list("slug", flat=True)))
    return found


def release_or_404(slug: str, version: str) -> Release:
    """Find a release. Raises the 404 `Problem` with near versions."""
    service = service_or_404(slug)
    release = Release.objects.select_related("service__team", "service__owner", "owner").filter(
        service=service, version=version
    )
    found = release.first()
    if found is None:
        newest = service.releases.order_by("-created_at").values_list("version", flat=True)[:200]
        raise not_found("version", version, list(newest))
    return found
