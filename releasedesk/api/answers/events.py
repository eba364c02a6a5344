"""What the sender of an event is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from releasedesk.api.schema.answer import Answer
from releasedesk.releases.history import Mode, Status


class EventDeployment(Answer):
    """The deployment an event led to, as it stands now."""

    id: int
    status: Status
    mode: Mode | None
    started_at: datetime | None
    finished_at: datetime | None


class EventAnswer(Answer):
    """What became of an event. `detail` says what an unmatched one waits for, or why one is ignored."""

    id: str
    outcome: Literal["applied", "unmatched", "ignored"]
    service: str | None
    environment: str | None
    version: str | None
    release_url: str | None
    deployment: EventDeployment | None
    detail: str | None = None

    EXAMPLE = {
        "id": "build-8812-production",
        "outcome": "applied",
        "service": "checkout-api",
        "environment": "production",
        "version": "2026.11.23-2",
        "release_url": "https://desk.example/services/checkout-api/releases/2026.11.23-2/",
        "deployment": {
            "id": 17,
            "status": "succeeded",
            "mode": "forward",
            "started_at": "2026-11-23T12:01:12Z",
            "finished_at": "2026-11-23T12:03:41Z",
        },
    }


class EventResult(Answer):
    """What became of one element of a list. `problem` is what it would have been answered alone."""

    index: int
    id: str | None
    status: int
    outcome: Literal["applied", "unmatched", "ignored", "rejected"]
    problem: dict[str, Any] | None


class EventAnswers(Answer):
    """The answer to a list of events: one result an element, in the same order."""

    results: list[EventResult]

    EXAMPLE = {
        "results": [
            {"index": 0, "id": "build-8812", "status": 201, "outcome": "applied", "problem": None},
            {"index": 1, "id": "build-8811", "status": 200, "outcome": "applied", "problem": None},
        ]
    }
