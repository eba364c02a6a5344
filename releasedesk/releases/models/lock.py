"""Locks: what stops shipping."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from releasedesk.catalog.models import Environment, Service


class LockQuerySet(models.QuerySet["Lock"]):
    """Questions about sets of locks."""

    def standing(self, at: datetime) -> LockQuerySet:
        """Those that hold at this time: neither released nor past their end."""
        return self.filter(Q(until=None) | Q(until__gt=at), released_at=None)


class Lock(models.Model):
    """Stops shipping for a scope: everything, an environment, a service, or both together."""

    class Kind(models.TextChoices):
        """How strongly it stops."""

        BLOCK = "block"
        WARN = "warn"

    class Source(models.TextChoices):
        """Where it comes from."""

        PERSON = "person"
        FREEZE = "freeze"
        ROLLBACK = "rollback"

    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="locks")
    environment = models.ForeignKey(Environment, models.CASCADE, null=True, blank=True, related_name="locks")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.BLOCK)
    source = models.CharField(max_length=16, choices=Source.choices, default=Source.PERSON, editable=False)
    reason = models.TextField()
    until = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=200, editable=False)
    created_at = models.DateTimeField(editable=False)
    released_by = models.CharField(max_length=200, blank=True, editable=False)
    released_at = models.DateTimeField(null=True, blank=True, editable=False)
    service_id: int | None
    environment_id: int | None

    objects = LockQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["block", "warn"]), name="lock_kind"),
            models.CheckConstraint(
                condition=Q(source__in=["person", "freeze", "rollback"]), name="lock_source"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_lock_has_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.scope}"

    @property
    def scope(self) -> str:
        """What it stops, in words."""
        what = self.service.slug if self.service else "all services"
        return f"{what} in {self.environment.name if self.environment else 'all environments'}"
