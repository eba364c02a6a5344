"""The way back for a terminal: `/services/{slug}/rollback/{environment}.txt`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import Actor
from releasedesk.actions.tokens import authenticate
from releasedesk.catalog.models import Environment, Scope, Service
from releasedesk.operations.address import address_of
from releasedesk.problems.problem import Problem, not_found
from releasedesk.reports.rollback import rollback_text
from releasedesk.reports.ways_back import way_back


@require_safe
def runbook(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    """Answer the runbook as `text/plain`, for a session or a bearer token with the scope `read`.

    `?to=` names another target. It needs neither worker nor JavaScript. Problems come as text too.
    """
    try:
        actor = _actor(request)
        if actor is None:
            return redirect(f"/accounts/login/?{urlencode({'next': request.get_full_path()})}")
        service, place = _service(actor, slug), _environment(environment)
        now = timezone.now()
        way = way_back(service, place, now=now, to=request.GET.get("to") or None)
        return _text(rollback_text(way, now=now))
    except Problem as problem:
        response = _text(f"{problem.title}: {problem.detail}\n", problem.status)
        for error in problem.errors:
            response.write(f"  {error.detail} Expected {error.expected}.\n")
        for name, value in problem.headers.items():
            response[name] = value
        return response


def _actor(request: HttpRequest) -> Actor | None:
    """Who asks; None for a stranger who did not even try."""
    header = request.headers.get("Authorization", "")
    token = authenticate(header, address=address_of(request), now=timezone.now())
    if token is None:
        return request.user.as_actor() if isinstance(request.user, User) else None
    if Scope.READ not in token.scopes:
        raise Problem("forbidden", f"This needs a token with the scope '{Scope.READ}'.")
    return token.as_actor()


def _service(actor: Actor, slug: str) -> Service:
    services = Service.objects.of(actor).select_related("team", "owner")
    service = services.filter(slug=slug).first()
    if service is None:
        raise not_found("service", slug, list(services.values_list("slug", flat=True)))
    return service


def _environment(name: str) -> Environment:
    known = {environment.name: environment for environment in Environment.objects.all()}
    if name not in known:
        raise not_found("environment", name, list(known))
    return known[name]


def _text(text: str, status: int = 200) -> HttpResponse:
    return HttpResponse(text, status=status, content_type="text/plain; charset=utf-8")
