"""Locks and freezes: what stops shipping, and when."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.lock_times import SOON, Held, Term
from releasedesk.releases.models.deployment import DeploymentFact
from releasedesk.releases.windows import Span, in_words, window_of


class LockQuerySet(models.QuerySet["Lock"]):
    """Questions about sets of locks."""

    def standing(self, at: datetime) -> LockQuerySet:
        """Those neither released nor past their end. Of a freeze, `Lock.span_at` says whether it holds."""
        return self.filter(Q(until=None) | Q(until__gt=at), released_at=None)

    def ended(self, at: datetime) -> LockQuerySet:
        """Those released or past their end."""
        return self.filter(Q(released_at__isnull=False) | Q(until__lte=at))

    def touching(self, since: datetime) -> LockQuerySet:
        """Those that may have held at this time or later."""
        return self.filter(Q(released_at=None) | Q(released_at__gt=since), Q(until=None) | Q(until__gt=since))

    def on(self, service: Service | None, environment: Environment | None = None) -> LockQuerySet:
        """Those that can stop this service there; None does not narrow."""
        found = self if service is None else self.filter(Q(service=None) | Q(service=service))
        return (
            found if environment is None else found.filter(Q(environment=None) | Q(environment=environment))
        )

    def seen_by(self, actor: Actor) -> LockQuerySet:
        """Those on services a token may see, and on all; a person's session sees every lock."""
        if actor.user_id is not None or actor.superuser:
            return self
        return self.filter(Q(service=None) | Q(service__in=Service.objects.of(actor)))

    def known_at(self, then: datetime) -> LockQuerySet:
        """Those made by a time that has passed and not released by then; `Lock.span_at` says which held."""
        return self.filter(Q(released_at=None) | Q(released_at__gt=then), created_at__lte=then)


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
    window = models.JSONField(null=True, blank=True, help_text="When a freeze holds, again and again.")
    until = models.DateTimeField(null=True, blank=True)
    created_by = models.CharField(max_length=200, editable=False)
    created_at = models.DateTimeField(editable=False)
    released_by = models.CharField(max_length=200, blank=True, editable=False)
    released_at = models.DateTimeField(null=True, blank=True, editable=False)
    rollback = models.OneToOneField(
        DeploymentFact,
        models.CASCADE,
        null=True,
        blank=True,
        editable=False,
        related_name="lock",
        help_text="The success that went back, of an automatic lock.",
    )
    lifted_by = models.ForeignKey(
        DeploymentFact,
        models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
        help_text="The success that ended it; null if a person did.",
    )
    service_id: int | None
    environment_id: int | None
    rollback_id: int | None
    lifted_by_id: int | None

    objects = LockQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["block", "warn"]), name="lock_kind"),
            models.CheckConstraint(
                condition=Q(source__in=["person", "freeze", "rollback"]), name="lock_source"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="a_lock_has_a_reason"),
            models.CheckConstraint(
                condition=Q(window=None) & ~Q(source="freeze")
                | Q(
                    window__isnull=False,
                    window__has_keys=["kind", "timezone", "starts", "ends"],
                    source="freeze",
                ),
                name="a_freeze_has_its_window",
            ),
            models.CheckConstraint(
                condition=Q(until=None) | Q(until__gt=models.F("created_at")),
                name="a_lock_ends_after_it_begins",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} on {self.scope}"

    @property
    def scope(self) -> str:
        """What it stops, in words."""
        what = self.service.slug if self.service else "all services"
        return f"{what} in {self.environment.name if self.environment else 'all environments'}"

    @property
    def term(self) -> Term:
        """When it may stop anything; releasing it ends it."""
        ends = min((end for end in (self.until, self.released_at) if end), default=None)
        return Term(self.created_at, ends, window_of(self.window) if self.window else None)

    @property
    def recurs(self) -> str:
        """A freeze's window in words, else nothing."""
        return in_words(window_of(self.window)) if self.window else ""

    def is_over(self, at: datetime) -> bool:
        """Whether it will never hold again."""
        return self.released_at is not None or (self.until is not None and self.until <= at)

    def span_at(self, at: datetime) -> Span | None:
        """The span in which it holds at this instant, if it does."""
        return self.term.span_at(at)

    def as_held(self) -> Held:
        """The same for the gate's pure functions."""
        blocks = self.kind == Lock.Kind.BLOCK
        return Held(scope=self.scope, blocks=blocks, reason=self.reason, by=self.created_by, term=self.term)


def holding(locks: Iterable[Lock], at: datetime) -> list[tuple[Lock, Span]]:
    """Those that hold at this instant, each with its span; what stops comes before what warns."""
    found = [(lock, span) for lock in locks if (span := lock.span_at(at))]
    return sorted(found, key=lambda pair: (pair[0].kind != Lock.Kind.BLOCK, pair[1].starts, pair[0].pk))


def coming(locks: Iterable[Lock], at: datetime, within: timedelta = SOON) -> list[tuple[Lock, Span]]:
    """Those that begin to hold within this time, the soonest first."""
    found = [(lock, span) for lock in locks if (span := lock.term.next_span(at, within))]
    return sorted(found, key=lambda pair: (pair[1], pair[0].pk))
