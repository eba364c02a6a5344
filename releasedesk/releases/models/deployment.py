"""What senders said about deployments, and what follows from it.

`DeploymentFact` is what senders said. `Deployment`, `Standing` and `Live` are derived from
the facts of one (service, environment) by the fold in `history.py` and rewritten with it, in one transaction.

These tables are written all day long: a foreign key has no index of its own where another index begins with
it, nor where it could not help (there are a handful of environments). In place of two constraints, one for
the service and one for the release, each table has one for both (`…_of_its_service`, migration 0013): a
release is of the service that is named beside it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce

from releasedesk.catalog.models import Environment, Service
from releasedesk.releases import history
from releasedesk.releases.models.release import Release

# All that is not told of one thing a second time (`actions/deployments.hear_again`).
CHANGED = """
NEW.occurred_at > OLD.occurred_at
OR NEW.occurred_at <> OLD.occurred_at AND OLD.kind <> 'started'
OR to_jsonb(NEW) - '{occurred_at,url,commit}'::text[] <> to_jsonb(OLD) - '{occurred_at,url,commit}'::text[]
"""


class DeploymentFactQuerySet(models.QuerySet["DeploymentFact"]):
    """Questions about sets of facts."""

    def of_place(self, service_id: int, environment_id: int) -> DeploymentFactQuerySet:
        """The facts that are folded together."""
        return self.filter(service_id=service_id, environment_id=environment_id)


class DeploymentFact(models.Model):
    """What a sender said about one attempt: it started, succeeded or failed.

    Never deleted, and never changed, but that one telling of it gives way to another: of a start the earlier.
    """

    service = models.ForeignKey(
        Service, models.CASCADE, related_name="+", db_index=False, db_constraint=False
    )
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+", db_index=False)
    release = models.ForeignKey(Release, models.CASCADE, related_name="facts", db_constraint=False)
    kind = models.CharField(max_length=16)
    occurred_at = models.DateTimeField()
    # "C": ties are broken bytewise, in the database as in the fold.
    source = models.CharField(max_length=200, db_collation="C")
    key = models.CharField(max_length=500, db_collation="C")
    run = models.CharField(max_length=200, blank=True)
    commit = models.CharField(max_length=64, blank=True)
    command = models.TextField(blank=True)
    url = models.URLField(max_length=2000, blank=True)
    actor = models.CharField(max_length=200)
    received_at = models.DateTimeField(null=True, help_text="When the desk heard of it.")
    service_id: int
    environment_id: int
    release_id: int

    objects = DeploymentFactQuerySet.as_manager()

    class Meta:
        ordering = ["occurred_at", F("kind").desc(), "source", "key"]
        constraints = [
            # The service comes last: the facts of a service are found by `fact_order`, and never by this.
            models.UniqueConstraint(fields=["source", "key", "service"], name="one_fact_per_key"),
            models.CheckConstraint(condition=Q(kind__in=list(history.Kind)), name="fact_kind"),
            models.CheckConstraint(condition=Q(url="") | Q(url__regex="^https?://"), name="fact_url_is_http"),
        ]
        indexes = [models.Index(fields=["service", "environment", "occurred_at"], name="fact_order")]
        triggers = [
            pgtrigger.Protect(
                name="facts_never_change", operation=pgtrigger.Update, condition=pgtrigger.Condition(CHANGED)
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source} {self.key}"


class DeploymentQuerySet(models.QuerySet["Deployment"]):
    """Questions about sets of deployments."""

    def running(self, at: datetime) -> DeploymentQuerySet:
        """Started, not ended, and not yet given up as lost."""
        return self.filter(status=history.Status.STARTED, started_at__gte=at - history.LOST_AFTER)

    def newest_first(self, *within: str) -> DeploymentQuerySet:
        """In the order of their last word, as the fold orders it: of equal times the facts' names decide.

        `within` are fields to sort by before, such as those of a DISTINCT ON.
        """
        return self.order_by(
            *within,
            F("at").desc(),
            F("finished_at").desc(nulls_last=True),
            Coalesce("finish__source", "start__source").desc(),
            Coalesce("finish__key", "start__key").desc(),
        )


class Deployment(models.Model):
    """One attempt to put a release into an environment. Derived: see the module."""

    service = models.ForeignKey(
        Service, models.CASCADE, related_name="deployments", db_index=False, db_constraint=False
    )
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="deployments", db_index=False)
    release = models.ForeignKey(Release, models.CASCADE, related_name="deployments", db_constraint=False)
    status = models.CharField(max_length=16)
    mode = models.CharField(max_length=16, blank=True)
    start = models.ForeignKey(DeploymentFact, models.CASCADE, null=True, related_name="+", db_index=False)
    finish = models.ForeignKey(DeploymentFact, models.CASCADE, null=True, related_name="+", db_index=False)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    at = models.DateTimeField(help_text="When it ended, else when it started.")
    replaced = models.ForeignKey(
        Release,
        models.CASCADE,
        null=True,
        related_name="+",
        db_index=False,
        help_text="What was live before this success.",
    )
    service_id: int
    environment_id: int
    release_id: int
    start_id: int | None
    finish_id: int | None
    replaced_id: int | None

    objects = DeploymentQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            # `lost` is never stored: it comes about by waiting.
            models.CheckConstraint(
                condition=Q(status__in=["started", "failed"], mode="")
                | Q(status="succeeded", mode__in=list(history.Mode)),
                name="only_a_success_has_a_mode",
            ),
            models.CheckConstraint(
                condition=Q(start__isnull=False) | Q(finish__isnull=False), name="deployment_has_a_fact"
            ),
            # Deferred: a late fact may move a start from one attempt to another within the transaction.
            models.UniqueConstraint(
                fields=["start"], name="a_start_opens_one", deferrable=models.Deferrable.DEFERRED
            ),
            models.UniqueConstraint(
                fields=["finish"], name="a_finish_ends_one", deferrable=models.Deferrable.DEFERRED
            ),
        ]
        indexes = [
            models.Index(fields=["service", "environment", "-at"], name="deployment_newest"),
            models.Index(
                fields=["service", "environment", "at"], condition=Q(finish=None), name="deployment_open"
            ),
            models.Index(fields=["-at"], condition=Q(status="succeeded"), name="deployment_shipped"),
        ]

    def __str__(self) -> str:
        return f"{self.release} to {self.environment}: {self.status}"

    @property
    def fact(self) -> DeploymentFact:
        """The last word about it."""
        fact = self.finish or self.start
        assert fact is not None
        return fact

    @property
    def is_past_the_gate(self) -> bool:
        """Whether it went forward though something required was missing. Going back needs no gate."""
        passage = getattr(self.finish, "passage", None)
        return self.mode == history.Mode.FORWARD and passage is not None and not passage.is_open

    @property
    def took(self) -> timedelta | None:
        """From start to end, when both were reported."""
        return self.finished_at - self.started_at if self.started_at and self.finished_at else None

    def status_at(self, now: datetime) -> history.Status:
        """`started` turns into `lost` by itself, an hour after nothing more was heard."""
        started = self.status == history.Status.STARTED and self.started_at is not None
        if started and self.started_at is not None and now - self.started_at > history.LOST_AFTER:
            return history.Status.LOST
        return history.Status(self.status)


class Standing(models.Model):
    """A release that has succeeded in an environment: its rank there, and its mark if it was rolled back."""

    service = models.ForeignKey(
        Service,
        models.CASCADE,
        related_name="+",
        db_index=False,
        db_constraint=False,
        help_text="The release's: ranks are compared within it.",
    )
    release = models.ForeignKey(
        Release, models.CASCADE, related_name="standings", db_index=False, db_constraint=False
    )
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="standings", db_index=False)
    first = models.ForeignKey(
        DeploymentFact, models.CASCADE, related_name="+", db_index=False, help_text="Its rank."
    )
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    rolled_back_by = models.ForeignKey(
        DeploymentFact, models.CASCADE, null=True, related_name="+", db_index=False
    )
    rolled_back_at = models.DateTimeField(null=True)
    service_id: int
    release_id: int
    environment_id: int
    first_id: int
    rolled_back_by_id: int | None

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "environment"], name="one_standing_per_place"),
            models.CheckConstraint(
                condition=Q(rolled_back_by=None, rolled_back_at=None)
                | Q(rolled_back_by__isnull=False, rolled_back_at__isnull=False),
                name="a_mark_has_its_time",
            ),
        ]
        indexes = [models.Index(fields=["service", "environment", "-first_at"], name="standing_newest")]

    def __str__(self) -> str:
        return f"{self.release} in {self.environment}"


class Live(models.Model):
    """What is live in one (service, environment)."""

    service = models.ForeignKey(
        Service, models.CASCADE, related_name="lives", db_index=False, db_constraint=False
    )
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="lives", db_index=False)
    release = models.ForeignKey(
        Release, models.CASCADE, related_name="lives", db_index=False, db_constraint=False
    )
    deployment = models.ForeignKey(Deployment, models.CASCADE, related_name="+", db_index=False)
    since = models.DateTimeField()
    service_id: int
    environment_id: int
    release_id: int
    deployment_id: int

    class Meta:
        verbose_name_plural = "live"
        constraints = [models.UniqueConstraint(fields=["service", "environment"], name="one_live_per_place")]

    def __str__(self) -> str:
        return f"{self.release} in {self.environment}"
