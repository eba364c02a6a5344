"""`/services/{slug}/`: one service."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from releasedesk.reports.service_page import service_page
from releasedesk.web.access import actor_of, may_write, service_or_404, signed_in


@require_safe
@signed_in
def service(request: HttpRequest, slug: str) -> HttpResponse:
    """Show a service. Raises the 404 `Problem` for one that does not exist."""
    found = service_or_404(slug)
    context = {
        "page": service_page(found, now=timezone.now()),
        "service": found,
        "writes": may_write(actor_of(request), found),
    }
    return render(request, "service.html", context)
