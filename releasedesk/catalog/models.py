"""What is released, where it runs, how it is judged, and who may report about it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import pghistory
import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import Actor, Role

SLUG = r"^[a-z0-9-]{1,64}$"
HTTP_OR_EMPTY = r"^(https?://|$)"


class Tier(models.TextChoices):
    """What an environment is for, lowest first."""

    DEVELOPMENT = "development"
    TESTING = "testing"
    STAGING = "staging"
    PRODUCTION = "production"


TIER_RANK = {tier: rank for rank, tier in enumerate(Tier)}


class Environment(models.Model):
    """A place where releases run. Global: the same for all teams."""

    name = models.SlugField(max_length=64, unique=True)
    tier = models.CharField(max_length=16, choices=Tier.choices)
    order = models.PositiveSmallIntegerField(help_text="Smaller comes first on the way to production.")
    staged_in = models.CharField(
        max_length=16,
        choices=Tier.choices,
        blank=True,
        help_text="The tier a release has to run in first. Left empty: staging before production.",
    )
    four_eyes = models.BooleanField(
        default=False, help_text="Nobody overrides a gate for their own release alone."
    )

    class Meta:
        ordering = ["order", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(name__regex=SLUG), name="environment_name"),
            models.CheckConstraint(condition=Q(tier__in=list(Tier)), name="environment_tier"),
            models.CheckConstraint(condition=Q(staged_in__in=["", *Tier]), name="environment_staged_in"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def rank(self) -> tuple[int, int]:
        """Sort key: the highest tier is the one nearest to users."""
        return TIER_RANK[Tier(self.tier)], self.order

    @property
    def stage_before(self) -> Tier | None:
        """The tier a release has to run in before it comes here; None where nothing comes before."""
        if self.staged_in:
            return Tier(self.staged_in)
        return Tier.STAGING if self.tier == Tier.PRODUCTION else None


class ServiceQuerySet(models.QuerySet["Service"]):
    """Questions about sets of services."""

    def changed(self) -> None:
        """Raise the revision, which locks the rows until the transaction ends."""
        self.update(revision=F("revision") + 1)

    def locked(self, slug: str) -> Service | None:
        """Find one and hold it until the transaction ends: who changes what hangs on it waits here.

        It is the first lock anybody takes but for a delivery's key, so that nobody waits in a circle.
        """
        return self.select_for_update(no_key=True).filter(slug=slug).first()

    def of(self, actor: Actor) -> ServiceQuerySet:
        """The services a token may see: its team's, or its one. A person's session sees all."""
        if actor.user_id is not None or actor.superuser:
            return self
        if actor.service_id is not None:
            return self.filter(pk=actor.service_id, team_id__in=actor.team_ids)
        return self.filter(team_id__in=actor.team_ids)


# The columns are named, so that the trigger is passed over when an event only raises the revision.
_COLUMNS = ("slug", "name", "team_id", "owner_id", "repository", "health_url", "created_at")


_CHECKED = {
    "slug": ("service_slug", SLUG),
    "repository": ("service_repository_is_http", HTTP_OR_EMPTY),
    "health_url": ("service_health_is_http", HTTP_OR_EMPTY),
}


def _check() -> str:
    """Write a function that refuses as a CHECK would, by the name of what is not kept."""
    refusals = (
        f"IF NEW.{column} !~ '{pattern}' THEN RAISE check_violation"
        f" USING MESSAGE = 'a service violates {name}', CONSTRAINT = '{name}'; END IF;"
        for column, (name, pattern) in _CHECKED.items()
    )
    return " ".join([*refusals, "RETURN NEW;"])


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(
        operation=pgtrigger.UpdateOf(*_COLUMNS),  # type: ignore[no-untyped-call]
        condition=pgtrigger.AnyChange(exclude=["revision"]),
        trigger_name="update_update",
    ),
    exclude=["revision"],
)
class Service(models.Model):
    """What is released.

    `revision` counts every change below the service, in the same transaction: raising it is also the lock
    that orders them, and the sum over a set of services tells whether a page about them is still current.
    """

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    team = models.ForeignKey(Team, models.PROTECT, related_name="services")
    owner = models.ForeignKey(User, models.SET_NULL, null=True, blank=True, related_name="+")
    repository = models.URLField(max_length=2000, blank=True)
    health_url = models.URLField(max_length=2000, blank=True)
    revision = models.BigIntegerField(default=0, editable=False)
    created_at = models.DateTimeField()
    team_id: int
    owner_id: int | None

    objects = ServiceQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        # No CHECKs: PostgreSQL compiles each anew for every statement that writes the table, and every event
        # does, to raise the revision and nothing else.
        triggers = [
            pgtrigger.Trigger(
                name="as_it_may_be",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf(*_CHECKED),  # type: ignore[no-untyped-call]
                func=_check(),
            )
        ]

    def __str__(self) -> str:
        return self.slug

    def commit_url(self, sha: str) -> str:
        """Where GitHub, GitLab, Gitea and Forgejo show a commit of the repository; "" without one."""
        return (
            f"{self.repository.removesuffix('/').removesuffix('.git')}/commit/{sha}"
            if self.repository
            else ""
        )

    def is_seen_by(self, actor: Actor) -> bool:
        """Whether a token may see it, as `ServiceQuerySet.of` says it of a set; a person's session may."""
        if actor.user_id is not None or actor.superuser:
            return True
        return self.team_id in actor.team_ids and actor.service_id in {None, self.pk}


class MetricPolicy(models.Model):
    """How far one metric of a service may move, on one route or (empty) on all of them.

    What a route's own policy leaves null follows the service's, and what that leaves null the judge's table.
    """

    class Kind(models.TextChoices):
        """What `allowed` is: a fraction of before, or in the metric's own unit."""

        RELATIVE = "relative"
        ABSOLUTE = "absolute"

    service = models.ForeignKey(Service, models.CASCADE, related_name="metric_policies")
    route = models.CharField(max_length=500, blank=True, help_text="Empty: every route without its own.")
    metric = models.CharField(max_length=32)
    kind = models.CharField(max_length=8, choices=Kind.choices, blank=True)
    allowed = models.FloatField(null=True, blank=True)
    level = models.FloatField(null=True, blank=True, help_text="The value it should never be worse than.")
    critical = models.BooleanField(null=True, blank=True)
    minimum = models.PositiveIntegerField(null=True, blank=True)
    must_have = models.BooleanField(default=False)
    muted = models.BooleanField(default=False)

    class Meta:
        ordering = ["service", "route", "metric"]
        constraints = [
            models.UniqueConstraint(fields=["service", "route", "metric"], name="one_policy_per_metric"),
            models.CheckConstraint(condition=Q(level=None) | Q(level__gte=0), name="level_is_not_negative"),
            models.CheckConstraint(
                condition=Q(kind="") | Q(kind__in=["relative", "absolute"], allowed__isnull=False),
                name="a_kind_has_its_limit",
            ),
            models.CheckConstraint(
                condition=Q(allowed=None) | Q(allowed__gte=0), name="allowed_is_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric} of {self.service}" + (f", {self.route}" if self.route else "")


class Scope(StrEnum):
    """What a token may do."""

    READ = "read"
    EVENTS_WRITE = "events:write"
    RELEASES_WRITE = "releases:write"
    GATE_WRITE = "gate:write"
    ADMIN = "admin"


class TokenQuerySet(models.QuerySet["Token"]):
    """Questions about sets of tokens."""

    def usable(self, at: datetime) -> TokenQuerySet:
        """Those neither revoked nor expired at this time."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), revoked_at=None)

    def reaching(self, service: Service) -> TokenQuerySet:
        """Those that may speak of a service: its own, and its team's."""
        return self.filter(Q(service=service) | Q(service=None), team=service.team_id)


class Token(models.Model):
    """A machine's way in. Only the SHA-256 of its secret is kept."""

    id = models.CharField(primary_key=True, max_length=16, editable=False)
    digest = models.BinaryField(max_length=32, editable=False)
    name = models.CharField(max_length=200, help_text="A label; several tokens may bear the same.")
    team = models.ForeignKey(Team, models.CASCADE, related_name="tokens")
    service = models.ForeignKey(Service, models.CASCADE, null=True, blank=True, related_name="tokens")
    scopes = ArrayField(models.CharField(max_length=32))
    created_at = models.DateTimeField()
    created_by = models.CharField(max_length=200)
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    team_id: int
    service_id: int | None

    objects = TokenQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=[str(scope) for scope in Scope]), name="token_scopes"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.id})"

    @property
    def label(self) -> str:
        """Its name wherever it is said who acted."""
        return f"{self.name} (token)"

    def as_actor(self) -> Actor:
        """Return who acts: an engineer of the team, or of the one service."""
        return Actor(
            label=self.label,
            token_id=self.id,
            roles={self.team_id: Role.ENGINEER},
            service_id=self.service_id,
            admin_scope=Scope.ADMIN in self.scopes,
        )
