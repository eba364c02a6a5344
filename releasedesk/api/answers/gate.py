"""The gate as it is answered: may it ship, and what is missing?"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from releasedesk.api.schema.answer import Answer, paged
from releasedesk.releases.history import Mode

CONDITION: dict[str, Any] = {
    "key": "rollback_ready",
    "label": "The way back is ready",
    "level": "required",
    "state": "met",
    "detail": "Rehearsed 2 days ago in 1 min 48 s.",
    "fix": None,
}


class GateCondition(Answer):
    """One condition for shipping; `fix` is where it is mended."""

    key: str
    label: str
    level: Literal["required", "advisory", "off"]
    state: Literal["met", "unmet", "overridden"]
    detail: str
    fix: str | None


class GateOverride(Answer):
    """A lead lets the release pass. With four eyes it waits for a second lead."""

    gate: str
    by: str
    at: datetime
    reason: str
    awaits_second: bool


class Gate(Answer):
    """May it ship?"""

    open: bool
    service: str
    version: str
    environment: str
    mode: Mode
    sentence: str
    conditions: list[GateCondition]
    overrides: list[GateOverride]

    EXAMPLE = {
        "open": True,
        "service": "checkout-api",
        "version": "2026.11.23-2",
        "environment": "production",
        "mode": "forward",
        "sentence": "checkout-api 2026.11.23-2 may ship to production.",
        "conditions": [CONDITION],
        "overrides": [],
    }


class AskedGate(Gate):
    """The answer to who asked to ship. It is kept under `answer`."""

    answer: int

    EXAMPLE = {**Gate.EXAMPLE, "answer": 12}


class GitHubReview(Answer):
    """The answer as GitHub takes it for a deployment protection rule."""

    environment_name: str
    state: Literal["approved", "rejected"]
    comment: str

    EXAMPLE = {
        "environment_name": "production",
        "state": "approved",
        "comment": "checkout-api 2026.11.23-2 may ship to production.",
    }


class GitLabStatus(Answer):
    """The answer as GitLab takes it for an external status check, but for the caller's own ids."""

    status: Literal["passed", "failed"]

    EXAMPLE = {"status": "passed"}


class GateLevels(Answer):
    """How much each gate weighs: for one service, or (null) for every one."""

    environment: str
    service: str | None
    four_eyes: bool
    staged_in: Literal["development", "testing", "staging", "production"] | None
    levels: dict[str, Literal["required", "advisory", "off"]]

    EXAMPLE = {
        "environment": "production",
        "service": "checkout-api",
        "four_eyes": False,
        "staged_in": "staging",
        "levels": {"owner": "required", "one_change": "advisory"},
    }


class KeptGateAnswer(Answer):
    """What was answered when somebody asked to ship."""

    id: int
    open: bool
    mode: Mode
    asked_at: datetime
    asked_by: str
    conditions: list[GateCondition]

    EXAMPLE = {
        "id": 12,
        "open": True,
        "mode": "forward",
        "asked_at": "2026-11-23T12:00:58Z",
        "asked_by": "ci (token)",
        "conditions": [CONDITION],
    }


KeptGateAnswerPage = paged(KeptGateAnswer)
