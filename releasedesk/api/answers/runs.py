"""A rollback that is being carried out, as it is answered."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from releasedesk.api.schema.answer import Answer

RUN: dict[str, Any] = {
    "id": 5,
    "service": "checkout-api",
    "environment": "production",
    "from": "2026.11.23-2",
    "to": "2026.11.23-1",
    "plan_version": 3,
    "reason": "p95 is 260 ms",
    "started_by": "bob",
    "started_at": "2026-11-23T12:20:00Z",
    "outcome": "running",
    "ended_by": None,
    "ended_at": None,
    "ended_because": None,
    "seconds": None,
    "rehearsed_seconds": 108.0,
    "steps": [
        {
            "step": 1,
            "instruction": "Deploy the previous version",
            "command": "./deploy checkout-api production 2026.11.23-1",
            "missing": [],
            "expected": "deployed",
            "check": "The health page names the target.",
            "seconds": 90,
            "irreversible": False,
            "done_by": None,
            "done_at": None,
            "exit_code": None,
        }
    ],
    "next": [],
    "page": "https://desk.example/services/checkout-api/rollback/production/",
}


class RunStep(Answer):
    """One step of a run, its command finished; who has done it, and how it ended."""

    step: int
    instruction: str
    command: str | None
    missing: list[str]
    expected: str | None
    check: str | None
    seconds: int | None
    irreversible: bool
    done_by: str | None
    done_at: datetime | None
    exit_code: int | None


class RunAdvice(Answer):
    """What to do next."""

    code: str
    detail: str
    to: str | None


class RollbackRun(Answer):
    """One rollback, from its beginning to its end."""

    id: int
    service: str
    environment: str
    from_version: str = Field(alias="from")
    to: str
    plan_version: int | None
    reason: str | None
    started_by: str
    started_at: datetime
    outcome: Literal["running", "done", "stopped"]
    ended_by: str | None
    ended_at: datetime | None
    ended_because: str | None
    seconds: float | None
    rehearsed_seconds: float | None
    steps: list[RunStep]
    next: list[RunAdvice]
    page: str

    EXAMPLE = RUN


class BegunRun(RollbackRun):
    """`joined` tells who was not first: the run is somebody else's."""

    joined: bool

    EXAMPLE = {**RUN, "joined": False}


class NamedCulprit(Answer):
    """Which release a rollback was about, as somebody found out. `rollback` is the deployment's id."""

    rollback: int
    version: str
    reason: str | None
    by: str
    at: datetime

    EXAMPLE = {
        "rollback": 41,
        "version": "2026.11.23-2",
        "reason": "The cache key lacked the currency.",
        "by": "ines",
        "at": "2026-11-23T15:20:00Z",
    }
