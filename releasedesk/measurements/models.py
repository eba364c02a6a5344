"""Snapshots of the four numbers, and what the judge said about a pair of them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from releasedesk.catalog.models import Environment
from releasedesk.measurements.judge import Requests, Side, Summary, Windows
from releasedesk.measurements.metric_source import MetricSource, Window
from releasedesk.releases.models import Release

__all__ = ["Comparison", "MetricSource", "Snapshot", "Window"]


class SnapshotQuerySet(models.QuerySet["Snapshot"]):
    """Questions about sets of snapshots."""

    def newest(self, phase: str) -> Snapshot | None:
        """The one whose window ended last."""
        return self.filter(phase=phase).order_by("-taken_until", "-id").first()


class Snapshot(models.Model):
    """The four numbers over one window, on one route, in one environment."""

    class Phase(models.TextChoices):
        """On which side of the change."""

        BEFORE = "before"
        AFTER = "after"

    class Kind(models.TextChoices):
        """In which form the numbers came."""

        REQUESTS = "requests"
        WINDOWS = "windows"
        SUMMARY = "summary"

    class CacheState(models.TextChoices):
        """What the cache held when it began."""

        COLD = "cold"
        WARM = "warm"

    release = models.ForeignKey(Release, models.CASCADE, related_name="snapshots")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    phase = models.CharField(max_length=8, choices=Phase.choices)
    route = models.CharField(max_length=500)
    taken_from = models.DateTimeField()
    taken_until = models.DateTimeField()
    cache_state = models.CharField(max_length=8, choices=CacheState.choices, blank=True)
    cache_cleared = models.CharField(max_length=500, blank=True)
    command = models.TextField(blank=True)
    assumptions = models.TextField(blank=True)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    samples = models.BinaryField(null=True, editable=False, help_text="The requests, one by one.")
    numbers = models.JSONField(
        null=True, editable=False, help_text="The windows or the summary, as they came."
    )
    summary = models.JSONField(editable=False)
    recorded_by = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    release_id: int
    environment_id: int

    objects = SnapshotQuerySet.as_manager()

    class Meta:
        ordering = ["-taken_until", "-id"]
        constraints = [
            models.CheckConstraint(condition=Q(phase__in=["before", "after"]), name="snapshot_phase"),
            models.CheckConstraint(
                condition=Q(cache_state__in=["", "cold", "warm"]), name="snapshot_cache_state"
            ),
            models.CheckConstraint(condition=Q(taken_until__gte=F("taken_from")), name="window_runs_forward"),
            models.CheckConstraint(
                condition=Q(kind="requests", samples__isnull=False, numbers=None)
                | Q(kind__in=["windows", "summary"], samples=None, numbers__isnull=False),
                name="snapshot_has_its_numbers",
            ),
        ]
        indexes = [
            models.Index(
                fields=["release", "environment", "route", "phase", "-taken_until"], name="snapshot_newest"
            )
        ]

    def __str__(self) -> str:
        return f"{self.phase} {self.release}, {self.route} in {self.environment}"

    @property
    def evidence(self) -> Requests | Windows | Summary:
        """The numbers in the judge's form."""
        if self.kind == self.Kind.REQUESTS:
            assert self.samples is not None
            return Requests.from_bytes(bytes(self.samples))
        assert self.numbers is not None
        return FORMS[self.Kind(self.kind)].from_json(self.numbers)

    def as_side(self) -> Side:
        """One side of a comparison."""
        return Side(
            evidence=self.evidence,
            environment=self.environment.name,
            route=self.route,
            cache_state=self.cache_state or None,
            cache_cleared=self.cache_cleared or None,
        )


FORMS: dict[str, type[Windows | Summary]] = {
    Snapshot.Kind.WINDOWS: Windows,
    Snapshot.Kind.SUMMARY: Summary,
}


class ComparisonQuerySet(models.QuerySet["Comparison"]):
    """Questions about sets of comparisons."""

    def current(self) -> ComparisonQuerySet:
        """Newest before against newest after of each (release, environment, route)."""
        return self.filter(is_current=True)


class Comparison(models.Model):
    """Before against after, with the limits and the judge's version that gave the verdict."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="comparisons")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    route = models.CharField(max_length=500)
    before = models.ForeignKey(Snapshot, models.CASCADE, related_name="+")
    after = models.ForeignKey(Snapshot, models.CASCADE, related_name="+")
    verdict = models.CharField(max_length=16)
    sentence = models.TextField()
    judge = models.CharField(max_length=16)
    result = models.JSONField(help_text="The whole answer.")
    limits = models.JSONField(help_text="The policies it was judged by.")
    judged_at = models.DateTimeField()
    is_current = models.BooleanField(default=True)
    release_id: int
    environment_id: int

    objects = ComparisonQuerySet.as_manager()

    class Meta:
        ordering = ["-judged_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "environment", "route"],
                condition=Q(is_current=True),
                name="one_current_comparison",
            ),
            models.CheckConstraint(
                condition=Q(
                    verdict__in=["suspect", "inconclusive", "verified", "not_comparable", "not_measured"]
                ),
                name="comparison_verdict",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.release}, {self.route}: {self.verdict}"
