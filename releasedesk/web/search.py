"""`/search/`: services, versions and notes from one box."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releasedesk.reports.search import search
from releasedesk.web.access import actor_of, signed_in


@require_safe
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """Show what `?q=` finds."""
    found = search(request.GET.get("q", ""), actor=actor_of(request))
    return render(request, "search.html", {"found": found, "q": found.q})
