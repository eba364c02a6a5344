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
from releasedesk.web.access import service_or_404

PLAIN = "text/plain; charset=utf-8"


@require_safe
def runbook(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    """Answer the runbook as `text/plain`, for a session or a bearer token with the scope `read`.

    `?to=` names another target. It needs neither worker nor JavaScript. Problems come as text too
    (`errors.answer`).
    """
    actor = _actor(request)
    if actor is None:
        return redirect(f"/accounts/login/?{urlencode({'next': request.get_full_path()})}")
    service, place, now = _service(actor, slug), _environment(environment), timezone.now()
    way = way_back(service, place, now=now, to=request.GET.get("to") or None)
    return HttpResponse(rollback_text(way, now=now), content_type=PLAIN)


def _actor(request: HttpRequest) -> Actor | None:
    """Who asks; None for a stranger at a browser, whom the login helps. A terminal is told what to send."""
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


def _service(actor: Actor, slug: str) -> Service:
    service = service_or_404(slug)
    if not Service.objects.of(actor).filter(pk=service.pk).exists():
        raise Problem("forbidden", f"This token may not see {slug}: it belongs to another team or service.")
    return service


def _environment(name: str) -> Environment:
    known = {environment.name: environment for environment in Environment.objects.all()}
    if name not in known:
        raise not_found("environment", name, list(known))
    return known[name]
