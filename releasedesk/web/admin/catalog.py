"""What is released, and where it runs."""

from __future__ import annotations

from django.apps import apps
from django.contrib.admin import register

from releasedesk.actions.administration import delete_service
from releasedesk.actions.environments import delete_environment, put_environment
from releasedesk.actions.services import put_service
from releasedesk.catalog.bodies import ServiceBody
from releasedesk.catalog.models import Environment, MetricPolicy, Service
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.door import ActionAdmin, FactAdmin
from releasedesk.web.admin.history import EventAdmin, TrackedAdmin, slug_of_service
from releasedesk.web.admin.inlines import ActionInline
from releasedesk.web.admin.site import site

POLICY = ("route", "metric", "kind", "allowed", "level", "critical", "minimum", "must_have", "muted")


@register(Environment, site=site)
class EnvironmentAdmin(ActionAdmin):
    """A place where releases run."""

    list_display = ("name", "tier", "order", "staged_in", "four_eyes")
    list_filter = ("tier",)
    search_fields = ("name",)
    identity = ("name",)

    def write(self, asked: Asked) -> Environment:
        """Set its tier, its place and how strict it is."""
        name = asked["name"]
        rest = {field: asked[field] for field in ("tier", "order", "staged_in", "four_eyes")}
        written = put_environment(asked.actor, name, **rest)
        return asked.take_new(written, name)

    def remove(self, asked: Asked) -> None:
        """Take it away."""
        delete_environment(asked.actor, asked.row)


class PolicyInline(ActionInline):
    """How far each metric may move; part of the service."""

    model = MetricPolicy
    fields = POLICY


@register(Service, site=site)
class ServiceAdmin(TrackedAdmin):
    """A service with its metric policies."""

    list_display = ("slug", "name", "team", "owner", "repository", "created_at")
    list_filter = ("team",)
    list_select_related = ("team", "owner")
    search_fields = ("slug", "name", "team__slug", "team__name", "owner__username")
    autocomplete_fields = ("team", "owner")
    fields = ("slug", "name", "team", "owner", "repository", "health_url")
    inlines = (PolicyInline,)
    identity = ("slug",)

    def write(self, asked: Asked) -> Service:
        """Replace its fields and policies."""
        policies = [
            {name: None if row[name] == "" else row[name] for name in POLICY}
            for row in asked.parts["metric_policies"]
        ]
        fields = asked.body("name", "team", "owner", "repository", "health_url")
        body = ServiceBody.read({**fields, "metric_policies": policies})
        written = put_service(asked.actor, asked["slug"], body, now=asked.now, replace=True)
        return asked.take_new(written, asked["slug"])

    def remove(self, asked: Asked) -> None:
        """Take it away with all that is known of it."""
        delete_service(asked.actor, asked.row)


@register(MetricPolicy, site=site)
class PolicyAdmin(FactAdmin):
    """All policies side by side; each is written on its service's page."""

    list_display = ("service", *POLICY)
    list_filter = ("metric", "must_have", "muted")
    list_select_related = ("service",)
    search_fields = ("service__slug", "metric")


@register(apps.get_model("catalog.ServiceEvent"), site=site)
class ServiceEventAdmin(EventAdmin):
    """What the database wrote down about services."""

    list_display = ("pgh_created_at", "what", "pgh_label", "who")
    search_fields = ("slug", "name")
    of = slug_of_service("pgh_obj_id")
