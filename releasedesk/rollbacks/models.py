"""The way back: plans, their steps, and the rehearsals that prove them."""

from __future__ import annotations

from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import Release


class Plan(models.Model):
    """One version of a rollback plan: a release's own, or (without release) the service's standing one.

    `digest` is over the text; plans of equal text share their rehearsals. A version is never changed.
    """

    class Data(models.TextChoices):
        """What happens to the data."""

        COMES_BACK = "comes_back"
        STAYS = "stays"
        LOST = "lost"
        MANUAL = "manual"

    DATA_WORDS: ClassVar[dict[str, str]] = {
        "comes_back": "Data comes back",
        "stays": "New data stays",
        "lost": "New data is lost",
        "manual": "Data needs work by hand",
    }

    service = models.ForeignKey(Service, models.CASCADE, related_name="plans")
    release = models.ForeignKey(Release, models.CASCADE, null=True, blank=True, related_name="plans")
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    stand_in = models.ForeignKey(
        User, models.SET_NULL, null=True, blank=True, related_name="+", help_text="When the owner is away."
    )
    data = models.CharField(max_length=16, choices=Data.choices, blank=True)
    data_note = models.TextField(blank=True)
    triggers = models.JSONField(default=list)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    service_id: int
    release_id: int | None
    owner_id: int | None

    class Meta:
        ordering = ["service", "release", "-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "release", "version"], nulls_distinct=False, name="one_plan_per_version"
            ),
            models.CheckConstraint(
                condition=Q(data__in=["", "comes_back", "stays", "lost", "manual"]), name="plan_data"
            ),
        ]
        indexes = [models.Index(fields=["service", "digest"], name="plan_text")]
        triggers = [
            pgtrigger.ReadOnly(
                name="a_plan_version_never_changes",
                fields=["service", "release", "version", "digest", "data", "data_note", "triggers"],
            )
        ]

    def __str__(self) -> str:
        return f"plan {self.version} of {self.release or self.service}"


class Step(models.Model):
    """One step of a plan. `command` is a template (see `commands.py`)."""

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="steps")
    position = models.PositiveSmallIntegerField()
    instruction = models.CharField(max_length=500)
    command = models.CharField(max_length=4000, blank=True)
    expected = models.CharField(
        max_length=500, blank=True, help_text="What the command prints when it works."
    )
    check_text = models.CharField(max_length=500, blank=True, help_text="How to see that it worked.")
    seconds = models.PositiveIntegerField(null=True, blank=True)
    irreversible = models.BooleanField(default=False)

    class Meta:
        ordering = ["plan", "position"]
        constraints = [models.UniqueConstraint(fields=["plan", "position"], name="one_step_per_position")]
        triggers = [pgtrigger.Protect(name="steps_never_change", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return self.instruction


class Rehearsal(models.Model):
    """The plan carried out on staging."""

    class Outcome(models.TextChoices):
        """How it ended."""

        SUCCEEDED = "succeeded"
        FAILED = "failed"

    plan = models.ForeignKey(Plan, models.CASCADE, related_name="rehearsals")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    command = models.TextField(blank=True)
    steps = models.JSONField(default=list, help_text="Exit code, seconds and the end of the output of each.")
    rehearsed_by = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    plan_id: int

    class Meta:
        ordering = ["-finished_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(finished_at__gte=F("started_at")), name="rehearsal_runs_forward"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["succeeded", "failed"]), name="rehearsal_outcome"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.plan} rehearsed: {self.outcome}"

    @property
    def seconds(self) -> float:
        """How long going back took."""
        return (self.finished_at - self.started_at).total_seconds()
