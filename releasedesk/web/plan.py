"""Plan a release, and change its plan: one short form in the order a person thinks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.models import User
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
from releasedesk.web.forms import Document, Field, Filled, body_of, text_at, typed
from releasedesk.web.sign_in_again import signed_in_to_write

FIELDS = (
    Field(
        name="version",
        label="Version",
        help="1 to 128 letters, digits and . _ + : @ ~ -, the first a letter or digit.",
        required=True,
        is_code=True,
    ),
    Field(name="title", label="Title", help="What somebody should read first in a list."),
    Field(
        name="route",
        label="Which route, page or command is it about?",
        help="As it is measured: GET /basket/{id}.",
        is_code=True,
    ),
    Field(
        name="expected_input",
        label="What goes in, usually?",
        help="How much, how often, of which kind.",
        kind="area",
    ),
    Field(
        name="slow_part",
        label="Which query is slow, or which command fails?",
        help="The query or the command itself, so that another can repeat it.",
        kind="area",
        is_code=True,
    ),
    Field(name="users_notice", label="Where do users notice?", kind="area"),
    Field(
        name="change",
        label="What is the one thing that changes?",
        help="One variable at a time; a second one is a second release.",
        kind="area",
    ),
    Field(name="reason", label="Why?", kind="area"),
    Field(
        name="metric",
        label="Metric",
        kind="select",
        options=[("", "none"), *expected_result.LABELS.items()],
    ),
    Field(
        name="direction", label="Direction", kind="select", options=list(expected_result.DIRECTIONS.items())
    ),
    Field(
        name="number",
        label="Number",
        kind="number",
        unit="ms, calls or %",
    ),
    Field(name="expected_result", label="What else should come true?", kind="area"),
    Field(
        name="assumptions",
        label="What do you take for granted?",
        help="The result holds only as long as this does.",
        kind="area",
    ),
    Field(
        name="rollback_note",
        label="How do we go back?",
        help="One or two sentences. The steps themselves belong to the rollback plan.",
        kind="area",
    ),
    Field(name="owner", label="Who answers for it?", kind="select"),
    Field(
        name="irreversible",
        label="It migrates data in a way that cannot be undone",
        help="Then there is no way back behind this release without work by hand.",
        kind="check",
    ),
)
# What a form says about a release; what it does not ask (commit, changes) stays as CI reported it.
WRITTEN = tuple(field.name for field in FIELDS if field.name in ReleaseBody.model_fields)
MOST_DIGITS = 9
# What a release usually has in common with the one before it.
SHARED = (
    "route",
    "expected_input",
    "slow_part",
    "users_notice",
    "assumptions",
    "rollback_note",
    "owner",
    "metric",
    "direction",
    "number",
)


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


def stored(release: Release) -> Document:
    """A release's plan as the form shows it."""
    expected, words = expected_result.parse(release.expected_result)
    return {
        **{name: getattr(release, name) for name in WRITTEN},
        "direction": next(iter(expected_result.DIRECTIONS)),  # as the form offers it while there is no metric
        **({name: getattr(expected, name) for name in expected_result.NAMES} if expected else {}),
        "version": release.version,
        "expected_result": words,
        "owner": release.owner.get_username() if release.owner else "",
    }


def fields_for(service: Service) -> list[Field]:
    """The fields, with the team's people to choose the owner from."""
    people = User.objects.filter(memberships__team=service.team_id, is_active=True).order_by("username")
    names = [(name, name) for name in people.values_list("username", flat=True)]
    nobody = f"the service's ({service.owner.get_username()})" if service.owner else "nobody yet"
    return [
        replace(field, options=[("", nobody), *names]) if field.name == "owner" else field for field in FIELDS
    ]


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
        return _page(request, service, release, _completed(form, stored(last)), last=last)
    version = text_at(form, "version").strip()
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
                if_match=_revision_read(form, version, release, present),
            )
    except Problem as problem:
        theirs = saved_now(service, version) if problem.kind == "changed-meanwhile" else None
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


def _completed(form: Document, last: Mapping[str, Any]) -> Document:
    """What was typed, and the last release's values where nothing was."""
    gaps = {name: last.get(name) for name in SHARED if not text_at(form, name).strip()}
    if text_at(form, "metric") or text_at(form, "number"):
        gaps = {name: value for name, value in gaps.items() if name not in expected_result.NAMES}
    elif "metric" in gaps:
        gaps["direction"] = last.get("direction")
    return {**form, **gaps}


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
