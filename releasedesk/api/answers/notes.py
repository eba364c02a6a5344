"""Post-ship notes as they are answered."""

from __future__ import annotations

from datetime import datetime

from releasedesk.api.schema.answer import Answer, paged


class Note(Answer):
    """What was learnt from one release. A draft is shown to its team alone."""

    reason: str | None
    files_touched: list[str]
    command_used: str | None
    metric_improved: str | None
    assumptions: str | None
    surprise: str | None
    follow_ups: str | None
    draft: bool
    written_by: str
    written_at: datetime
    finished_at: datetime | None

    EXAMPLE = {
        "reason": "One query a line was 30 too many.",
        "files_touched": ["basket/views.py"],
        "command_used": "./deploy checkout-api production 2026.11.23-2",
        "metric_improved": "DB calls per request: 31 → 2",
        "assumptions": None,
        "surprise": "The cache hid it on staging.",
        "follow_ups": None,
        "draft": False,
        "written_by": "bob",
        "written_at": "2026-11-23T13:00:00Z",
        "finished_at": "2026-11-23T13:00:00Z",
    }


class FoundNote(Note):
    """A note in a list, with the words around what was looked for."""

    service: str
    team: str
    version: str
    excerpt: str
    self: str
    url: str

    EXAMPLE = {
        **Note.EXAMPLE,
        "service": "checkout-api",
        "team": "payments",
        "version": "2026.11.23-2",
        "excerpt": "One query a line was 30 too many.",
        "self": "https://desk.example/api/v1/services/checkout-api/releases/2026.11.23-2/note",
        "url": "https://desk.example/services/checkout-api/releases/2026.11.23-2/",
    }


FoundNotePage = paged(FoundNote)
