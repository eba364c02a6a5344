"""What the desk tells others: where to, what, and what became of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q

from releasedesk.accounts.models import Team
from releasedesk.operations.sealed import seal, unseal


class Event(models.TextChoices):
    """What is told."""

    TRIGGER_MET = "trigger.met", "a release's own trigger is met"
    RUN_STARTED = "rollback.started", "a rollback was started"
    RUN_STOPPED = "rollback.stopped", "a rollback was given up"
    ROLLED_BACK = "rollback.succeeded", "a service was rolled back"


class Target(models.Model):
    """Where a team wants to be told. Address and secret open doors elsewhere, so both are kept sealed."""

    class Kind(models.TextChoices):
        """How it is told."""

        WEBHOOK = "webhook", "signed webhook"
        APPRISE = "apprise", "apprise (Slack, Teams, mail and more)"

    team = models.ForeignKey(Team, models.CASCADE, related_name="targets")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=200)
    place = models.CharField(max_length=255, help_text="Of the address, what may be shown.")
    sealed_address = models.TextField()
    sealed_secret = models.TextField(blank=True)
    events = ArrayField(models.CharField(max_length=32, choices=Event.choices))
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    ended_by = models.CharField(max_length=200, blank=True)
    ended_at = models.DateTimeField(null=True)
    team_id: int

    class Meta:
        ordering = ["team", "name", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["webhook", "apprise"]), name="target_kind"),
            models.CheckConstraint(
                condition=Q(kind="webhook") ^ Q(sealed_secret=""), name="a_webhook_is_signed"
            ),
            models.CheckConstraint(condition=~Q(events=[]), name="a_target_is_told_something"),
            models.UniqueConstraint(
                fields=["team", "name"], condition=Q(ended_at=None), name="one_target_per_name"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.team}"

    @property
    def address(self) -> str:
        """The whole address. Raises `BrokenSealError`."""
        return unseal(self.sealed_address, purpose=self.address_purpose).decode()

    @property
    def secret(self) -> bytes:
        """What a webhook is signed with. Raises `BrokenSealError`."""
        return unseal(self.sealed_secret, purpose=self.secret_purpose)

    def keep(self, address: str, secret: bytes | None) -> None:
        """Seal the address, and the secret of a webhook."""
        self.sealed_address = seal(address.encode(), purpose=self.address_purpose)
        self.sealed_secret = seal(secret, purpose=self.secret_purpose) if secret else ""

    @property
    def address_purpose(self) -> str:
        """What its address is sealed for."""
        return f"notify-address:{self.team_id}"

    @property
    def secret_purpose(self) -> str:
        """What its secret is sealed for."""
        return f"notify-secret:{self.team_id}"


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Questions about sets of notices."""

    def overdue(self, at: datetime) -> NoticeQuerySet:
        """Those that should have been sent by now: their job was lost, or never got into the queue."""
        return self.filter(state=Notice.State.WAITING, due_at__lt=at - Notice.GRACE)


class Notice(models.Model):
    """One thing told to one target, once: `key` names the occasion."""

    GRACE = timedelta(minutes=2)

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    target = models.ForeignKey(Target, models.CASCADE, related_name="notices")
    key = models.CharField(max_length=200)
    event = models.CharField(max_length=32, choices=Event.choices)
    title = models.CharField(max_length=300)
    text = models.TextField()
    data = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(default=0)
    error = models.TextField(blank=True)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["target", "key"], name="told_once"),
            models.CheckConstraint(condition=Q(state__in=["waiting", "sent", "failed"]), name="notice_state"),
        ]
        indexes = [models.Index(fields=["due_at"], condition=Q(state="waiting"), name="notice_due")]

    def __str__(self) -> str:
        return f"{self.title}: {self.state}"
