"""The post-ship note of a release."""

from __future__ import annotations

from html import unescape
from typing import Any

from django.utils.html import strip_tags
from django.utils.safestring import SafeString
from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.notes import write_note
from releasedesk.api.answers import notes as answers
from releasedesk.api.door import Door, etag, if_match
from releasedesk.api.paging import page
from releasedesk.api.schema.operation import PAGE, Query, operation
from releasedesk.api.times import stamp
from releasedesk.notes.bodies import NoteBody
from releasedesk.notes.models import Note
from releasedesk.problems.problem import Problem
from releasedesk.reports.knowledge import Found, NoteFilters, found, notes


def note_json(note: Note) -> dict[str, Any]:
    """A note as it was written."""
    return {
        **{name: getattr(note, name) or None for name in Note.TEXT_FIELDS},
        "files_touched": note.files_touched,
        "draft": note.draft,
        "written_by": note.written_by,
        "written_at": stamp(note.written_at),
        "finished_at": stamp(note.finished_at),
    }


FILTERS = (
    Query("q", 'Words, "phrases", or, and - for what must not stand there.', example="basket"),
    Query("team", "Only this team's notes.", example="payments"),
    Query("service", "Only this service's notes.", example="checkout-api"),
    PAGE,
)
WRITTEN = {200: answers.Note, 201: answers.Note}


class Notes(Door):
    """What the teams have learnt."""

    @operation("searchNotes", "Notes", {200: answers.FoundNotePage}, query=FILTERS)
    def get(self, request: Request) -> Response:
        """Find finished notes by their words, best match first; without `?q=` the newest first."""
        filters = NoteFilters.read(request.query_params.dict(), self.actor)
        rows = notes(filters, actor=self.actor)
        return page(self, request, rows, lambda shown: [self._line(one) for one in found(shown)])

    def _line(self, one: Found) -> dict[str, Any]:
        release = one.note.release
        at = f"/services/{release.service.slug}/releases/{release.version}"
        return {
            "service": release.service.slug,
            "team": release.service.team.slug,
            "version": release.version,
            **note_json(one.note),
            "excerpt": _as_text(one.excerpt),
            "self": self.absolute(f"/api/v1{at}/note"),
            "url": self.absolute(f"{at}/"),
        }


def _as_text(excerpt: SafeString | str) -> str:
    """An excerpt with hits is made for a page; here it is plain text again."""
    return unescape(strip_tags(excerpt)) if isinstance(excerpt, SafeString) else excerpt


class OneNote(Door):
    """What was learnt. Its ETag is its revision; PUT honours `If-Match`."""

    @operation("getNote", "Notes", {200: answers.Note}, etag=True)
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Show it; 404 when there is none, or only a draft of a team that is not yours."""
        release = self.release(slug, version)
        note = Note.objects.visible_to(self.actor).filter(release=release).first()
        if note is None:
            raise Problem("not-found", f"{slug} {version} has no finished note.")
        return Response(note_json(note), headers={"ETag": etag(note.revision)})

    @operation("putNote", "Notes", WRITTEN, body=NoteBody, conditional=True, conflicts=True)
    def put(self, request: Request, slug: str, version: str) -> Response:
        """Replace it: 201 created, 200 changed, 412 changed meanwhile."""
        release = self.release(slug, version)
        body = self.read(NoteBody)
        note, created = write_note(self.actor, release, body, now=self.now, if_match=if_match(request))
        return Response(
            note_json(note), status=201 if created else 200, headers={"ETag": etag(note.revision)}
        )
