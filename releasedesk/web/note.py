"""The post-ship note of a release: read it, or finish what the desk has begun of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.safestring import SafeString
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.roles import Role
from releasedesk.actions.notes import write_note
from releasedesk.notes.bodies import NoteBody
from releasedesk.notes.markdown import to_html
from releasedesk.notes.models import Note
from releasedesk.problems.problem import Problem
from releasedesk.problems.render import problem_response
from releasedesk.releases.models import Release
from releasedesk.reports.note_prefill import note_prefill
from releasedesk.web.access import actor_of, release_or_404
from releasedesk.web.forms import Document, Field, Filled, body_of, text_at, typed
from releasedesk.web.sign_in_again import signed_in_to_write

FIELDS = (
    Field(name="reason", label="Why was it done?", kind="area", rows=3),
    Field(name="metric_improved", label="Which metric improved?", kind="area", rows=3),
    Field(name="surprise", label="What surprised us?", kind="area", rows=3),
    Field(name="assumptions", label="What did we take for granted?", kind="area", rows=2),
    Field(
        name="follow_ups",
        label="What is still to do?",
        help="A line beginning with - is an item of a list.",
        kind="area",
        rows=3,
    ),
    Field(name="command_used", label="Command used", kind="area", rows=2, is_code=True),
    Field(name="files_touched", label="Files touched", help="One a line.", kind="area", rows=4, is_code=True),
)
FILES = "files_touched"
WENT_BACK = "What was rolled back, and why?"
MOST_DIGITS = 9
PREVIEWED = 50_000  # as much of a text as a note may hold


@dataclass(frozen=True, slots=True)
class Part:
    """A part of the note as readers see it: Markdown as HTML, or code as it is."""

    label: str
    html: SafeString | None
    code: str


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def note(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show the note to its readers, and to the team a form of which most is filled in."""
    release, actor = release_or_404(slug, version), actor_of(request)
    service = release.service
    if request.method == "POST":
        what = f"write notes of {slug}"
        actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=what)
        return _posted(request, release)
    stored = Note.objects.visible_to(actor).filter(release=release).first()
    may_write = actor.is_at_least(Role.ENGINEER, service.team_id, service.pk)
    if may_write and (stored is None or stored.draft or "edit" in request.GET):
        return _form(request, release, stored, _stored(stored) if stored else None)
    parts = _parts(_stored(stored)) if stored else []
    context = {
        "release": release,
        "service": service,
        "note": stored,
        "parts": parts,
        "may_write": may_write,
        "nav": "notes",
    }
    return render(request, "note.html", context)


def _posted(request: HttpRequest, release: Release) -> HttpResponse:
    """Preview, save a draft or finish, as the button says. A script takes the bare answer."""
    form, wish = typed(request.POST), request.POST.get("action", "draft")
    by_script = bool(request.headers.get("HX-Request"))
    if wish == "preview" and by_script:
        return render(request, "note.html#preview", {"preview": _parts(form)})
    stored = Note.objects.filter(release=release).first()
    if wish == "preview":
        return _form(request, release, stored, form, preview=True)
    try:
        written = _write(request, release, stored, form, draft=wish != "finish")
    except Problem as problem:
        if by_script:
            return problem_response(request, problem)
        return _form(request, release, stored, form, problem=problem)
    if by_script:
        return JsonResponse({"revision": written.revision})
    address = redirect("note", release.service.slug, release.version)
    return address if wish == "finish" else redirect(f"{address.url}?saved")


def _write(
    request: HttpRequest, release: Release, stored: Note | None, form: Document, *, draft: bool
) -> Note:
    """Write it on top of the revision that was read. Raises 409, 412 and 422."""
    files = text_at(form, FILES).split("\n")
    names = [spec.name for spec in FIELDS if spec.name != FILES]
    document = {**body_of(form, names), FILES: [name.strip() for name in files if name.strip()]}
    body = NoteBody.read({**document, "draft": draft})
    if stored and _says_the_same(stored, body):
        return stored
    seen = _revision(form)
    if seen != (stored.revision if stored else 0):
        raise Problem("changed-meanwhile", f"Somebody has written the note on {release} meanwhile.")
    return write_note(actor_of(request), release, body, now=timezone.now(), if_match=seen or None)[0]


def _says_the_same(stored: Note, body: NoteBody) -> bool:
    """Whether the same form was sent twice: then nothing is written, and nobody is told of a conflict."""
    same = all(getattr(stored, name) == (getattr(body, name) or "") for name in Note.TEXT_FIELDS)
    return same and stored.files_touched == body.files_touched and stored.draft == body.draft


def _revision(form: Document) -> int:
    """The revision the writer has read, 0 for none."""
    text = text_at(form, "revision")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS else 0


def _form(
    request: HttpRequest,
    release: Release,
    stored: Note | None,
    document: Document | None,
    *,
    problem: Problem | None = None,
    preview: bool = False,
) -> HttpResponse:
    """The page to write on. Without a document it begins with what the desk knows."""
    prefill = note_prefill(release)
    if document is None:
        document = {**prefill.texts, FILES: "\n".join(prefill.files), "revision": 0}
    conflict = problem is not None and problem.kind == "changed-meanwhile"
    theirs = _stored(stored) if conflict and stored else None
    fields = [_field(spec, prefill.sources if stored is None else {}, prefill.rolled_back) for spec in FIELDS]
    form = Filled(fields, document, _at_its_field(problem), theirs)
    context = {
        "release": release,
        "service": release.service,
        "note": stored,
        "form": form,
        "fields": [form[spec.name] for spec in FIELDS],
        "revision": stored.revision if conflict and stored else _revision(document),
        "preview": _parts(document) if preview else None,
        "saved": "saved" in request.GET,
        "nav": "notes",
    }
    return render(request, "note.html", context, status=form.status)


def _field(spec: Field, sources: Mapping[str, str], rolled_back: bool) -> Field:
    if rolled_back and spec.name == "surprise":
        spec = replace(spec, label=WENT_BACK)
    return replace(spec, help=" ".join(filter(None, [sources.get(spec.name, ""), spec.help])))


def _at_its_field(problem: Problem | None) -> Problem | None:
    """What is wrong with one of the files stands at the field that holds them all."""
    if problem is None:
        return None
    errors = []
    for error in problem.errors:
        _, _, line = error.pointer.partition(f"#/{FILES}/")
        told = (
            replace(error, pointer=f"#/{FILES}", detail=f"File {int(line) + 1}: {error.detail}")
            if line.isdecimal()
            else error
        )
        errors.append(told)
    return Problem(problem.kind, problem.detail, errors)


def _stored(note: Note) -> Document:
    """A note as the form shows it."""
    texts: dict[str, Any] = {name: getattr(note, name) for name in Note.TEXT_FIELDS}
    return {**texts, FILES: "\n".join(note.files_touched), "revision": note.revision}


def _parts(document: Mapping[str, Any]) -> list[Part]:
    """What is said, in the order of the form."""
    said = ((spec, text_at(document, spec.name)[:PREVIEWED]) for spec in FIELDS)
    return [
        Part(spec.label, None if spec.is_code else to_html(text), text if spec.is_code else "")
        for spec, text in said
        if text.strip()
    ]
