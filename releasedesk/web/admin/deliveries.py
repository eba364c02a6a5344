"""Every message from outside, as it was kept."""

from __future__ import annotations

from typing import ClassVar

from django.contrib.admin import register
from django.http import HttpRequest

from releasedesk.actions.sources import delete_source
from releasedesk.deliveries.models import Alias, Answering, Delivery, Source
from releasedesk.deliveries.notices import Notice, Target
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.door import FactAdmin
from releasedesk.web.admin.endable import EndableAdmin
from releasedesk.web.admin.site import site


@register(Delivery, site=site)
class DeliveryAdmin(FactAdmin):
    """One message with our answer."""

    list_display = ("received_at", "source", "key", "type", "service", "outcome", "actor")
    list_display_links = ("received_at", "key")
    list_filter = ("outcome", "type", "team", "received_at")
    list_select_related = ("team", "service")
    search_fields = ("key", "source", "service__slug", "actor")


@register(Source, site=site)
class SourceAdmin(EndableAdmin):
    """Where webhooks come from. They are set up on their team's page, where their secrets are made."""

    end, ended = "Delete it", "is deleted"
    list_display = ("name", "kind", "team", "paused_at", "created_by", "created_at", "deleted_at")
    list_filter = ("kind", "team", "created_at", "deleted_at")
    asks_for: ClassVar[tuple[str, ...]] = ()
    shows = (
        "id",
        "name",
        "kind",
        "team",
        "paused_at",
        "created_by",
        "created_at",
        "deleted_by",
        "deleted_at",
    )
    list_select_related = ("team",)
    search_fields = ("id", "name", "created_by")

    def has_add_permission(self, request: HttpRequest) -> bool:  # noqa: ARG002 - Django's
        """The secret is shown where the steps are that need it."""
        return False

    def write(self, asked: Asked) -> Source:
        """Delete one."""
        return delete_source(asked.actor, asked.row, now=asked.now)

    def can_end(self, row: Source) -> bool:
        """Whether it is still there."""
        return row.deleted_at is None


@register(Answering, site=site)
class AnsweringAdmin(FactAdmin):
    """How a source is answered. It is set on the source's page; the key is shown nowhere."""

    list_display = ("source", "url", "app", "environment", "set_by", "set_at")
    list_filter = ("environment", "source__team", "set_at")
    list_select_related = ("source__team", "environment")
    search_fields = ("source__name", "app", "set_by")


@register(Alias, site=site)
class AliasAdmin(FactAdmin):
    """What senders call things. It is said on the page of a source, or in the inbox."""

    list_display = ("theirs", "kind", "service", "environment", "item", "team", "created_by")
    list_filter = ("kind", "team", "environment")
    list_select_related = ("team", "service", "environment")
    search_fields = ("theirs", "service__slug", "item")


@register(Target, site=site)
class TargetAdmin(FactAdmin):
    """Where teams are told. Added on the team's page; address and secret are shown nowhere."""

    list_display = ("name", "kind", "place", "team", "created_by", "created_at", "ended_at")
    list_filter = ("kind", "team", "created_at")
    list_select_related = ("team",)
    search_fields = ("name", "place", "created_by")
    exclude = ("sealed_address", "sealed_secret")


@register(Notice, site=site)
class NoticeAdmin(FactAdmin):
    """What was told, and what became of it."""

    list_display = ("title", "target", "event", "state", "attempts", "error", "created_at")
    list_filter = ("state", "event", "target__team", "created_at")
    list_select_related = ("target__team",)
    search_fields = ("title", "text", "error", "target__name")
