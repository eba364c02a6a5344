"""The way back: plans with their steps, and what proves them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin import register
from django.contrib.admin.widgets import AdminIntegerFieldWidget, AdminTextareaWidget
from django.db.models import Count, QuerySet

from releasedesk.actions.plans import write_plan
from releasedesk.rollbacks.bodies import PlanBody
from releasedesk.rollbacks.models import Culprit, Plan, Rehearsal, Run, Step, Tick
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.door import ActionAdmin, FactAdmin
from releasedesk.web.admin.forms import ActionForm
from releasedesk.web.admin.inlines import ActionInline, FactInline
from releasedesk.web.admin.site import site

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

OF_A_STEP = ("instruction", "command", "seconds", "irreversible")


class StepForm(ActionForm):
    """A step; the positions only say in which order they come."""

    position = forms.IntegerField(
        required=False, min_value=1, widget=AdminIntegerFieldWidget, help_text="Empty: last."
    )


class StepInline(ActionInline):
    """The steps, part of the plan."""

    model = Step
    form = StepForm
    fields = ("position", "instruction", "command", "expected", "check_text", "seconds", "irreversible")
    form_names = {"check": "check_text"}


class RehearsalInline(FactInline):
    """What proves this version."""

    model = Rehearsal
    fields = ("environment", "outcome", "started_at", "finished_at", "rehearsed_by")
    related = ("environment", "plan__service", "plan__release__service")


class PlanForm(ActionForm):
    """Triggers are typed as the API takes them."""

    triggers = forms.JSONField(
        required=False,
        initial=list,
        widget=AdminTextareaWidget(attrs={"rows": 3}),
        help_text='Like [{"metric": "response_ms_p95", "above": 230, "for_minutes": 5}].',
    )


@register(Plan, site=site)
class PlanAdmin(ActionAdmin):
    """A version of a plan. Saving another text writes the next version; this one stays as it is."""

    form = PlanForm
    list_display = ("__str__", "service", "release", "version", "steps", "owner", "created_by", "created_at")
    list_filter = ("data", "service__team", "created_at")
    list_select_related = ("service", "release__service", "owner")
    search_fields = ("service__slug", "release__version", "created_by", "steps__instruction")
    autocomplete_fields = ("service", "release", "owner", "stand_in")
    fields = (
        "service",
        "release",
        "version",
        "owner",
        "stand_in",
        "data",
        "data_note",
        "triggers",
        "created_by",
    )
    readonly_fields = ("version", "created_by")
    identity = ("service", "release")
    inlines = (StepInline, RehearsalInline)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Count the steps."""
        rows: QuerySet[Any] = super().get_queryset(request).annotate(n_steps=Count("steps"))
        return rows

    def steps(self, plan: Any) -> int:
        """How many steps."""
        return int(plan.n_steps)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """A version of a plan stays: somebody may have rehearsed it."""
        return False

    def write(self, asked: Asked) -> Plan:
        """Write the next version, or keep this one if the text is the same."""
        steps = [
            {**{name: row[name] or None for name in OF_A_STEP[:3]}, "check": row["check_text"] or None}
            | {"expected": row["expected"] or None, "irreversible": row["irreversible"]}
            for row in asked.parts["steps"]
        ]
        fields = asked.body("owner", "stand_in", "data", "data_note")
        body = PlanBody.read({**fields, "triggers": asked["triggers"] or [], "steps": steps})
        return write_plan(asked.actor, asked["service"], asked["release"], body, now=asked.now)[0]

    def response_change(self, request: HttpRequest, obj: Plan) -> HttpResponse:
        """Go on with the version that was written."""
        response = super().response_change(request, obj)
        if "_continue" in request.POST:
            response["Location"] = self.address(obj.pk)
        return response


@register(Step, site=site)
class StepAdmin(FactAdmin):
    """All steps, to be searched; they are written with their plan."""

    list_display = ("plan", "position", *OF_A_STEP)
    list_display_links = ("instruction",)
    list_filter = ("irreversible", "plan__service__team")
    list_select_related = ("plan__service", "plan__release__service")
    search_fields = ("instruction", "command", "plan__service__slug")


@register(Rehearsal, site=site)
class RehearsalAdmin(FactAdmin):
    """The plan carried out: evidence."""

    list_display = ("plan", "environment", "outcome", "finished_at", "seconds", "rehearsed_by")
    list_filter = ("outcome", "environment", "plan__service__team", "finished_at")
    list_select_related = ("plan__service", "plan__release__service", "environment")
    search_fields = ("plan__service__slug", "plan__release__version", "rehearsed_by")


@register(Run, site=site)
class RunAdmin(FactAdmin):
    """Rollbacks as they were carried out."""

    list_display = ("__str__", "environment", "outcome", "started_by", "started_at", "restored", "closed_by")
    list_filter = ("outcome", "environment", "service__team", "started_at")
    list_select_related = (
        "service",
        "environment",
        "from_release__service",
        "to_release__service",
        "restored",
    )
    search_fields = ("service__slug", "to_release__version", "started_by", "reason")


@register(Tick, site=site)
class TickAdmin(FactAdmin):
    """Who did which step of a rollback."""

    list_display = ("run", "position", "done_by", "done_at", "exit_code", "seconds")
    list_filter = ("run__service__team", "done_at")
    list_select_related = ("run__service", "run__environment", "run__to_release__service")
    search_fields = ("run__service__slug", "done_by")


@register(Culprit, site=site)
class CulpritAdmin(FactAdmin):
    """Which release a rollback was about."""

    list_display = ("release", "rollback", "because", "named_by", "named_at")
    list_filter = ("release__service__team", "named_at")
    list_select_related = ("release__service", "rollback")
    search_fields = ("release__service__slug", "release__version", "because", "named_by")
