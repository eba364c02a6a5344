"""May it ship? What is asked of a release where, what was answered, and who let it pass all the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import F, Q

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models.deployment import DeploymentFact
from releasedesk.releases.models.release import Release

GATE_KEY = r"^[a-z_]{1,32}$"


class Level(models.TextChoices):
    """How much a gate weighs in an environment."""

    REQUIRED = "required"
    ADVISORY = "advisory"
    OFF = "off"


class GateLevel(models.Model):
    """A level that differs from the gate's own table: for an environment, or there for one service."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="gate_levels")
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="gate_levels")
    gate = models.CharField(max_length=32)
    level = models.CharField(max_length=16, choices=Level.choices)
    reason = models.TextField(blank=True)
    set_by = models.CharField(max_length=200, editable=False)
    set_at = models.DateTimeField(editable=False)
    environment_id: int
    service_id: int | None

    class Meta:
        ordering = ["environment", "service", "gate"]
        constraints = [
            models.UniqueConstraint(
                fields=["environment", "service", "gate"], nulls_distinct=False, name="one_level_per_gate"
            ),
            models.CheckConstraint(condition=Q(gate__regex=GATE_KEY), name="level_gate"),
            models.CheckConstraint(condition=Q(level__in=list(Level)), name="level_level"),
        ]

    def __str__(self) -> str:
        where = f"{self.service} in {self.environment}" if self.service else str(self.environment)
        return f"{self.gate} is {self.level} for {where}"


class GateAnswerQuerySet(models.QuerySet["GateAnswer"]):
    """Questions about sets of answers."""

    def newest_first(self) -> GateAnswerQuerySet:
        """The last that was given first."""
        return self.order_by("-asked_at", "-pk")

    def between(self, earliest: datetime, latest: datetime) -> GateAnswerQuerySet:
        """Those given in this time."""
        return self.filter(asked_at__gte=earliest, asked_at__lte=latest)


class GateAnswer(models.Model):
    """What the desk said when somebody asked to ship. Never changed."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="gate_answers")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    is_open = models.BooleanField()
    mode = models.CharField(max_length=16, help_text="Which way shipping would go.")
    conditions = models.JSONField(help_text="Key, level, state and sentence of each gate.")
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    release_id: int
    environment_id: int

    objects = GateAnswerQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["release", "environment", "-asked_at"], name="answer_newest")]
        triggers = [pgtrigger.Protect(name="answers_never_change", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.release} to {self.environment}: {'open' if self.is_open else 'closed'}"

    @property
    def unmet(self) -> list[str]:
        """The labels of what stood in the way."""
        return stopping(self.conditions)


def month_of(now: datetime) -> datetime:
    """When the month (of UTC) began."""
    return now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)


class OverrideQuerySet(models.QuerySet["Override"]):
    """Questions about sets of overrides."""

    def in_month_of(self, now: datetime) -> OverrideQuerySet:
        """Those made since the month (of UTC) began."""
        return self.filter(made_at__gte=month_of(now))


class Override(models.Model):
    """A lead lets a release pass an unmet gate. It is for this release in this environment alone.

    It holds until the release has shipped there (`since` is the success before it, if there was one): who
    ships the same release again after a rollback decides again. Where an environment wants four eyes, the
    override of a release's own people counts only beside another lead's.
    """

    release = models.ForeignKey(Release, models.CASCADE, related_name="overrides")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    gate = models.CharField(max_length=32)
    reason = models.TextField()
    made_by = models.CharField(max_length=200)
    person = models.ForeignKey(User, models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    since = models.DateTimeField(null=True)
    release_id: int
    environment_id: int
    person_id: int | None

    objects = OverrideQuerySet.as_manager()

    class Meta:
        ordering = ["made_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "environment", "gate", "made_by", "since"],
                nulls_distinct=False,
                name="one_override_per_lead",
            ),
            models.CheckConstraint(condition=Q(gate__regex=GATE_KEY), name="override_gate"),
            models.CheckConstraint(condition=~Q(reason=""), name="an_override_has_a_reason"),
        ]
        indexes = [models.Index(fields=["-made_at"], name="override_newest")]
        triggers = [
            pgtrigger.ReadOnly(
                name="overrides_never_change", fields=["release", "environment", "gate", "reason", "made_at"]
            )
        ]

    def __str__(self) -> str:
        return f"{self.gate} of {self.release}, by {self.made_by}"


class PassageQuerySet(models.QuerySet["Passage"]):
    """Questions about sets of passages."""

    def unsettled(self, now: datetime) -> PassageQuerySet:
        """Marks that late reports may still lift, and whose service has changed since they were judged."""
        young = self.filter(is_open=False, first_judged_at__gt=now - Passage.SETTLED_AFTER)
        return young.filter(fact__service__revision__gt=F("revision"))


class Passage(models.Model):
    """How a success passed the gate: by an answer that was given, or judged afterwards by what was recorded.

    It hangs on the success itself, for deployments are derived and may be rewritten. `conditions` are those
    of the time at which the deployment began; one that is not open is "shipped past the gate" for ever,
    unless reports that come late show within a day that it was in order.
    """

    SETTLED_AFTER = timedelta(hours=24)

    fact = models.OneToOneField(DeploymentFact, models.CASCADE, related_name="passage")
    answer = models.ForeignKey(GateAnswer, models.SET_NULL, null=True, related_name="passages")
    is_open = models.BooleanField()
    conditions = models.JSONField()
    began_at = models.DateTimeField()
    first_judged_at = models.DateTimeField()
    judged_at = models.DateTimeField()
    revision = models.PositiveBigIntegerField(help_text="The service's, as it was judged.")
    fact_id: int
    answer_id: int | None

    objects = PassageQuerySet.as_manager()

    class Meta:
        ordering = ["-began_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(answer=None) | Q(is_open=True), name="only_an_open_answer_lets_through"
            )
        ]
        indexes = [
            models.Index(fields=["first_judged_at"], condition=Q(is_open=False), name="passage_marked")
        ]

    def __str__(self) -> str:
        return f"{self.fact}: {'through' if self.is_open else 'past'} the gate"

    @property
    def unmet(self) -> list[str]:
        """The labels of what stood in the way."""
        return stopping(self.conditions)


def stopping(conditions: Iterable[Mapping[str, Any]]) -> list[str]:
    """The labels of the kept conditions that keep a release from shipping."""
    return [one["label"] for one in conditions if (one["level"], one["state"]) == ("required", "unmet")]
