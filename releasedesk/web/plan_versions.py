"""The versions of a rollback plan, and what changed: of a release, or the service's standing one."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releasedesk.catalog.models import Service
from releasedesk.releases.models import Release
from releasedesk.reports.plan_versions import plan_versions
from releasedesk.web.access import release_or_404, service_or_404, signed_in


@require_safe
@signed_in
def of_release(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show those of one release. `?from=&to=` name two; raises the 404 `Problem`."""
    release = release_or_404(slug, version)
    return _page(request, release.service, release)


@require_safe
@signed_in
def standing(request: HttpRequest, slug: str) -> HttpResponse:
    """Show those of the service's standing plan."""
    return _page(request, service_or_404(slug), None)


def _page(request: HttpRequest, service: Service, release: Release | None) -> HttpResponse:
    found = plan_versions(service, release, request.GET.get("from", ""), request.GET.get("to", ""))
    return render(request, "plan_versions.html", {"versions": found, "service": service, "release": release})
