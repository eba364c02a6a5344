"""Checklists: their templates, and the items of a release, decided one by one."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import register

from releasedesk.actions.checklist_template import LineBody, Scope, put_line, remove_line
from releasedesk.actions.decide_item import Decision, decide_item
from releasedesk.checklists.models import Decided, Item, Template
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.door import ActionAdmin, FactAdmin
from releasedesk.web.admin.inlines import ActionInline
from releasedesk.web.admin.site import site

DECISION = ("outcome", "evidence", "reason")
WHICH = ("list", "label", "key", "help", "link", "required", "tier")
DECIDED = ("decided_by", "decided_at")
LINE = ("list", "key", "label", "help", "link", "position", "required", "tier", "left_out")


def decide(asked: Asked) -> Item:
    """Ask for what the row says."""
    return decide_item(asked.actor, asked.row, Decision.read(asked.body(*DECISION)), now=asked.now)


class ItemInline(ActionInline):
    """A release's items; the lists are copied into it when it is planned."""

    model = Item
    fields = ("list", "label", *DECISION, *DECIDED)
    readonly_fields = ("list", "label", *DECIDED)
    max_num = 0
    can_delete = False

    def write(self, asked: Asked, parent: Any) -> None:  # noqa: ARG002 - an item knows its release
        """Decide it."""
        decide(asked)


@register(Decided, site=site)
class DecidedAdmin(FactAdmin):
    """One decision about an item."""

    list_display = ("at", "item", "outcome", "by", "reason")
    list_filter = ("outcome", "item__key", "item__release__service__team", "at")
    list_select_related = ("item",)
    search_fields = ("by", "reason", "item__release__version", "item__release__service__slug")


@register(Item, site=site)
class ItemAdmin(ActionAdmin):
    """One item."""

    list_display = ("release", "list", "label", "outcome", *DECIDED)
    list_display_links = ("label",)
    list_filter = ("outcome", "list", "key", "release__service__team", "decided_at")
    list_select_related = ("release__service",)
    search_fields = ("release__version", "release__service__slug", "key", "label", "decided_by")
    fields = ("release", *WHICH, *DECISION, *DECIDED)
    readonly_fields = ("release", *WHICH, *DECIDED)

    def has_add_permission(self, request: Any) -> bool:  # noqa: ARG002 - Django's
        """Items come with the release."""
        return False

    def has_delete_permission(self, request: Any, obj: Any = None) -> bool:  # noqa: ARG002 - Django's
        """Items stay with the release."""
        return False

    def write(self, asked: Asked) -> Item:
        """Decide it."""
        return decide(asked)


@register(Template, site=site)
class TemplateAdmin(ActionAdmin):
    """What the lists of releases to come hold: without team and service it is everybody's."""

    list_display = ("list", "position", "label", "key", "required", "tier", "scope", "left_out")
    list_display_links = ("label",)
    list_filter = ("list", "required", "tier", "team", "service")
    list_select_related = ("team", "service")
    search_fields = ("key", "label", "team__slug", "service__slug")
    autocomplete_fields = ("team", "service")
    fields = ("team", "service", *LINE)
    identity = ("team", "service", "key")

    def write(self, asked: Asked) -> Template:
        """Write the line."""
        scope = Scope(asked["team"], asked["service"])
        return put_line(asked.actor, scope, LineBody.read(asked.body(*LINE)), now=asked.now)

    def remove(self, asked: Asked) -> None:
        """Take it away; releases keep their copies."""
        remove_line(asked.actor, asked.row)
