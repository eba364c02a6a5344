"""Write the post-ship note."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.releases import IfMatch, require_match
from releasedesk.catalog.models import Service
from releasedesk.notes.bodies import NoteBody
from releasedesk.notes.models import Note
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import Release


def write_note(
    actor: Actor, release: Release, body: NoteBody, *, now: datetime, if_match: IfMatch = None
) -> tuple[Note, bool]:
    """Replace the note of a release. Returns it and whether it was created. Raises 403, 409 and 412."""
    service = release.service
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"write notes of {service.slug}"
    )
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        note = Note.objects.select_for_update().filter(release=release).first()
        require_match(f"The note on {release}", if_match, note.revision if note else None)
        if note is not None and body.draft and not note.draft:
            raise Problem(
                "conflict", "The note is finished already. As a draft, only the team could read it."
            )
        created = note is None
        note = note or Note(release=release, revision=0)
        for name in Note.TEXT_FIELDS:
            setattr(note, name, getattr(body, name) or "")
        note.files_touched, note.draft = list(body.files_touched), body.draft
        note.finished_at = None if body.draft else note.finished_at or now
        note.written_by, note.written_at = actor.label, now
        note.revision += 1
        note.save()
    return note, created
