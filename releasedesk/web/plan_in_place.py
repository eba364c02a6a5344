"""Change a part of a plan where it stands: the release's own page, with a form in place of the part."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from releasedesk.actions.releases import put_release
from releasedesk.problems.problem import Problem, not_found
from releasedesk.releases.bodies import ReleaseBody
from releasedesk.releases.models import Release
from releasedesk.web.access import actor_of, release_or_404
from releasedesk.web.drafts import draft_key, sent
from releasedesk.web.forms import Document, Filled, text_at, typed
from releasedesk.web.plan import MOST_DIGITS, allow_planning, read_plan, saved_now
from releasedesk.web.plan_fields import fields_for, stored
from releasedesk.web.release_page import show
from releasedesk.web.sign_in_again import signed_in_to_write

# part of the page → the controls that stand in its place
PARTS = {
    "together": ("title", "owner", "metric", "direction", "number", "expected_result", "rollback_note"),
    "before-the-change": (
        "route",
        "expected_input",
        "slow_part",
        "users_notice",
        "change",
        "reason",
        "assumptions",
        "irreversible",
    ),
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def edit(request: HttpRequest, slug: str, version: str, part: str) -> HttpResponse:
    """Show the release with this part open, or save the part; what the form does not hold stays as it is.

    The second of two writers is told what the first has saved. Raises 403, and 404 for an unknown part.
    """
    release = release_or_404(slug, version)
    allow_planning(actor_of(request), release.service)
    if part not in PARTS:
        raise not_found("part of a plan", part, list(PARTS))
    if request.method != "POST":
        return _page(request, release, part, {**stored(release), "revision": release.revision})
    form = typed(request.POST)
    written = [name for name in PARTS[part] if name in ReleaseBody.model_fields]
    try:
        put_release(
            actor_of(request),
            release.service,
            version,
            read_plan(form, written),
            now=timezone.now(),
            replace=False,
            if_match=_revision(form),
        )
    except Problem as problem:
        theirs = saved_now(release.service, version) if problem.kind == "changed-meanwhile" else None
        return _page(request, release, part, form, problem=problem, theirs=theirs)
    return sent(request, redirect(f"{reverse('release', args=(slug, version))}#{part}"))


def _revision(form: Document) -> int:
    """The revision the writer has read; one that was tampered with matches none."""
    text = text_at(form, "revision")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0


def _page(
    request: HttpRequest,
    release: Release,
    part: str,
    document: Document,
    *,
    problem: Problem | None = None,
    theirs: Document | None = None,
) -> HttpResponse:
    fields = [field for field in fields_for(release.service) if field.name in PARTS[part]]
    form = Filled(fields, document, problem, theirs)
    editing: dict[str, Any] = {
        "part": part,
        "form": form,
        "key": draft_key(request),
        "revision": text_at(theirs or document, "revision"),
    }
    return show(request, release, status=form.status, **editing)
