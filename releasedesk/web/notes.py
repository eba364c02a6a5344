"""`/notes/`: what was learnt, found again by its words."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releasedesk.accounts.models import Team
from releasedesk.catalog.models import Service
from releasedesk.reports.knowledge import NoteFilters, found, notes
from releasedesk.web.access import actor_of, signed_in
from releasedesk.web.paging import page


@require_safe
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """List the notes that the filters of the URL leave. Raises 422 for a filter that does not exist."""
    actor = actor_of(request)
    filters = NoteFilters.read(request.GET.dict(), actor)
    listed = page(request, notes(filters, actor=actor))
    context = {
        "page": listed,
        "found": found(listed.rows),
        "filters": filters,
        "all_teams": Team.objects.all(),
        "all_services": Service.objects.values_list("slug", flat=True),
        "nav": "notes",
    }
    return render(request, "notes.html", context, status=listed.status)
