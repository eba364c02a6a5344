"""Releases: what was planned, in full."""

from __future__ import annotations

from django.apps import apps
from django.contrib.admin import register

from releasedesk.actions.administration import delete_release
from releasedesk.actions.releases import put_release
from releasedesk.problems.body import check_version
from releasedesk.releases.bodies import ReleaseBody
from releasedesk.releases.models import Change, Deployment, Release
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.checklists import ItemInline
from releasedesk.web.admin.forms import RevisionForm
from releasedesk.web.admin.history import EventAdmin, TrackedAdmin, slug_of_service
from releasedesk.web.admin.inlines import FactInline
from releasedesk.web.admin.measurements import SnapshotInline, SnapshotPairInline
from releasedesk.web.admin.site import site


class ChangeInline(FactInline):
    """The commits CI reported."""

    model = Change
    fields = ("sha", "subject", "author", "committed_at")


class DeploymentInline(FactInline):
    """Where it went."""

    model = Deployment
    fk_name = "release"
    fields = ("environment", "status", "mode", "started_at", "finished_at")
    related = ("environment", "release__service")


@register(Release, site=site)
class ReleaseAdmin(TrackedAdmin):
    """A release with its numbers, its checklists and what became of it."""

    form = RevisionForm
    list_display = ("service", "version", "title", "owner", "irreversible", "planned_at", "created_at")
    list_display_links = ("version",)
    list_filter = ("irreversible", "service__team", "lives__environment", "planned_at", "created_at")
    list_select_related = ("service", "owner")
    search_fields = ("version", "title", "service__slug", "service__name", "owner__username", "commit")
    autocomplete_fields = ("service", "owner")
    identity = ("service", "version")
    readonly_fields = ("reported_commit", "planned_at", "created_by", "created_at", "updated_at")
    fieldsets = (
        (None, {"fields": ("service", "version", "title", "owner", "commit", "revision_read")}),
        ("Baseline", {"fields": ("route", "expected_input", "slow_part", "users_notice")}),
        ("The one change", {"fields": ("reason", "change", "expected_result", "assumptions")}),
        ("The way back", {"fields": ("rollback_note", "irreversible")}),
        ("As it was reported", {"fields": readonly_fields, "classes": ("collapse",)}),
    )
    inlines = (SnapshotPairInline, SnapshotInline, ItemInline, ChangeInline, DeploymentInline)

    def write(self, asked: Asked) -> Release:
        """Replace the plan."""
        service, version = asked["service"], asked["version"]
        check_version(version)
        body = ReleaseBody.read(asked.body(*Release.PLAN_FIELDS, "owner"))
        written = put_release(
            asked.actor,
            service,
            version,
            body,
            now=asked.now,
            replace=True,
            if_match=asked["revision_read"],
        )
        return asked.take_new(written, f"{service} {version}")

    def remove(self, asked: Asked) -> None:
        """Take away what was only planned."""
        delete_release(asked.actor, asked.row)


@register(apps.get_model("releases.ReleaseEvent"), site=site)
class ReleaseEventAdmin(EventAdmin):
    """What the database wrote down about releases."""

    list_display = ("pgh_created_at", "what", "version", "pgh_label", "who")
    search_fields = ("version", "title")
    of = slug_of_service("service_id")
