"""`/services/{slug}/`: one service."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from releasedesk.accounts.roles import Role
from releasedesk.catalog.models import Token
from releasedesk.reports.service_page import service_page
from releasedesk.web.access import actor_of, may_write, service_or_404, signed_in


@require_safe
@signed_in
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a service. Raises the 404 `Problem` for one that does not exist."""
    found = service_or_404(slug)
    actor, now = actor_of(request), timezone.now()
    belongs = actor.superuser or found.team_id in actor.roles
    context = {
        "page": service_page(found, now=now),
        "service": found,
        "writes": may_write(actor, found),
        "tokens": Token.objects.usable(now).reaching(found) if belongs else None,
        "leads": actor.is_at_least(Role.LEAD, found.team_id),
    }
    return render(request, "service.html", context)
