"""The post-ship note: one fix becomes the team's knowledge."""

from __future__ import annotations

from typing import ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from releasedesk.accounts.roles import Actor
from releasedesk.releases.models import Release


class NoteQuerySet(models.QuerySet["Note"]):
    """Questions about sets of notes."""

    def visible_to(self, actor: Actor) -> NoteQuerySet:
        """Finished ones, and the drafts of the actor's own teams."""
        if actor.superuser:
            return self
        return self.filter(Q(draft=False) | Q(release__service__team__in=actor.team_ids))


@pghistory.track()
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
    release_id: int

    objects = NoteQuerySet.as_manager()

    class Meta:
        ordering = ["-written_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(draft=True, finished_at=None) | Q(draft=False, finished_at__isnull=False),
                name="a_finished_note_has_its_time",
            )
        ]

    def __str__(self) -> str:
        return f"note on {self.release}"
