"""Checklists as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from releasedesk.api.schema.answer import Answer

ITEM: dict[str, Any] = {
    "list": "release",
    "key": "unit_tests",
    "label": "Unit tests are green",
    "help": None,
    "link": None,
    "required": True,
    "tier": None,
    "outcome": "passed",
    "evidence": "https://ci.example/8812",
    "reason": None,
    "decided_by": "ci (token)",
    "decided_at": "2026-11-23T11:02:00Z",
}


class ChecklistItem(Answer):
    """One line of a release's checklist, and what is known about it."""

    list: Literal["release", "security"]
    key: str
    label: str
    help: str | None
    link: str | None
    required: bool
    tier: str | None
    outcome: Literal["open", "passed", "failed", "waived", "not_applicable"]
    evidence: str | None
    reason: str | None
    decided_by: str | None
    decided_at: datetime | None

    EXAMPLE = ITEM


class ItemDecision(Answer):
    """What somebody or CI said about an item, and when."""

    outcome: Literal["open", "passed", "failed", "waived", "not_applicable"]
    evidence: str | None
    reason: str | None
    by: str
    at: datetime


class DecidedItem(ChecklistItem):
    """An item with all that was ever decided about it, the newest first."""

    decisions: list[ItemDecision]

    EXAMPLE = {
        **ITEM,
        "decisions": [
            {
                "outcome": "passed",
                "evidence": "https://ci.example/8812",
                "reason": None,
                "by": "ci (token)",
                "at": "2026-11-23T11:02:00Z",
            }
        ],
    }


class ReleaseChecklist(Answer):
    """Both lists of a release, in their order."""

    items: list[ChecklistItem]

    EXAMPLE = {"items": [ITEM]}
