"""Plan a release, and change its plan, in one short form."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.releases import put_release
from releasedesk.catalog.models import Service
from releasedesk.problems.body import check_version
from releasedesk.problems.problem import FieldError, Problem, invalid
from releasedesk.releases import expected_result
from releasedesk.releases.bodies import ReleaseBody
from releasedesk.releases.models import Release
from releasedesk.web.access import actor_of, release_or_404, service_or_404
from releasedesk.web.drafts import draft_key, sent
from releasedesk.web.forms import Document, Filled, body_of, text_at, typed
from releasedesk.web.plan_fields import SHARED, WRITTEN, completed, fields_for, stored
from releasedesk.web.sign_in_again import signed_in_to_write

MOST_DIGITS = 9


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def new(request: HttpRequest, slug: str) -> HttpResponse:
    """Plan a new release. `?from=<version>` begins with that one's values."""
    service = service_or_404(slug)
    allow_planning(actor_of(request), service)
    last = service.releases.select_related("owner").order_by("-created_at", "-id").first()
    if request.method == "POST":
        return _posted(request, service, None, last)
    source = last
    if asked := request.GET.get("from"):
        source = release_or_404(slug, asked)
        shared = {name: value for name, value in stored(source).items() if name in SHARED}
        return _page(request, service, None, shared, last=source)
    return _page(request, service, None, {"version": request.GET.get("version", "")}, last=source)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def edit(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Change the plan of a release; the second of two writers is told what the first has saved."""
    release = release_or_404(slug, version)
    allow_planning(actor_of(request), release.service)
    if request.method == "POST":
        return _posted(request, release.service, release, None)
    return _page(request, release.service, release, stored(release))


def allow_planning(actor: Actor, service: Service) -> None:
    """Raise 403 for whoever may not plan this service's releases."""
    what = f"plan releases of {service.slug}"
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=what)


def _posted(
    request: HttpRequest, service: Service, release: Release | None, last: Release | None
) -> HttpResponse:
    form = typed(request.POST)
    if release is not None:
        form["version"] = release.version
    if last is not None and "use_last" in request.POST:
        return _page(request, service, release, completed(form, stored(last)), last=last)
    version, body = text_at(form, "version").strip(), None
    try:
        body = _read(form, version)
        present = release or Release.objects.filter(service=service, version=version).first()
        if present is None or not _says_the_same(present, body):
            put_release(
                actor_of(request),
                service,
                version,
                body,
                now=timezone.now(),
                replace=False,
                if_match=_revision_read(form, version, release, present) or "new",
            )
    except Problem as problem:
        theirs = saved_now(service, version) if problem.kind == "changed-meanwhile" else None
        if (
            theirs and body and _says_the_same(Release.objects.get(service=service, version=version), body)
        ):  # two clicks at once
            return sent(request, redirect("release", service.slug, version))
        return _page(request, service, release, form, last=last, problem=problem, theirs=theirs)
    return sent(request, redirect("release", service.slug, version))


def _read(form: Mapping[str, Any], version: str) -> ReleaseBody:
    """Judge everything at once. Raises the 422 `Problem` with every wrong field."""
    errors: list[FieldError] = []
    try:
        check_version(version)
    except Problem as problem:
        errors = [
            FieldError("#/version", error.code, error.detail, error.expected) for error in problem.errors
        ]
    return read_plan(form, WRITTEN, errors)


def read_plan(
    form: Mapping[str, Any], written: Sequence[str], errors: Sequence[FieldError] = ()
) -> ReleaseBody:
    """Read these fields of a plan. Raises the 422 `Problem` with every wrong one, and the errors given."""
    wrong, given = list(errors), dict(form)
    if "expected_result" in written:
        typed_in = {name: text_at(form, name) for name in expected_result.NAMES}
        given["expected_result"], more = expected_result.compose(typed_in, text_at(form, "expected_result"))
        wrong += more
    document = body_of(given, written)
    if "irreversible" in written:
        document["irreversible"] = document["irreversible"] or False
    try:
        body = ReleaseBody.read(document, lax=True)
    except Problem as problem:
        raise invalid(*wrong, *problem.errors) from None
    if wrong:
        raise invalid(*wrong)
    return body


def _revision_read(
    form: Mapping[str, Any], version: str, release: Release | None, present: Release | None
) -> int | None:
    """The revision the writer has read: of this release, or of the one that stood in the way of a new plan.

    A release that only CI has reported may be planned as new; a planned one is changed, not begun again.
    """
    text = text_at(form, "revision") if text_at(form, "revision_of") == version else ""
    if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS:
        return int(text)
    if release is None and (present is None or present.planned_at is None):
        return present.revision if present else None
    raise Problem("changed-meanwhile", f"{present} is planned already.")


def _says_the_same(release: Release, body: ReleaseBody) -> bool:
    """Whether a form was sent a second time, or nothing was changed: then nothing is written."""
    owner = release.owner.get_username() if release.owner else None
    same = all(
        (getattr(release, name) or None) == (getattr(body, name) or None)
        for name in WRITTEN
        if name != "owner"
    )
    return same and owner == body.owner and release.planned_at is not None


def saved_now(service: Service, version: str) -> Document | None:
    """What is stored of a plan by now, with its revision."""
    release = Release.objects.select_related("owner").filter(service=service, version=version).first()
    return {**stored(release), "revision": release.revision} if release else None


def _page(
    request: HttpRequest,
    service: Service,
    release: Release | None,
    document: Mapping[str, Any],
    *,
    last: Release | None = None,
    problem: Problem | None = None,
    theirs: Document | None = None,
) -> HttpResponse:
    before = stored(last) if last else {}
    hints = {name: f"Last time: {before[name]}" for name in ("version", *SHARED) if before.get(name)}
    fields = fields_for(service)
    form = Filled(fields, document, problem, theirs, hints)
    seen = theirs or (
        {**stored(release), "revision": release.revision} if release and not problem else document
    )
    context = {
        "form": form,
        "service": service,
        "release": release,
        "last": last,
        "key": draft_key(request),
        "revision": text_at(seen, "revision"),
        "revision_of": text_at(seen, "version") if theirs or release else text_at(seen, "revision_of"),
        "taken": theirs is not None and release is None and text_at(theirs, "version"),
    }
    return render(request, "plan.html", context, status=form.status)
