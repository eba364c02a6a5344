"""Every message from outside is kept, with what became of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256

from django.db import models
from django.db.models import Q

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment, Service
from releasedesk.deliveries.answering import Answering
from releasedesk.deliveries.families import ALL, Families
from releasedesk.deliveries.notices import Notice, Target

__all__ = ["Answering", "Delivery", "DeliveryQuerySet", "Notice", "Outcome", "Target"]


SHOWN_AT_MOST = 20_000


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

    def held(self, pk: int) -> Delivery:
        """Find one and hold it until the transaction ends: nobody else settles it meanwhile."""
        return self.select_for_update(no_key=True).get(pk=pk)

    def messages(self) -> DeliveryQuerySet:
        """Without the requests that only hold a key."""
        return self.exclude(type="request")

    def waiting(self) -> DeliveryQuerySet:
        """Those that somebody can still explain a name to: of an unmatched one, or of a job nobody knows."""
        return self.exclude(waits_name="").filter(forgotten_at=None)

    def grown_old(self, before: datetime, *, unmatched_before: datetime) -> DeliveryQuerySet:
        """Those whose body is to be forgotten; what still waits is kept for longer."""
        waits = Q(outcome=Outcome.UNMATCHED)
        old = ~waits & Q(received_at__lt=before) | waits & Q(received_at__lt=unmatched_before)
        return self.filter(old, forgotten_at=None)


class Delivery(models.Model):
    """One message, as it came (secrets masked), its digest and our answer.

    `(team, source, key)` is what a sender may repeat safely. A rejected one does not occupy its key: a
    corrected body is judged afresh.
    """

    team = models.ForeignKey(Team, models.CASCADE, related_name="deliveries", db_index=False)
    source = models.CharField(max_length=200)
    key = models.CharField(max_length=500)
    type = models.CharField(max_length=200, blank=True)
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="deliveries")
    body = models.JSONField()
    headers = models.JSONField(default=dict, help_text="Those that say what it is, secrets masked.")
    sealed = models.TextField(
        blank=True, editable=False, help_text="The body as it came, encrypted, while it may be needed again."
    )
    digest = models.BinaryField(max_length=32)
    outcome = models.CharField(max_length=16, choices=Outcome.choices)
    answer = models.JSONField()
    actor = models.CharField(max_length=200)
    received_at = models.DateTimeField()
    waits_for = models.CharField(max_length=16, blank=True, help_text="service, environment or check")
    waits_name = models.CharField(max_length=200, blank=True)
    forgotten_at = models.DateTimeField(null=True, help_text="When body and headers were deleted.")
    team_id: int
    service_id: int | None

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
        indexes = [
            models.Index(fields=["outcome", "-received_at"], name="delivery_inbox"),
            models.Index(fields=["received_at"], condition=Q(forgotten_at=None), name="delivery_age"),
            models.Index(fields=["team", "source", "-received_at"], name="delivery_source"),
            models.Index(
                fields=["team", "waits_for", "waits_name"],
                condition=~Q(waits_name=""),
                name="delivery_waiting",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.key}: {self.outcome}"

    @property
    def purpose(self) -> str:
        """What its body is sealed for."""
        return f"delivery:{bytes(self.digest).hex()}"

    @property
    def told(self) -> str:
        """What its sender was told, in one sentence; empty for what was simply applied."""
        return str(self.answer.get("detail") or "") if isinstance(self.answer, dict) else ""

    @property
    def answer_text(self) -> str:
        """Our answer, to be read."""
        return json.dumps(self.answer, indent=2, ensure_ascii=False)

    @property
    def body_text(self) -> str:
        """The body as it is stored, to be read; of a huge one the beginning."""
        text = json.dumps(self.body, indent=2, ensure_ascii=False)
        if len(text) <= SHOWN_AT_MOST:
            return text
        return f"{text[:SHOWN_AT_MOST]}\n… and {len(text) - SHOWN_AT_MOST:,} more characters"


class SourceQuerySet(models.QuerySet["Source"]):
    """Questions about sets of sources."""

    def there(self) -> SourceQuerySet:
        """Those that have not been deleted."""
        return self.filter(deleted_at=None)

    def seen_by(self, actor: Actor) -> SourceQuerySet:
        """Those of the actor's teams; an administrator sees all."""
        return self if actor.superuser else self.filter(team__in=actor.team_ids)


class Source(models.Model):
    """A system that sends webhooks. Its id is in their address, its secret signs them.

    Secrets are sealed (`operations/sealed.py`), for a signature needs them in the clear. While one replaces
    another both are valid. A deleted one stays as the name of what it delivered, without any secret.
    """

    class Kind(models.TextChoices):
        """What the other side speaks."""

        GITHUB = "github", "GitHub"
        GITLAB = "gitlab", "GitLab"
        CDEVENTS = "cdevents", "CDEvents"

    id = models.CharField(primary_key=True, max_length=32, editable=False)
    team = models.ForeignKey(Team, models.CASCADE, related_name="sources")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    name = models.CharField(max_length=150)
    secret = models.TextField(editable=False)
    former_secret = models.TextField(blank=True, editable=False)
    former_until = models.DateTimeField(null=True, editable=False)
    paused_at = models.DateTimeField(null=True, editable=False)
    created_by = models.CharField(max_length=200, editable=False)
    created_at = models.DateTimeField(editable=False)
    deleted_by = models.CharField(max_length=200, blank=True, editable=False)
    deleted_at = models.DateTimeField(null=True, editable=False)
    team_id: int

    objects = SourceQuerySet.as_manager()

    class Meta:
        ordering = ["team", "name", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["github", "gitlab", "cdevents"]), name="source_kind"
            ),
            models.CheckConstraint(
                condition=Q(deleted_at=None) & ~Q(secret="")
                | Q(deleted_at__isnull=False, secret="", former_secret=""),
                name="a_source_has_a_secret_until_it_is_deleted",
            ),
            models.CheckConstraint(
                condition=Q(former_secret="", former_until=None)
                | ~Q(former_secret="") & Q(former_until__isnull=False),
                name="a_former_secret_has_its_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.get_kind_display()}{', deleted' if self.deleted_at else ''})"

    @property
    def purpose(self) -> str:
        """What its secrets are sealed for."""
        return f"source:{self.pk}"

    @property
    def edition(self) -> str:
        """Tells the present secret from any other, and nothing about it."""
        return sha256(self.secret.encode()).hexdigest()[:16]

    def sealed(self, at: datetime) -> list[str]:
        """The sealed secrets that are valid at this time, the present one first."""
        former = self.former_until is not None and at < self.former_until
        return [self.secret, self.former_secret] if former else [self.secret]


class AliasQuerySet(models.QuerySet["Alias"]):
    """Questions about sets of names."""

    def of_team(self, team_id: int) -> dict[str, Mapping[str, str]]:
        """All of a team's names: kind → (theirs → ours); of environments families too."""
        found: dict[str, dict[str, str]] = {kind: {} for kind in Alias.Kind}
        said = self.filter(team=team_id).values_list(
            "kind", "theirs", "service__slug", "environment__name", "item"
        )
        for kind, theirs, service, place, item in said:
            found[kind][theirs] = service or place or item or ""
        return {**found, Alias.Kind.ENVIRONMENT: Families(found[Alias.Kind.ENVIRONMENT])}


class Alias(models.Model):
    """What a team's senders call a service, an environment or a checklist item, and which one is meant.

    `theirs` is in lower case; of environments it can be a family's, as `review/*`, which counts for those
    that have no meaning of their own. One that means none says: leave these messages alone.
    """

    class Kind(models.TextChoices):
        """What is named."""

        SERVICE = "service"
        ENVIRONMENT = "environment"
        CHECK = "check"

    team = models.ForeignKey(Team, models.CASCADE, related_name="aliases")
    kind = models.CharField(max_length=16, choices=Kind.choices)
    theirs = models.CharField(max_length=200)
    service = models.ForeignKey(Service, models.CASCADE, null=True, related_name="aliases")
    environment = models.ForeignKey(Environment, models.CASCADE, null=True, related_name="aliases")
    item = models.CharField(max_length=64, blank=True)
    created_by = models.CharField(max_length=200)
    created_at = models.DateTimeField()
    team_id: int

    objects = AliasQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "aliases"
        ordering = ["team", "kind", "theirs"]
        constraints = [
            models.UniqueConstraint(fields=["team", "kind", "theirs"], name="one_meaning_per_name"),
            models.CheckConstraint(
                condition=Q(kind="service", environment=None, item="")
                | Q(kind="environment", service=None, item="")
                | Q(kind="check", service=None, environment=None),
                name="alias_means_its_kind",
            ),
            models.CheckConstraint(condition=~Q(theirs=""), name="an_alias_has_a_name"),
            models.CheckConstraint(
                condition=Q(kind="environment") | ~Q(theirs__endswith=ALL),
                name="environments_alone_have_families",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.theirs} → {self.ours or 'nothing'}"

    @property
    def ours(self) -> str:
        """What is meant, empty for nothing."""
        if self.service:
            return self.service.slug
        return self.environment.name if self.environment else self.item
