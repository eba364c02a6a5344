"""Releases as they are answered."""

from __future__ import annotations

from datetime import datetime

from releasedesk.api.schema.answer import Answer, paged
from releasedesk.measurements.judge.verdicts import Verdict
from releasedesk.releases.history import Mode, Status
from releasedesk.reports.verdicts import State


class Change(Answer):
    """A commit in the release."""

    sha: str
    subject: str
    author: str
    committed_at: datetime | None


class Passage(Answer):
    """How it passed the gate: `answer` is the kept one it went by, `unmet` what was missing."""

    open: bool
    answer: int | None
    unmet: list[str]


class Deployment(Answer):
    """One attempt to put the release into an environment. Modes are computed, never reported."""

    id: int
    environment: str
    status: Status
    mode: Mode | None
    started_at: datetime | None
    finished_at: datetime | None
    seconds: float | None
    rehearsed_seconds: float | None
    replaced: str | None
    run: str | None
    command: str | None
    by: str
    url: str | None
    gate: Passage | None


class ReleaseLine(Answer):
    """A release in a list. Every field of the plan may be missing, and is then null."""

    service: str
    version: str
    title: str | None
    reason: str | None
    change: str | None
    expected_result: str | None
    rollback_note: str | None
    route: str | None
    expected_input: str | None
    slow_part: str | None
    users_notice: str | None
    assumptions: str | None
    irreversible: bool
    commit: str | None
    owner: str | None
    verdict: Verdict
    state: State
    planned_at: datetime | None
    created_at: datetime
    self: str
    url: str

    EXAMPLE = {
        "service": "checkout-api",
        "version": "2026.11.23-2",
        "title": "One query for the basket",
        "reason": "The basket is slow when it is full.",
        "change": "One query instead of one a line.",
        "expected_result": "p95 of GET /basket/{id} falls below 100 ms.",
        "rollback_note": "Deploy the previous version; nothing else has to be undone.",
        "route": "GET /basket/{id}",
        "expected_input": "A basket of 30 lines.",
        "slow_part": "SELECT … FROM line WHERE id = %s, 30 times",
        "users_notice": "The basket page takes a second.",
        "assumptions": None,
        "irreversible": False,
        "commit": "9f3c1d2e4b5a69788796a5b4c3d2e1f001234567",
        "owner": "bob",
        "verdict": "verified",
        "state": "verified",
        "planned_at": "2026-11-23T09:12:00Z",
        "created_at": "2026-11-23T09:12:00Z",
        "self": "https://desk.example/api/v1/services/checkout-api/releases/2026.11.23-2",
        "url": "https://desk.example/services/checkout-api/releases/2026.11.23-2/",
    }


class Release(ReleaseLine):
    """A release with its commits and what became of it."""

    changes: list[Change]
    deployments: list[Deployment]

    EXAMPLE = {
        **ReleaseLine.EXAMPLE,
        "changes": [
            {
                "sha": "9f3c1d2e4b5a69788796a5b4c3d2e1f001234567",
                "subject": "Fetch a basket with one query",
                "author": "bob",
                "committed_at": "2026-11-23T08:40:00Z",
            }
        ],
        "deployments": [
            {
                "id": 17,
                "environment": "production",
                "status": "succeeded",
                "mode": "forward",
                "started_at": "2026-11-23T12:01:12Z",
                "finished_at": "2026-11-23T12:03:41Z",
                "seconds": 149.0,
                "rehearsed_seconds": None,
                "replaced": "2026.11.23-1",
                "run": "8812",
                "command": "./deploy checkout-api production 2026.11.23-2",
                "by": "token pipeline",
                "url": "https://ci.example/8812",
                "gate": {"open": True, "answer": 12, "unmet": []},
            }
        ],
    }


ReleasePage = paged(ReleaseLine)
