"""The board as it is answered."""

from __future__ import annotations

from datetime import datetime

from releasedesk.api.schema.answer import Answer
from releasedesk.measurements.judge.verdicts import Verdict
from releasedesk.releases.history import Mode, Status
from releasedesk.reports.verdicts import State
from releasedesk.rollbacks.readiness import Code, Severity


class Attempt(Answer):
    """A deployment after what is live that did not become it."""

    version: str
    status: Status


class BoardLive(Answer):
    """What is live in one environment."""

    version: str
    deployed_at: datetime
    by: str
    mode: Mode
    verdict: Verdict
    state: State
    attempt: Attempt | None


class BoardReason(Answer):
    """Why we cannot go back."""

    code: Code
    severity: Severity
    detail: str


class BoardRollback(Answer):
    """Can we go back?"""

    environment: str
    ready: bool
    reasons: list[BoardReason]
    rehearsed_seconds: float | None
    target: str | None


class Pending(Answer):
    """What waits to be shipped."""

    environment: str
    version: str
    versions: list[str]
    changes: int


class BoardRow(Answer):
    """One service."""

    service: str
    team: str
    owner: str | None
    live: dict[str, BoardLive]
    rollback: BoardRollback | None
    triggers_met: list[str]
    pending: Pending | None
    notes_due: int


class BoardNeed(Answer):
    """What needs somebody, the most urgent first."""

    kind: str
    mark: str
    title: str
    sentence: str
    path: str


class Board(Answer):
    """What is live, is it all right, can we go back, what waits. `version` is also the ETag."""

    version: str
    rows: list[BoardRow]
    needs: list[BoardNeed]
    overrides_this_month: dict[str, int]

    EXAMPLE = {
        "version": "7b1f",
        "rows": [
            {
                "service": "checkout-api",
                "team": "payments",
                "owner": "alice",
                "live": {
                    "production": {
                        "version": "2026.11.23-2",
                        "deployed_at": "2026-11-23T12:03:41Z",
                        "by": "token pipeline",
                        "mode": "forward",
                        "verdict": "verified",
                        "state": "verified",
                        "attempt": None,
                    }
                },
                "rollback": {
                    "environment": "production",
                    "ready": True,
                    "reasons": [],
                    "rehearsed_seconds": 108.0,
                    "target": "2026.11.23-1",
                },
                "triggers_met": [],
                "pending": None,
                "notes_due": 1,
            }
        ],
        "needs": [
            {
                "kind": "note_due",
                "mark": "note due",
                "title": "checkout-api 2026.11.23-2",
                "sentence": "Nobody has written down what was learnt.",
                "path": "/services/checkout-api/releases/2026.11.23-2/",
            }
        ],
        "overrides_this_month": {"payments": 1},
    }
