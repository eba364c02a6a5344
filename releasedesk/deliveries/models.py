"""Every message from outside is kept, with what became of it."""

from __future__ import annotations

import json

from django.db import models
from django.db.models import Q

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Service


class Outcome(models.TextChoices):
    """What became of a delivery."""

    APPLIED = "applied"
    UNMATCHED = "unmatched"
    IGNORED = "ignored"
    REJECTED = "rejected"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    """Questions about sets of deliveries."""

    def seen_by(self, actor: Actor) -> DeliveryQuerySet:
        """Those of the actor's teams; an administrator sees all."""
        return self if actor.superuser else self.filter(team__in=actor.team_ids)


class Delivery(models.Model):
    """One message, as it came (secrets masked), its digest and our answer.

    `(team, source, key)` is what a sender may repeat safely. A rejected one does not occupy its key: a
    corrected body is judged afresh.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="deliveries")
    source = models.CharField(max_length=200)
    key = models.CharField(max_length=500)
    type = models.CharField(max_length=200, blank=True)
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="deliveries")
    body = models.JSONField()
    digest = models.BinaryField(max_length=32)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    answer = models.JSONField()
    actor = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    team_id: int

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-received_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["team", "source", "key"],
                condition=~Q(outcome="rejected"),
                name="one_delivery_per_key",
            ),
            models.CheckConstraint(condition=Q(outcome__in=list(Outcome)), name="delivery_outcome"),
        ]
        indexes = [models.Index(fields=["outcome", "-received_at"], name="delivery_inbox")]

    def __str__(self) -> str:
        return f"{self.source} {self.key}: {self.outcome}"

    @property
    def body_text(self) -> str:
        """The body as it is stored, to be read."""
        return json.dumps(self.body, indent=2, ensure_ascii=False)
