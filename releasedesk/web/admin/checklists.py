"""Checklists: the items of a release, decided one by one."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import register

from releasedesk.actions.decide_item import Decision, decide_item
from releasedesk.checklists.models import Item
from releasedesk.web.admin.asked import Asked
from releasedesk.web.admin.door import ActionAdmin
from releasedesk.web.admin.inlines import ActionInline
from releasedesk.web.admin.site import site

DECISION = ("outcome", "evidence", "reason")
WHICH = ("list", "label", "key", "help")
DECIDED = ("decided_by", "decided_at")


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
