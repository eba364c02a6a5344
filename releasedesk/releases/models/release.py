"""A release and its commits."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import pghistory
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment, Service

VERSION = r"^[A-Za-z0-9][A-Za-z0-9._+:@~-]{0,127}$"


class ReleaseQuerySet(models.QuerySet["Release"]):
    """Questions about sets of releases."""

    def of(self, actor: Actor) -> ReleaseQuerySet:
        """The releases of the services a token may see; a person's session sees all."""
        return self.filter(service__in=Service.objects.of(actor))

    def live_in(self, environment: Environment) -> ReleaseQuerySet:
        """What is live there now."""
        return self.filter(lives__environment=environment)


@pghistory.track()
class Release(models.Model):
    """One version of one service: what was, the one change, what is expected of it."""

    PLAN_FIELDS: ClassVar[tuple[str, ...]] = (
        "title",
        "reason",
        "change",
        "expected_result",
        "rollback_note",
        "route",
        "expected_input",
        "slow_part",
        "users_notice",
        "assumptions",
        "commit",
        "irreversible",
    )

    service = models.ForeignKey(Service, models.CASCADE, related_name="releases", db_index=False)
    version = models.CharField(max_length=128)
    title = models.CharField(max_length=500, blank=True)
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.TextField(blank=True)
    change = models.TextField(blank=True, help_text="The one thing that is changed.")
    expected_result = models.TextField(blank=True)
    rollback_note = models.TextField(blank=True)
    route = models.CharField(max_length=500, blank=True)
    expected_input = models.TextField(blank=True)
    slow_part = models.TextField(blank=True, help_text="The slow query or the failing command.")
    users_notice = models.TextField(blank=True, help_text="Where users notice.")
    assumptions = models.TextField(blank=True)
    commit = models.CharField(max_length=64, blank=True)
    irreversible = models.BooleanField(
        default=False, help_text="It migrates data in a way that cannot be undone."
    )
    reported_commit = models.CharField(max_length=64, blank=True, editable=False)
    tagged_commit = models.CharField(max_length=64, blank=True, editable=False)
    tagged_at = models.DateTimeField(null=True, blank=True, editable=False)
    files_touched = ArrayField(models.CharField(max_length=1000), default=list, blank=True, editable=False)
    revision = models.PositiveIntegerField(default=1, editable=False)
    planned_by = models.CharField(max_length=200, blank=True, editable=False)
    planned_at = models.DateTimeField(null=True, blank=True, editable=False)
    created_by = models.CharField(max_length=200, editable=False)
    created_at = models.DateTimeField(editable=False)
    updated_at = models.DateTimeField(editable=False)
    service_id: int
    owner_id: int | None

    objects = ReleaseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.UniqueConstraint(fields=["service", "version"], name="one_release_per_version"),
            models.CheckConstraint(condition=Q(version__regex=VERSION), name="release_version"),
        ]
        indexes = [models.Index(fields=["service", "-created_at"], name="release_newest")]

    def __str__(self) -> str:
        return f"{self.service} {self.version}"

    @property
    def sha(self) -> str:
        """The commit that was planned, else the one CI deployed, else the one that bears the tag."""
        return self.commit or self.reported_commit or self.tagged_commit

    def tagged(self, commit: str, at: datetime) -> bool:
        """Take in what commit bears the tag, and answer whether that is news: the latest word counts."""
        if self.tagged_at is not None and (at, commit) <= (self.tagged_at, self.tagged_commit):
            return False
        self.tagged_commit, self.tagged_at = commit, at
        return True

    @property
    def answerable(self) -> User | None:
        """Its owner, else the service's."""
        return self.owner or self.service.owner


class Change(models.Model):
    """A commit in the release; lead time comes from it."""

    release = models.ForeignKey(Release, models.CASCADE, related_name="changes")
    sha = models.CharField(max_length=64)
    subject = models.CharField(max_length=500, blank=True)
    author = models.CharField(max_length=200, blank=True)
    committed_at = models.DateTimeField(null=True, blank=True)
    shared = models.BooleanField(
        default=False, editable=False, help_text="It comes from a push, not from a report of this release."
    )

    class Meta:
        ordering = ["committed_at", "sha"]
        constraints = [models.UniqueConstraint(fields=["release", "sha"], name="one_change_per_commit")]

    def __str__(self) -> str:
        return f"{self.sha[:12]} {self.subject}"
