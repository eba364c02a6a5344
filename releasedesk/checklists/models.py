"""The release and security checklists, copied into each release."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from releasedesk.releases.models import Release


class Outcome(models.TextChoices):
    """What is known about an item."""

    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable", "does not apply"


OUTCOMES = list(Outcome)


class Item(models.Model):
    """One line of a release's checklist: outcome, evidence, who, when."""

    class List(models.TextChoices):
        """Which checklist it stands on."""

        RELEASE = "release"
        SECURITY = "security"

    release = models.ForeignKey(Release, models.CASCADE, related_name="items")
    list = models.CharField(max_length=16, choices=List.choices)
    key = models.CharField(max_length=64)
    label = models.CharField(max_length=200)
    help = models.CharField(max_length=500, blank=True)
    position = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.OPEN)
    evidence = models.URLField(max_length=2000, blank=True)
    reason = models.TextField(blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    # The event that decided it, so that of two reports the later one counts in whatever order they arrive.
    decided_source = models.CharField(max_length=200, blank=True, db_collation="C", editable=False)
    decided_key = models.CharField(max_length=500, blank=True, db_collation="C", editable=False)
    release_id: int

    class Meta:
        ordering = ["release", "list", "position"]
        constraints = [
            models.UniqueConstraint(fields=["release", "key"], name="one_item_per_key"),
            models.CheckConstraint(condition=Q(outcome__in=OUTCOMES), name="item_outcome"),
            models.CheckConstraint(
                condition=Q(outcome="open", decided_at=None)
                | ~Q(outcome="open") & Q(decided_at__isnull=False),
                name="a_decision_has_its_time",
            ),
            models.CheckConstraint(condition=~Q(outcome="waived", reason=""), name="a_waiver_has_a_reason"),
            models.CheckConstraint(
                condition=Q(evidence="") | Q(evidence__regex="^https?://"), name="evidence_is_http"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.outcome}"

    @property
    def is_met(self) -> bool:
        """Passed, or a person said why it need not."""
        return self.outcome in {Outcome.PASSED, Outcome.WAIVED, Outcome.NOT_APPLICABLE}
