"""`/releases/`: every release, the newest first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releasedesk.accounts.models import Team
from releasedesk.catalog.models import Service
from releasedesk.reports.releases_list import ReleaseFilters, listed, releases
from releasedesk.reports.verdicts import State
from releasedesk.web.access import actor_of, signed_in
from releasedesk.web.paging import page


@require_safe
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """List the releases that the filters of the URL leave. Raises 422 for a filter that does not exist."""
    filters = ReleaseFilters.read(request.GET.dict(), actor_of(request))
    found = page(request, releases(filters))
    context = {
        "page": found,
        "listed": listed(found.rows),
        "filters": filters,
        "all_teams": Team.objects.all(),
        "all_services": Service.objects.values_list("slug", flat=True),
        "all_states": list(State),
        "nav": "releases",
    }
    return render(request, "releases.html", context, status=found.status)
