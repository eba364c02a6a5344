"""The post-ship note: one fix becomes the team's knowledge."""

from __future__ import annotations

from typing import ClassVar, cast

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchRank, SearchVectorField
from django.db import models
from django.db.models import F, Q

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Service
from releasedesk.notes.full_text import DOCUMENT, asked_for
from releasedesk.releases.models import Release


class NoteQuerySet(models.QuerySet["Note"]):
    """Questions about sets of notes."""

    def visible_to(self, actor: Actor) -> NoteQuerySet:
        """Finished ones, and the drafts of the actor's own teams; a token sees only those of its services."""
        if actor.superuser:
            return self
        if actor.user_id is None:
            return self.filter(release__service__in=Service.objects.of(actor))
        return self.filter(Q(draft=False) | Q(release__service__team__in=actor.team_ids))

    def matching(self, text: str) -> NoteQuerySet:
        """Those in which these words stand, as a web search would read them; the best match first."""
        query = asked_for(text)
        ranked = self.filter(document=query).annotate(rank=SearchRank(F("document"), query))
        return ranked.order_by("-rank", "-written_at", "-id")


class NoteManager(models.Manager.from_queryset(NoteQuerySet)):  # type: ignore[misc] # the documented way
    """Leaves the search column where it is: it is to be searched, not to be read."""

    def get_queryset(self) -> NoteQuerySet:
        """All notes."""
        return cast("NoteQuerySet", super().get_queryset().defer("document"))


@pghistory.track(exclude=["document"])
class Note(models.Model):
    """What was learnt. A draft is private to the team until it is finished."""

    TEXT_FIELDS: ClassVar[tuple[str, ...]] = (
        "reason",
        "command_used",
        "metric_improved",
        "assumptions",
        "surprise",
        "follow_ups",
    )

    release = models.OneToOneField(Release, models.CASCADE, related_name="note")
    reason = models.TextField(blank=True)
    files_touched = ArrayField(models.CharField(max_length=1000), default=list, blank=True)
    command_used = models.TextField(blank=True)
    metric_improved = models.TextField(blank=True)
    assumptions = models.TextField(blank=True)
    surprise = models.TextField(blank=True, help_text="What surprised us.")
    follow_ups = models.TextField(blank=True)
    draft = models.BooleanField(default=True)
    revision = models.PositiveIntegerField(default=1, editable=False)
    written_by = models.CharField(max_length=200)
    written_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    document = models.GeneratedField(expression=DOCUMENT, output_field=SearchVectorField(), db_persist=True)
    release_id: int

    objects = NoteManager()

    class Meta:
        ordering = ["-written_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(draft=True, finished_at=None) | Q(draft=False, finished_at__isnull=False),
                name="a_finished_note_has_its_time",
            )
        ]
        indexes = [GinIndex(fields=["document"], name="note_words")]

    def __str__(self) -> str:
        return f"note on {self.release}"
