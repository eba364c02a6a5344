"""The release and security checklists, copied into each release."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from releasedesk.accounts.models import Team
from releasedesk.catalog.models import Service, Tier
from releasedesk.checklists.decided import Decided
from releasedesk.checklists.unmet import SETTLED, Line
from releasedesk.releases.models import Release

__all__ = ["KEY", "OUTCOMES", "Decided", "Item", "List", "Outcome", "Template", "Wording"]


class Outcome(models.TextChoices):
    """What is known about an item."""

    OPEN = "open"
    PASSED = "passed"
    FAILED = "failed"
    WAIVED = "waived"
    NOT_APPLICABLE = "not_applicable", "does not apply"


OUTCOMES = list(Outcome)
KEY = r"^[a-z0-9][a-z0-9_-]{0,63}$"


class List(models.TextChoices):
    """Which checklist a line stands on."""

    RELEASE = "release"
    SECURITY = "security"


class Wording(models.Model):
    """What a line asks, in a template and in the release it was copied into."""

    list = models.CharField(max_length=16, choices=List.choices)
    key = models.CharField(max_length=64)
    label = models.CharField(max_length=200)
    help = models.CharField(max_length=500, blank=True)
    link = models.URLField(max_length=2000, blank=True, help_text="Where it is explained or done.")
    position = models.PositiveSmallIntegerField(default=0)
    required = models.BooleanField(default=True, help_text="Without it nothing ships.")
    tier = models.CharField(
        max_length=16,
        choices=Tier.choices,
        blank=True,
        help_text="Asked for in this tier alone; empty: in all.",
    )

    class Meta:
        abstract = True


# What is copied from a template into a release, by name.
WORDED = ("list", "key", "label", "help", "link", "position", "required", "tier")


class TemplateQuerySet(models.QuerySet["Template"]):
    """Questions about sets of template lines."""

    def items_of(self, team: Team) -> dict[str, str]:
        """The items that a release of some service of the team may have: key → label."""
        reaching = Q(team=None, service=None) | Q(team=team) | Q(service__team=team)
        return dict(self.filter(reaching).order_by("list", "position", "key").values_list("key", "label"))

    def of_scope(self, team: Team | None, service: Service | None) -> TemplateQuerySet:
        """What was written for exactly this: a service, else a team, else the desk."""
        return self.filter(service=service) if service else self.filter(team=team, service=None)

    def nearest(self, team: int | None, service: Service | None) -> TemplateQuerySet:
        """Of the lines with one key the one that counts: the service's own, else the team's or the desk's."""
        reaching = Q(team=None, service=None)
        if team is not None:
            reaching |= Q(team=team)
        if service is not None:
            reaching |= Q(service=service)
        order = (F("service").asc(nulls_last=True), F("team").asc(nulls_last=True))
        chosen = self.filter(reaching).order_by("key", *order).distinct("key")
        return Template.objects.filter(pk__in=chosen.values("pk"))

    def effective(self, service: Service) -> TemplateQuerySet:
        """The lines a new release of this service gets. One that is left out hides those further away."""
        return self.nearest(service.team_id, service).filter(left_out=False)


class Template(Wording):
    """A line of the checklists that releases begin with: the desk's, a team's or one service's.

    Releases hold copies, so nothing here changes what was planned before.
    """

    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="checklist_lines")
    service = models.ForeignKey(
        Service, models.CASCADE, null=True, blank=True, related_name="checklist_lines"
    )
    left_out = models.BooleanField(default=False, help_text="New releases do not get this line.")
    changed_by = models.CharField(max_length=200, editable=False)
    changed_at = models.DateTimeField(editable=False)
    team_id: int | None
    service_id: int | None

    objects = TemplateQuerySet.as_manager()

    class Meta:
        ordering = ["list", "position", "key"]
        verbose_name = "template line"
        constraints = [
            models.UniqueConstraint(
                fields=["team", "service", "key"], nulls_distinct=False, name="one_template_line_per_key"
            ),
            models.CheckConstraint(condition=Q(team=None) | Q(service=None), name="a_template_is_of_one"),
            models.CheckConstraint(condition=Q(list__in=list(List)), name="template_list"),
            models.CheckConstraint(condition=Q(key__regex=KEY), name="template_key"),
            models.CheckConstraint(condition=~Q(label=""), name="a_template_line_has_its_words"),
            models.CheckConstraint(condition=Q(tier="") | Q(tier__in=list(Tier)), name="template_tier"),
            models.CheckConstraint(
                condition=Q(link="") | Q(link__regex="^https?://"), name="template_link_is_http"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label} ({self.scope})"

    @property
    def scope(self) -> str:
        """Whose line it is, in words."""
        if self.service:
            return self.service.slug
        return self.team.name if self.team else "the desk"


class Item(Wording):
    """One line of a release's checklist: outcome, evidence, who, when."""

    List = List

    release = models.ForeignKey(Release, models.CASCADE, related_name="items", db_index=False)
    outcome = models.CharField(max_length=16, choices=Outcome.choices, default=Outcome.OPEN)
    evidence = models.URLField(max_length=2000, blank=True)
    reason = models.TextField(blank=True)
    decided_by = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    # The event that decided it, so that of two reports the later one counts in whatever order they arrive.
    decided_source = models.CharField(max_length=200, blank=True, db_collation="C", editable=False)
    decided_key = models.CharField(max_length=500, blank=True, db_collation="C", editable=False)
    release_id: int

    class Meta:
        ordering = ["release", "list", "position"]
        constraints = [
            models.UniqueConstraint(fields=["release", "key"], name="one_item_per_key"),
            models.CheckConstraint(condition=Q(outcome__in=OUTCOMES), name="item_outcome"),
            models.CheckConstraint(
                condition=Q(outcome="open", decided_at=None)
                | ~Q(outcome="open") & Q(decided_at__isnull=False),
                name="a_decision_has_its_time",
            ),
            models.CheckConstraint(
                condition=~Q(outcome__in=["waived", "not_applicable"], reason=""),
                name="a_waiver_has_a_reason",
            ),
            models.CheckConstraint(
                condition=Q(link="") | Q(link__regex="^https?://"), name="item_link_is_http"
            ),
            models.CheckConstraint(
                condition=Q(evidence="") | Q(evidence__regex="^https?://"), name="evidence_is_http"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.label}: {self.outcome}"

    @property
    def is_met(self) -> bool:
        """Passed, or a person said why it need not."""
        return self.outcome in SETTLED

    def follow(self, decision: Decided | None) -> None:
        """Let this decision count, or none, and store it. One that says `open` takes another back."""
        self.outcome = decision.outcome if decision else Outcome.OPEN
        self.evidence, self.reason = (decision.evidence, decision.reason) if decision else ("", "")
        taken = decision if self.outcome != Outcome.OPEN else None
        self.decided_by, self.decided_at = (taken.by, taken.at) if taken else ("", None)
        self.decided_source, self.decided_key = (taken.source, taken.key) if taken else ("", "")
        self.save()

    def as_line(self) -> Line:
        """The same for the gate's pure functions."""
        return Line(
            key=self.key, label=self.label, outcome=self.outcome, required=self.required, tier=self.tier
        )
