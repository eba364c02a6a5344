"""`/services/{slug}/`: one service."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from releasedesk.accounts.roles import Role
from releasedesk.catalog.models import Token
from releasedesk.reports.courses import CHOSEN, Chosen
from releasedesk.reports.service_page import service_page
from releasedesk.web.access import actor_of, may_write, service_or_404, signed_in
from releasedesk.web.forms import Filled
from releasedesk.web.team import SCOPE_WORDS, TOKEN_NAME


@require_safe
@signed_in
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a service; `?metric=&route=` choose what is drawn over its releases.

    Raises the 404 `Problem` for one that does not exist.
    """
    found = service_or_404(slug)
    actor, now = actor_of(request), timezone.now()
    belongs = actor.superuser or found.team_id in actor.roles
    chosen = Chosen(request.GET.get("metric", CHOSEN.metric), request.GET.get("route", CHOSEN.route))
    context = {
        "page": service_page(found, now=now, chosen=chosen),
        "service": found,
        "writes": may_write(actor, found),
        "tokens": Token.objects.usable(now).reaching(found) if belongs else None,
        "leads": actor.is_at_least(Role.LEAD, found.team_id),
        "token_form": Filled([TOKEN_NAME]),
        "scopes": SCOPE_WORDS.items(),
    }
    return render(request, "service.html", context)
