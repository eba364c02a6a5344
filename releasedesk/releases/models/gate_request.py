"""Questions of other systems whether something may ship, which the desk answers by calling them."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from releasedesk.catalog.models import Environment, Service
from releasedesk.deliveries.models import Source
from releasedesk.releases.models.gate import GateAnswer
from releasedesk.releases.models.release import Release


class GateRequestQuerySet(models.QuerySet["GateRequest"]):
    """Questions about sets of requests."""

    def waiting(self) -> GateRequestQuerySet:
        """Those that are not answered for good."""
        return self.filter(state=GateRequest.State.WAITING)

    def due(self, at: datetime) -> GateRequestQuerySet:
        """Those that are to be asked (again) by now."""
        return self.waiting().filter(due_at__lte=at)


class GateRequest(models.Model):
    """One question, and what the other side was told. Asked again every minute until the gate is open.

    `key` names the question within its source: who asks it once more begins anew. `reply` is what the answer
    has to name. `told` are the labels of what was missing when it was last told; null: it was told nothing.
    """

    AGAIN_AFTER = timedelta(minutes=1)
    PATIENCE = timedelta(days=7)

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting"
        APPROVED = "approved"
        REFUSED = "refused"
        FAILED = "failed"

    source = models.ForeignKey(Source, models.CASCADE, related_name="gate_requests")
    key = models.CharField(max_length=500)
    service = models.ForeignKey(Service, models.CASCADE, related_name="gate_requests")
    environment = models.ForeignKey(Environment, models.CASCADE, related_name="+")
    version = models.CharField(max_length=128, blank=True, help_text="What the commit is deployed as.")
    commit = models.CharField(max_length=64)
    reply = models.JSONField()
    url = models.CharField(max_length=2000, blank=True, help_text="Where people see who asks.")
    release = models.ForeignKey(Release, models.SET_NULL, null=True, related_name="gate_requests")
    answer = models.ForeignKey(GateAnswer, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    sentence = models.TextField(blank=True, help_text="What the gate said last.")
    told = models.JSONField(null=True)
    times_told = models.PositiveSmallIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0, help_text="In a row that have failed.")
    error = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)
    source_id: str
    service_id: int
    environment_id: int

    objects = GateRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["source", "key"], name="one_gate_request_per_key"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "approved", "refused", "failed"]), name="gate_request_state"
            ),
            models.CheckConstraint(
                condition=Q(state="waiting") ^ Q(settled_at__isnull=False),
                name="an_answered_request_is_settled",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | Q(answer__isnull=False), name="approved_by_an_answer"
            ),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="gate_request_due")]

    def __str__(self) -> str:
        return f"{self.service} {self.version or self.commit[:12]} to {self.environment}: {self.state}"

    @property
    def patience_ends(self) -> datetime:
        """When the other side is told no, if the gate is still closed."""
        return self.asked_at + self.PATIENCE
