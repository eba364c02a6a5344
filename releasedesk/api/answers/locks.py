"""Locks and freezes as they are answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from releasedesk.api.schema.answer import Answer, paged


class Span(Answer):
    """From when until when."""

    starts: datetime
    ends: datetime


class Lock(Answer):
    """What stops shipping. null in `service` or `environment` means all, in `until` no end."""

    id: int
    service: str | None
    environment: str | None
    kind: Literal["block", "warn"]
    source: Literal["person", "freeze", "rollback"]
    reason: str
    until: datetime | None
    window: dict[str, Any] | None
    recurs: str | None
    scope: str
    state: Literal["holds", "waits", "ended"]
    holds_until: datetime | None
    next: Span | None
    created_by: str
    created_at: datetime
    released_by: str | None
    released_at: datetime | None
    self: str
    url: str

    EXAMPLE = {
        "id": 3,
        "service": "checkout-api",
        "environment": "production",
        "kind": "block",
        "source": "person",
        "reason": "The payment provider is being moved.",
        "until": "2026-11-23T18:00:00Z",
        "window": None,
        "recurs": None,
        "scope": "checkout-api in production",
        "state": "holds",
        "holds_until": "2026-11-23T18:00:00Z",
        "next": None,
        "created_by": "alice",
        "created_at": "2026-11-23T08:00:00Z",
        "released_by": None,
        "released_at": None,
        "self": "https://desk.example/api/v1/locks/3",
        "url": "https://desk.example/locks/",
    }


LockPage = paged(Lock)
