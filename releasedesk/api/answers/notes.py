"""Post-ship notes as they are answered."""

from __future__ import annotations

from datetime import datetime

from releasedesk.api.schema.answer import Answer


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
