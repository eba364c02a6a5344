"""The way back: plans, their steps, and the rehearsals that prove them."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import pgtrigger
from django.db import models
from django.db.models import F, Q

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import DeploymentFact, Lock, Release


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


class RunQuerySet(models.QuerySet["Run"]):
    """Questions about sets of runs."""

    def running(self) -> RunQuerySet:
        """Those that have begun and not ended: at most one in a (service, environment)."""
        return self.filter(outcome=Run.Outcome.RUNNING)

    def with_names(self) -> RunQuerySet:
        """With all that is said of a run in words."""
        return self.select_related(
            "service__team", "environment", "from_release", "to_release", "plan__owner", "restored__release"
        )


class Run(models.Model):
    """Going back for real: who began it, when and why, and how it ended.

    What people say of it (`started_*`, `closed*`) is kept as said. `restored` is the success that CI reported
    of it, found by place and time, and `outcome` what follows from both; a late fact may change these two.
    """

    class Outcome(models.TextChoices):
        """Where it stands."""

        RUNNING = "running"
        DONE = "done"
        STOPPED = "stopped"

    service = models.ForeignKey(Service, models.CASCADE, related_name="runs")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    from_release = models.ForeignKey(Release, models.CASCADE, related_name="+", help_text="What was live.")
    to_release = models.ForeignKey(Release, models.CASCADE, related_name="+")
    plan = models.ForeignKey(
        Plan, models.SET_NULL, null=True, related_name="+", help_text="The version that was followed."
    )
    reason = models.TextField(blank=True)
    started_by = models.CharField(max_length=200)
    started_at = models.DateTimeField()
    closed = models.CharField(max_length=16, blank=True, help_text="How a person ended it.")
    closed_by = models.CharField(max_length=200, blank=True)
    closed_at = models.DateTimeField(null=True)
    closed_because = models.TextField(blank=True)
    restored = models.OneToOneField(
        DeploymentFact,
        models.SET_NULL,
        null=True,
        related_name="rollback_run",
        help_text="The success that ended it.",
    )
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.RUNNING)
    lock = models.OneToOneField(
        Lock,
        models.SET_NULL,
        null=True,
        related_name="rollback_run",
        help_text="Stops shipping while it runs.",
    )
    service_id: int
    environment_id: int
    from_release_id: int
    to_release_id: int
    plan_id: int | None
    restored_id: int | None

    objects = RunQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["service", "environment"], condition=Q(outcome="running"), name="one_run_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(outcome__in=["running", "done", "stopped"]), name="run_outcome"
            ),
            models.CheckConstraint(
                condition=Q(closed="", closed_at=None, closed_by="")
                | Q(closed__in=["done", "stopped"], closed_at__gte=F("started_at")) & ~Q(closed_by=""),
                name="who_closes_a_run_says_how",
            ),
        ]
        indexes = [models.Index(fields=["service", "environment", "-started_at"], name="run_newest")]

    def __str__(self) -> str:
        return f"rollback of {self.service} in {self.environment} to {self.to_release.version}"

    @property
    def running(self) -> bool:
        """Whether it has begun and not ended."""
        return self.outcome == Run.Outcome.RUNNING

    @property
    def ended_at(self) -> datetime | None:
        """When it ended: what CI reported counts, else what a person said."""
        if self.running:
            return None
        return self.restored.occurred_at if self.restored else self.closed_at

    @property
    def ended_by(self) -> str:
        """Who or what ended it."""
        if self.running:
            return ""
        return self.closed_by or (self.restored.actor if self.restored else "")

    @property
    def seconds(self) -> float | None:
        """From its start to its end."""
        return max((self.ended_at - self.started_at).total_seconds(), 0.0) if self.ended_at else None


class Tick(models.Model):
    """One step of a run that somebody has done. `position` is the step's, 1 the first."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="ticks")
    position = models.PositiveSmallIntegerField()
    done_by = models.CharField(max_length=200)
    done_at = models.DateTimeField()
    exit_code = models.SmallIntegerField(null=True)
    seconds = models.FloatField(null=True)

    class Meta:
        ordering = ["run", "position"]
        constraints = [models.UniqueConstraint(fields=["run", "position"], name="one_tick_per_step")]

    def __str__(self) -> str:
        return f"step {self.position} of {self.run}"


class Culprit(models.Model):
    """Which release a rollback was about, as somebody found out later: one of those that it took back."""

    rollback = models.OneToOneField(DeploymentFact, models.CASCADE, related_name="culprit")
    release = models.ForeignKey(Release, models.CASCADE, related_name="+")
    because = models.TextField(blank=True)
    named_by = models.CharField(max_length=200)
    named_at = models.DateTimeField()
    release_id: int

    def __str__(self) -> str:
        return f"{self.release}, culprit of {self.rollback}"
