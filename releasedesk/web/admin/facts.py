"""What was reported and what follows from it: to be looked at, never edited."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib.admin import display, register

from releasedesk.actions.configuration import Meaning, end_difference, mean_difference
from releasedesk.actions.locks import LockRequest, lock, release_lock
from releasedesk.problems.problem import within
from releasedesk.releases.lock_bodies import WindowBody
from releasedesk.releases.models import (
    Change,
    Commit,
    CommitCheck,
    ConfigKey,
    Deployment,
    DeploymentFact,
    GateAnswer,
    GateLevel,
    GateRequest,
    Incident,
    Live,
    Lock,
    MeantDifference,
    Override,
    Passage,
    ReportedConfig,
    Standing,
)
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.door import ActionAdmin, FactAdmin
from releasedesk.web.admin.endable import EndableAdmin
from releasedesk.web.admin.site import site

if TYPE_CHECKING:
    from django.db.models import Model

PLACE = ("release__service", "environment")
RELEASE = ("release__version", "release__service__slug")
SERVICE = ("service__slug", "release__version")

# model → what a list shows, by what it is filtered and searched, and what is fetched along
FACTS: dict[type[Model], dict[str, Any]] = {
    Change: {
        "list_display": ("sha", "subject", "author", "release", "committed_at"),
        "list_filter": ("release__service__team", "committed_at"),
        "search_fields": ("sha", "subject", "author", *RELEASE),
        "list_select_related": ("release__service",),
    },
    Commit: {
        "list_display": ("sha", "subject", "author", "service", "committed_at", "pushed_at"),
        "list_filter": ("service__team", "pushed_at"),
        "search_fields": ("sha", "subject", "author", "service__slug"),
        "list_select_related": ("service",),
    },
    CommitCheck: {
        "list_display": ("occurred_at", "item", "outcome", "sha", "service", "actor"),
        "list_filter": ("outcome", "item", "service__team", "occurred_at"),
        "search_fields": ("sha", "item", "service__slug", "actor"),
        "list_select_related": ("service",),
    },
    DeploymentFact: {
        "list_display": ("occurred_at", "kind", "release", "environment", "source", "key", "actor"),
        "list_filter": ("kind", "environment", "service__team", "source", "occurred_at"),
        "search_fields": ("key", "run", "commit", "actor", *RELEASE),
        "list_select_related": ("service", *PLACE),
    },
    Deployment: {
        "list_display": ("at", "release", "environment", "status", "mode", "replaced"),
        "list_filter": ("status", "mode", "environment", "service__team", "at"),
        "search_fields": RELEASE,
        "list_select_related": ("service", *PLACE, "replaced__service", "start", "finish"),
    },
    Standing: {
        "list_display": ("release", "environment", "first_at", "last_at", "rolled_back_at"),
        "list_filter": ("environment", "release__service__team", "rolled_back_at"),
        "search_fields": RELEASE,
        "list_select_related": (*PLACE, "first", "rolled_back_by"),
    },
    Live: {
        "list_display": ("service", "environment", "release", "since"),
        "list_filter": ("environment", "service__team", "since"),
        "search_fields": RELEASE,
        "list_select_related": ("service", *PLACE, "deployment"),
    },
    GateAnswer: {
        "list_display": ("asked_at", "release", "environment", "is_open", "mode", "asked_by"),
        "list_filter": ("is_open", "environment", "release__service__team", "asked_at"),
        "search_fields": ("asked_by", *RELEASE),
        "list_select_related": PLACE,
    },
    GateLevel: {
        "list_display": ("gate", "environment", "service", "level", "reason", "set_by", "set_at"),
        "list_filter": ("environment", "level", "service__team", "set_at"),
        "search_fields": ("gate", "reason", "set_by", "service__slug"),
        "list_select_related": ("environment", "service"),
    },
    GateRequest: {
        "list_display": ("asked_at", "service", "commit", "environment", "state", "error", "settled_at"),
        "list_filter": ("state", "environment", "service__team", "asked_at"),
        "search_fields": ("commit", "version", "service__slug", "error"),
        "list_select_related": ("service", "environment"),
    },
    Override: {
        "list_display": ("made_at", "gate", "release", "environment", "made_by", "reason"),
        "list_filter": ("gate", "environment", "release__service__team", "made_at"),
        "search_fields": ("made_by", "reason", *RELEASE),
        "list_select_related": PLACE,
    },
    Passage: {
        "list_display": ("began_at", "fact", "is_open", "answer", "judged_at"),
        "list_filter": ("is_open", "fact__environment", "fact__service__team", "began_at"),
        "search_fields": ("fact__release__version", "fact__service__slug"),
        "list_select_related": ("fact", "answer__release__service", "answer__environment"),
    },
    Incident: {
        "list_display": ("key", "title", "service", "environment", "release", "opened_at", "resolved_at"),
        "list_filter": ("environment", "service__team", "opened_at", "resolved_at"),
        "search_fields": ("key", "title", *SERVICE),
        "list_select_related": ("service", *PLACE),
    },
}
for model, options in FACTS.items():
    site.register(model, FactAdmin, **options)


@register(ReportedConfig, site=site)
class ReportedConfigAdmin(FactAdmin):
    """Which settings were reported. Their digests are compared, never shown."""

    list_display = ("occurred_at", "service", "environment", "release", "source", "key")
    list_filter = ("environment", "service__team", "occurred_at")
    list_select_related = ("service", *PLACE)
    search_fields = ("key", *SERVICE)
    fields = ("service", "environment", "release", "source", "key", "occurred_at", "names")
    heavy = ("digests",)

    @display(description="settings")
    def names(self, config: ReportedConfig) -> str:
        """The names alone."""
        return ", ".join(sorted(config.digests)) or "-"


@register(Lock, site=site)
class LockAdmin(EndableAdmin):
    """What stops shipping."""

    end, ended = "End this lock", "has ended"
    list_display = ("scope", "kind", "source", "reason", "until", "created_by", "created_at", "released_at")
    list_filter = ("kind", "source", "environment", "service__team", "created_at", "released_at")
    list_select_related = ("service", "environment")
    search_fields = ("reason", "service__slug", "created_by", "released_by")
    autocomplete_fields = ("service", "environment")
    asks_for = ("service", "environment", "kind", "reason", "until", "window")
    shows = (*asks_for, "source", "created_by", "created_at", "released_by", "released_at")

    def can_end(self, row: Lock) -> bool:
        """One that was released is over."""
        return row.released_at is None

    def write(self, asked: Asked) -> Lock:
        """Lock, or end a lock."""
        if asked.row is not None:
            return release_lock(asked.actor, asked.row.pk, now=asked.now)
        fields = {name: asked[name] for name in self.asks_for}
        with within("#/window"):
            fields["window"] = WindowBody.read(asked["window"]) if asked["window"] else None
        return lock(asked.actor, LockRequest(**fields), now=asked.now)


@register(ConfigKey, site=site)
class ConfigKeyAdmin(FactAdmin):
    """Since when a service's key holds. The key itself is for its pipelines alone."""

    list_display = ("service", "created_by", "created_at")
    list_filter = ("service__team", "created_at")
    list_select_related = ("service",)
    search_fields = ("service__slug", "created_by")
    fields = ("service", "created_by", "created_at")
    heavy = ("sealed",)


@register(MeantDifference, site=site)
class MeantDifferenceAdmin(ActionAdmin):
    """Settings that are meant to differ."""

    list_display = ("service", "name", "reason", "created_by", "created_at")
    list_filter = ("service__team", "created_at")
    list_select_related = ("service",)
    search_fields = ("name", "reason", "service__slug")
    autocomplete_fields = ("service",)
    identity = ("service", "name")

    def write(self, asked: Asked) -> MeantDifference:
        """Say why."""
        meaning = Meaning.read(asked.body("reason"))
        return mean_difference(asked.actor, asked["service"], asked["name"], meaning, now=asked.now)

    def remove(self, asked: Asked) -> None:
        """Let it be the same again."""
        end_difference(asked.actor, asked.row)
