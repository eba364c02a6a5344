"""What else senders report: incidents and configurations."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models.release import Release


class Incident(models.Model):
    """Something broke, as reported. Opening and resolving may arrive in any order."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="incidents")
    environment = models.ForeignKey(Environment, models.PROTECT, null=True, related_name="incidents")
    release = models.ForeignKey(Release, models.SET_NULL, null=True, related_name="incidents")
    key = models.CharField(max_length=200)
    title = models.CharField(max_length=500, blank=True)
    url = models.URLField(max_length=2000, blank=True)
    opened_at = models.DateTimeField(null=True)
    resolved_at = models.DateTimeField(null=True)
    # By field: whether an end said it, when, and which message. The first of these counts.
    said_by = models.JSONField(default=dict, editable=False)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(fields=["service", "key"], name="one_incident_per_key"),
            models.CheckConstraint(
                condition=Q(url="") | Q(url__regex="^https?://"), name="incident_url_is_http"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.title}"


class ReportedConfigQuerySet(models.QuerySet["ReportedConfig"]):
    """Questions about sets of reports."""

    def newest(self) -> ReportedConfigQuerySet:
        """The last report of each service and environment."""
        place = ("service_id", "environment_id")
        return self.order_by(*place, "-occurred_at", "-source", "-key").distinct(*place)


class ReportedConfig(models.Model):
    """Names and keyed digests of a configuration, never its values (DESIGN §9)."""

    service = models.ForeignKey(Service, models.CASCADE, related_name="configs")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    release = models.ForeignKey(Release, models.CASCADE, null=True, related_name="configs")
    source = models.CharField(max_length=200, db_collation="C")
    key = models.CharField(max_length=500, db_collation="C")
    occurred_at = models.DateTimeField()
    digests = models.JSONField(help_text="Name to keyed digest.")
    outdated = models.BooleanField(default=False, help_text="Made with a key that counts no more.")
    environment_id: int

    objects = ReportedConfigQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_at", "-source", "-key"]
        constraints = [
            models.UniqueConstraint(fields=["service", "source", "key"], name="one_config_per_key")
        ]
        indexes = [models.Index(fields=["service", "environment", "-occurred_at"], name="config_newest")]

    def __str__(self) -> str:
        return f"{self.service} in {self.environment} at {self.occurred_at:%F %T}"
