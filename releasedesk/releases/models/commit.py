"""Commits of a service's main line as they were pushed, and what was found about them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from releasedesk.catalog.models import Service


class Commit(models.Model):
    """A commit that reached the main line. `parent` is what it stands on, empty where that is not known.

    A force push may tell another parent: the latest counts, as (`pushed_at`, `source`, `key`) order them.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="commits")
    sha = models.CharField(max_length=64)
    parent = models.CharField(max_length=64, blank=True)
    subject = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=200, blank=True)
    committed_at = models.DateTimeField(null=True)
    pushed_at = models.DateTimeField()
    source = models.CharField(max_length=200, db_collation="C")
    key = models.CharField(max_length=500, db_collation="C")
    service_id: int

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "sha"], name="one_row_per_commit")]

    def __str__(self) -> str:
        return f"{self.sha[:12]} {self.subject}"


class CommitCheckQuerySet(models.QuerySet["CommitCheck"]):
    """Questions about sets of checks."""

    def of(self, service: Service, sha: str) -> CommitCheckQuerySet:
        """What was found about a commit; `sha` may be short, and of none nothing was found."""
        return self.filter(service=service, sha__startswith=sha.lower()) if sha else self.none()

    def in_order(self) -> CommitCheckQuerySet:
        """By when they count."""
        return self.order_by("occurred_at", "source", "key")


class CommitCheck(models.Model):
    """What CI found about a commit, for the checklist of whatever release has it."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="+")
    sha = models.CharField(max_length=64)
    item = models.CharField(max_length=64)
    job = models.CharField(max_length=200, blank=True, help_text="Which of those that decide the item.")
    outcome = models.CharField(max_length=16)
    url = models.URLField(max_length=2000, blank=True)
    actor = models.CharField(max_length=200)
    occurred_at = models.DateTimeField()
    source = models.CharField(max_length=200, db_collation="C")
    key = models.CharField(max_length=500, db_collation="C")
    service_id: int

    objects = CommitCheckQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["service", "source", "key"], name="one_check_per_key"),
            models.CheckConstraint(condition=Q(outcome__in=["passed", "failed"]), name="check_outcome"),
            models.CheckConstraint(
                condition=Q(url="") | Q(url__regex="^https?://"), name="check_url_is_http"
            ),
        ]
        indexes = [models.Index(fields=["service", "sha"], name="check_commit")]

    def __str__(self) -> str:
        return f"{self.item} of {self.sha[:12]}: {self.outcome}"
