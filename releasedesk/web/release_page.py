"""`/services/{slug}/releases/{version}/`: one release, complete on one page."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from releasedesk.accounts.roles import Role
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import Release
from releasedesk.reports.release_page import release_page
from releasedesk.web.access import actor_of, may_write, release_or_404, signed_in
from releasedesk.web.forms import Document
from releasedesk.web.override_form import override_form


@require_safe
@signed_in
def release(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show a release. Raises the 404 `Problem` for a service or a version that does not exist."""
    return show(request, release_or_404(slug, version))


def show(
    request: HttpRequest,
    found: Release,
    *,
    status: int = 200,
    override: tuple[Document, Problem] | None = None,
    **beside: Any,
) -> HttpResponse:
    """Render the page of a release; `beside` is what a part that is being edited needs.

    `override` is one that was refused: what was typed, and why.
    """
    actor = actor_of(request)
    page = release_page(found, actor=actor, now=timezone.now())
    context = {
        "page": page,
        "release": found,
        "service": found.service,
        "writes": may_write(actor, found.service),
        "leads": actor.is_at_least(Role.LEAD, found.service.team_id, found.service_id),
        "override_form": override_form(page.gate.stopping, *(override or ())),
        "nav": "releases",
        **beside,
    }
    return render(request, "release.html", context, status=status)
