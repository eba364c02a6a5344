"""Snapshots, recorded in pairs, and what the judge said about them."""

# ruff: noqa: ARG002 - the signatures are Django's
from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin import display, register
from django.db.models import QuerySet
from django.http import HttpRequest

from releasedesk.actions.administration import delete_snapshot
from releasedesk.actions.measurements import record_snapshot
from releasedesk.measurements.bodies import SnapshotBody
from releasedesk.measurements.models import Comparison, MetricSource, Snapshot, Window
from releasedesk.releases.models import Release
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.door import ActionAdmin, FactAdmin
from releasedesk.web.admin.forms import ActionFormSet
from releasedesk.web.admin.inlines import ActionInline, FactInline
from releasedesk.web.admin.site import site
from releasedesk.web.admin.snapshot_form import NUMBERS, SummaryForm, figures, summary

WINDOW = ("environment", "route", "taken_from", "taken_until", "cache_state", "cache_cleared", "command")


def record(asked: Asked, release: Release) -> Snapshot:
    """Ask for one window to be kept and judged."""
    body = SnapshotBody.read({**asked.body("phase", *WINDOW), "summary": summary(asked)})
    return record_snapshot(asked.actor, release, asked["environment"], body, now=asked.now)


class PairFormSet(ActionFormSet):
    """Before and after, side by side."""

    @property
    def lines(self) -> list[list[forms.BoundField]]:
        """The same field of both forms, line by line."""
        return [list(line) for line in zip(*(form.visible_fields() for form in self.forms), strict=True)]


class SnapshotPairInline(ActionInline):
    """Two windows to be filled in. Those that were recorded stand in the other list."""

    model = Snapshot
    form = SummaryForm
    formset = PairFormSet
    template = "admin/snapshot_pair.html"
    verbose_name_plural = "record before and after"
    fields = ("phase", *WINDOW, *NUMBERS)
    extra = max_num = 2
    can_delete = False

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """The column says which phase it is."""
        if db_field.name == "phase":
            kwargs["widget"] = forms.HiddenInput
        return super().formfield_for_dbfield(db_field, request, **kwargs)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Only new ones."""
        return super().get_queryset(request).none()

    def initial_rows(self, parent: Any) -> list[dict[str, Any]]:
        """One of each phase, on the route the release is about."""
        route = parent.route if parent else ""
        return [{"phase": phase, "route": route} for phase in Snapshot.Phase.values]

    def write(self, asked: Asked, parent: Any) -> None:
        """Record it."""
        record(asked, parent)


class FiguresMixin:
    """Shows the numbers with their units."""

    @display(description="numbers")
    def figures(self, snapshot: Snapshot) -> str:
        """The summary in one line."""
        return figures(snapshot.summary)


class SnapshotInline(FiguresMixin, FactInline):
    """What was recorded."""

    model = Snapshot
    verbose_name_plural = "recorded snapshots"
    fields = readonly_fields = ("phase", "environment", "route", "taken_until", "figures", "recorded_by")
    related = ("environment", "release__service")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Leave the requests themselves where they are."""
        return super().get_queryset(request).defer("samples", "numbers")


@register(Snapshot, site=site)
class SnapshotAdmin(FiguresMixin, ActionAdmin):
    """One window; it can be recorded and taken away, not edited."""

    form = SummaryForm
    list_display = ("release", "phase", "environment", "route", "taken_until", "figures", "recorded_by")
    list_filter = ("phase", "environment", "kind", "cache_state", "release__service__team", "taken_until")
    list_select_related = ("release__service", "environment")
    search_fields = ("release__version", "release__service__slug", "route", "recorded_by")
    autocomplete_fields = ("release", "environment")
    heavy = ("samples", "numbers")
    recorded = (
        "release",
        "phase",
        *WINDOW,
        "assumptions",
        "kind",
        "figures",
        "recorded_by",
        "recorded_at",
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """Ask for a window, or show it."""
        return self.recorded if obj else ("release", "phase", *WINDOW, *NUMBERS)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        """What was measured stays as it was."""
        return self.recorded if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody edits a measurement."""
        return False

    def write(self, asked: Asked) -> Snapshot:
        """Record it."""
        return record(asked, asked["release"])

    def remove(self, asked: Asked) -> None:
        """Take it away and judge what is left."""
        delete_snapshot(asked.actor, asked.row, now=asked.now)


@register(Comparison, site=site)
class ComparisonAdmin(FactAdmin):
    """What the judge said."""

    list_display = ("release", "environment", "route", "verdict", "sentence", "is_current", "judged_at")
    list_filter = ("verdict", "is_current", "environment", "judge", "release__service__team", "judged_at")
    list_select_related = ("release__service", "environment")
    search_fields = ("release__version", "release__service__slug", "route", "sentence")


@register(MetricSource, site=site)
class MetricSourceAdmin(FactAdmin):
    """Where numbers come from by themselves; set up and tried on its own page."""

    list_display = ("service", "environment", "url", "route", "span", "paused", "changed_by", "changed_at")
    list_filter = ("paused", "environment", "service__team")
    list_select_related = ("service", "environment")
    search_fields = ("service__slug", "url", "route")
    fields = (
        "service",
        "environment",
        "url",
        "route",
        "queries",
        "step",
        "span",
        "warm_up",
        "paused",
        "changed_by",
        "changed_at",
    )


@register(Window, site=site)
class WindowAdmin(FactAdmin):
    """A window that is read, or was."""

    list_display = ("release", "phase", "state", "points", "taken_from", "taken_until", "tries", "detail")
    list_filter = ("state", "phase", "source__environment", "release__service__team", "taken_from")
    list_select_related = ("release__service", "source__environment")
    search_fields = ("release__version", "release__service__slug", "detail")
