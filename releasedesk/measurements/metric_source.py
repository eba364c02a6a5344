"""Where numbers come from by themselves: a metric source, and the windows that are read off it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q

from releasedesk.catalog.models import Environment, Service
from releasedesk.operations.sealed import seal, unseal
from releasedesk.releases.models import DeploymentFact, Release

GIVE_UP_AFTER = timedelta(hours=6)
SETTLED_AFTER = timedelta(minutes=10)


class MetricSource(models.Model):
    """A Prometheus that knows a service in one environment, with a query for each metric.

    `credential` is a bearer token, sealed. Steps and spans are in seconds. `queries` maps the judge's window
    metrics to PromQL that gives one series: milliseconds, shares of 0 to 1, calls a request.
    """

    service = models.ForeignKey(Service, models.CASCADE, related_name="metric_sources")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="+")
    url = models.URLField(max_length=2000)
    credential = models.TextField(blank=True, editable=False)
    route = models.CharField(max_length=500, help_text="What the numbers are about: GET /basket/{id}.")
    queries = models.JSONField(default=dict)
    step = models.PositiveIntegerField(default=15)
    span = models.PositiveIntegerField(default=600, help_text="How long a window is.")
    warm_up = models.PositiveIntegerField(default=120, help_text="How long after a deployment it begins.")
    paused = models.BooleanField(default=False)
    changed_by = models.CharField(max_length=200, editable=False)
    changed_at = models.DateTimeField(editable=False)
    service_id: int
    environment_id: int

    class Meta:
        ordering = ["service", "environment"]
        constraints = [
            models.UniqueConstraint(fields=["service", "environment"], name="one_source_per_place"),
            models.CheckConstraint(condition=Q(url__regex="^https?://"), name="metric_source_is_http"),
            models.CheckConstraint(
                condition=Q(step__gte=1) & Q(span__gte=F("step") * 5), name="a_window_has_five_points"
            ),
        ]

    def __str__(self) -> str:
        return f"metrics of {self.service} in {self.environment}"

    @property
    def purpose(self) -> str:
        """What its credential is sealed for."""
        return f"metric-source:{self.service_id}:{self.environment_id}"

    def set_credential(self, token: str) -> None:
        """Take a new bearer token; "" takes it away."""
        self.credential = seal(token.encode(), purpose=self.purpose) if token else ""

    @property
    def headers(self) -> dict[str, str]:
        """What is sent along. Raises BrokenSealError when the desk's key was changed."""
        if not self.credential:
            return {}
        return {"Authorization": f"Bearer {unseal(self.credential, purpose=self.purpose).decode()}"}


class WindowQuerySet(models.QuerySet["Window"]):
    """Questions about sets of windows."""

    def under_way(self, at: datetime) -> WindowQuerySet:
        """Those that have begun, are not read yet, and may be tried now."""
        return self.filter(state=Window.State.WAITING, taken_from__lt=at, try_at__lte=at)


class Window(models.Model):
    """One span of time to be read off a source, once: before a deployment, after it, or a week before."""

    class Phase(models.TextChoices):
        """Where it lies."""

        BEFORE = "before"
        AFTER = "after"
        WEEK_BEFORE = "week_before", "the same hour a week before"

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting"
        DONE = "done"
        GAVE_UP = "gave_up", "gave up"

    source = models.ForeignKey(MetricSource, models.CASCADE, related_name="windows")
    # The fact, not the deployment: when history is folded anew, deployments may become other rows.
    fact = models.ForeignKey(DeploymentFact, models.CASCADE, related_name="+")
    release = models.ForeignKey(Release, models.CASCADE, related_name="windows")
    phase = models.CharField(max_length=16, choices=Phase.choices)
    taken_from = models.DateTimeField()
    taken_until = models.DateTimeField()
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    points = models.PositiveIntegerField(
        default=0, help_text="How many there are so far, of the fullest metric."
    )
    detail = models.TextField(blank=True, help_text="What was missing, or why nothing came.")
    numbers = models.JSONField(null=True, blank=True)
    try_at = models.DateTimeField()
    tries = models.PositiveIntegerField(default=0)
    snapshot = models.ForeignKey(
        "measurements.Snapshot", models.SET_NULL, null=True, blank=True, related_name="+"
    )

    objects = WindowQuerySet.as_manager()

    class Meta:
        ordering = ["-taken_from"]
        constraints = [
            models.UniqueConstraint(fields=["source", "fact", "phase"], name="one_window_per_phase"),
            models.CheckConstraint(
                condition=Q(phase__in=["before", "after", "week_before"]), name="window_phase"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "done", "gave_up"]), name="window_state"
            ),
            models.CheckConstraint(condition=Q(taken_until__gt=F("taken_from")), name="window_has_a_length"),
        ]
        indexes = [models.Index(fields=["try_at"], condition=Q(state="waiting"), name="windows_to_read")]

    def __str__(self) -> str:
        return f"{self.get_phase_display()} {self.release}"

    @property
    def expected(self) -> int:
        """How many points a whole window has."""
        return int((self.taken_until - self.taken_from).total_seconds()) // self.source.step

    def is_over(self, at: datetime) -> bool:
        """Whether its last point can be there: a scrape may be one step late."""
        return at >= self.taken_until + timedelta(seconds=self.source.step)

    def is_settled(self, at: datetime) -> bool:
        """Whether what is not there by now will not come any more."""
        return at > self.taken_until + SETTLED_AFTER

    def is_hopeless(self, at: datetime) -> bool:
        """Whether a source that does not answer was asked for long enough, counted from the deployment."""
        return at > max(self.taken_until, self.fact.occurred_at) + GIVE_UP_AFTER

    def next_try(self, at: datetime) -> datetime:
        """When to try again: in one minute, then two, four, at most thirty."""
        return at + timedelta(minutes=min(2**self.tries, 30))
