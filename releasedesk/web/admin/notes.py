"""Post-ship notes."""

from __future__ import annotations

from django.apps import apps
from django.contrib.admin import register
from django.db.models import CharField, OuterRef, Subquery, Value
from django.db.models.functions import Concat

from releasedesk.actions.administration import delete_note
from releasedesk.actions.notes import write_note
from releasedesk.notes.bodies import NoteBody
from releasedesk.notes.models import Note
from releasedesk.releases.models import Release
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.forms import OneALine, RevisionForm
from releasedesk.web.admin.history import EventAdmin, TrackedAdmin
from releasedesk.web.admin.site import site

SAID = (*Note.TEXT_FIELDS, "files_touched", "draft")
WRITTEN = ("written_by", "written_at", "finished_at")


class NoteForm(RevisionForm):
    """The files are written one a line."""

    files_touched = OneALine(required=False, help_text="One a line.")


@register(Note, site=site)
class NoteAdmin(TrackedAdmin):
    """The note on one release."""

    form = NoteForm
    list_display = ("release", "draft", *WRITTEN)
    list_filter = ("draft", "release__service__team", "written_at")
    list_select_related = ("release__service",)
    search_fields = ("release__version", "release__service__slug", *Note.TEXT_FIELDS)
    autocomplete_fields = ("release",)
    fields = ("release", *SAID, *WRITTEN, "revision_read")
    readonly_fields = WRITTEN
    identity = ("release",)

    def write(self, asked: Asked) -> Note:
        """Replace it."""
        body = NoteBody.read(asked.body(*SAID))
        release, read = asked["release"], asked["revision_read"]
        written = write_note(asked.actor, release, body, now=asked.now, if_match=read)
        return asked.take_new(written, f"The note on {release}")

    def remove(self, asked: Asked) -> None:
        """Take it away."""
        delete_note(asked.actor, asked.row)


@register(apps.get_model("notes.NoteEvent"), site=site)
class NoteEventAdmin(EventAdmin):
    """What the database wrote down about notes."""

    list_display = ("pgh_created_at", "what", "pgh_label", "who")
    search_fields = ("reason", "written_by")
    of = Subquery(
        Release.objects.filter(pk=OuterRef("release_id")).values(
            name=Concat("service__slug", Value(" "), "version", output_field=CharField())
        )
    )
