"""Every decision about an item of a checklist, in the order of when it was true; none is ever changed.

What CI found of a commit decides anew where a late word of another job makes it another
(`actions/commits.py`).
"""

from __future__ import annotations

from datetime import datetime

import pgtrigger
from django.db import models
from django.db.models import Q


class DecidedQuerySet(models.QuerySet["Decided"]):
    """Questions about sets of decisions."""

    def newest_first(self) -> DecidedQuerySet:
        """By their own times, as two reports of one item are ordered: the last one counts."""
        return self.order_by("-at", "-source", "-key", "-pk")

    def known_at(self, at: datetime) -> DecidedQuerySet:
        """Those made by that time."""
        return self.filter(at__lte=at)


class Decided(models.Model):
    """What somebody or CI said about an item, and when. The item itself holds the one that counts now."""

    item = models.ForeignKey("checklists.Item", models.CASCADE, related_name="decisions")
    outcome = models.CharField(max_length=16)
    evidence = models.URLField(max_length=2000, blank=True)
    reason = models.TextField(blank=True)
    by = models.CharField(max_length=200)
    at = models.DateTimeField()
    source = models.CharField(max_length=200, blank=True, db_collation="C")
    key = models.CharField(max_length=500, blank=True, db_collation="C")

    item_id: int

    objects = DecidedQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "decisions"
        ordering = ["item", "-at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome__in=["open", "passed", "failed", "waived", "not_applicable"]),
                name="decided_outcome",
            )
        ]
        indexes = [models.Index(fields=["item", "-at"], name="decided_newest")]
        triggers = [pgtrigger.Protect(name="decisions_never_change", operation=pgtrigger.Update)]

    def __str__(self) -> str:
        return f"{self.item_id}: {self.outcome}, {self.by}"
