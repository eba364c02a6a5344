"""`/api/v1/services/{slug}/releases/{version}/checklist`: what was checked, item by item."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.decide_item import Decision, decide_item
from releasedesk.api.answers import checklists as answers
from releasedesk.api.door import Door
from releasedesk.api.schema.operation import operation
from releasedesk.api.times import stamp
from releasedesk.checklists.models import Decided, Item
from releasedesk.problems.problem import not_found


class Checklist(Door):
    """Both lists of a release."""

    @operation("getChecklist", "Checklists", {200: answers.ReleaseChecklist})
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Show every item, in the order of its list."""
        items = self.release(slug, version).items.all()
        return Response({"items": [item_json(item) for item in items]})


class OneItem(Door):
    """One item."""

    @operation("getChecklistItem", "Checklists", {200: answers.DecidedItem})
    def get(self, request: Request, slug: str, version: str, key: str) -> Response:
        """Show it with all that was ever decided about it, the newest first."""
        item = self._item(slug, version, key)
        decided = [decision_json(one) for one in item.decisions.newest_first()]
        return Response({**item_json(item), "decisions": decided})

    @operation("decideItem", "Checklists", {200: answers.ChecklistItem}, body=Decision)
    def put(self, request: Request, slug: str, version: str, key: str) -> Response:
        """Decide it, or open it again. A waiver takes a lead's session."""
        item = self._item(slug, version, key)
        return Response(item_json(decide_item(self.actor, item, self.read(Decision), now=self.now)))

    def _item(self, slug: str, version: str, key: str) -> Item:
        release = self.release(slug, version)
        item = release.items.filter(key=key).first()
        if item is None:
            raise not_found("checklist item", key, list(release.items.values_list("key", flat=True)))
        item.release = release
        return item


def decision_json(decided: Decided) -> dict[str, Any]:
    """One decision, as it was made."""
    return {
        "outcome": decided.outcome,
        "evidence": decided.evidence or None,
        "reason": decided.reason or None,
        "by": decided.by,
        "at": stamp(decided.at),
    }


def item_json(item: Item) -> dict[str, Any]:
    """An item with what is known about it."""
    return {
        "list": item.list,
        "key": item.key,
        "label": item.label,
        "help": item.help or None,
        "link": item.link or None,
        "required": item.required,
        "tier": item.tier or None,
        "outcome": item.outcome,
        "evidence": item.evidence or None,
        "reason": item.reason or None,
        "decided_by": item.decided_by or None,
        "decided_at": stamp(item.decided_at),
    }
