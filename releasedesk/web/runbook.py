"""The way back for a terminal: `/services/{slug}/rollback/{environment}.txt`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import Problem, not_found
from releasedesk.reports.rollback import rollback_text
from releasedesk.reports.ways_back import way_back
from releasedesk.web.access import service_or_404, session_or_token, to_login

PLAIN = "text/plain; charset=utf-8"


@require_safe
def runbook(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    """Answer the runbook as `text/plain`, for a session or a bearer token with the scope `read`.

    `?to=` names another target. It needs neither worker nor JavaScript. Problems come as text too
    (`errors.answer`).
    """
    actor = session_or_token(request)
    if actor is None:
        return to_login(request)
    service, place, now = _service(actor, slug), _environment(environment), timezone.now()
    way = way_back(service, place, now=now, to=request.GET.get("to") or None)
    text = rollback_text(way, now=now, absolute=request.build_absolute_uri)
    return HttpResponse(text, content_type=PLAIN)


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
