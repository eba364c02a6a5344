"""`/services/{slug}/releases/{version}/`: one release, complete on one page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from releasedesk.releases.models import Release
from releasedesk.reports.release_page import release_page
from releasedesk.web.access import actor_of, may_write, release_or_404, signed_in


@require_safe
@signed_in
def release(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show a release. Raises the 404 `Problem` for a service or a version that does not exist."""
    return show(request, release_or_404(slug, version))


def show(request: HttpRequest, found: Release, *, status: int = 200, **beside: Any) -> HttpResponse:
    """Render the page of a release; `beside` is what a part that is being edited needs."""
    actor = actor_of(request)
    context = {
        "page": release_page(found, actor=actor, now=timezone.now()),
        "release": found,
        "service": found.service,
        "writes": may_write(actor, found.service),
        "nav": "releases",
        **beside,
    }
    return render(request, "release.html", context, status=status)
