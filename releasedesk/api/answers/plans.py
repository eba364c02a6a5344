"""The way back as it is answered: plans, rehearsals, and "can we go back?"."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from releasedesk.api.answers.runs import RollbackRun
from releasedesk.api.schema.answer import Answer
from releasedesk.measurements.judge.verdicts import Verdict
from releasedesk.reports.verdicts import State
from releasedesk.rollbacks.bodies import Metric
from releasedesk.rollbacks.readiness import Code, Severity

Data = Literal["comes_back", "stays", "lost", "manual"]


class Trigger(Answer):
    """Go back when the metric is past this."""

    metric: Metric
    above: float | None = None
    below: float | None = None
    for_minutes: float | None = None


class PlanStep(Answer):
    """One step; its command is a template."""

    instruction: str
    command: str | None
    expected: str | None
    check: str | None
    seconds: int | None
    irreversible: bool


class RollbackPlan(Answer):
    """A plan. Its version changes with its text; `inherited` is the service's standing one."""

    plan_version: int
    inherited: bool
    owner: str | None
    stand_in: str | None
    data: Data | None
    data_note: str | None
    triggers: list[Trigger]
    steps: list[PlanStep]
    created_by: str
    created_at: datetime

    EXAMPLE = {
        "plan_version": 3,
        "inherited": False,
        "owner": "alice",
        "stand_in": "bob",
        "data": "stays",
        "data_note": None,
        "triggers": [{"metric": "response_ms_p95", "above": 230.0, "for_minutes": 5.0}],
        "steps": [
            {
                "instruction": "Deploy the previous version",
                "command": "./deploy {service} {environment} {target_version}",
                "expected": "deployed",
                "check": "The health page names the target.",
                "seconds": 90,
                "irreversible": False,
            }
        ],
        "created_by": "alice",
        "created_at": "2026-11-20T10:00:00Z",
    }


class RehearsedStep(Answer):
    """What one step did."""

    exit_code: int | None
    seconds: float | None
    output_tail: str | None


class Rehearsal(Answer):
    """Evidence that a version of the plan was carried out."""

    id: int
    plan_version: int
    environment: str
    started_at: datetime
    finished_at: datetime
    seconds: float
    outcome: Literal["succeeded", "failed"]
    command: str | None
    steps: list[RehearsedStep]

    EXAMPLE = {
        "id": 2,
        "plan_version": 3,
        "environment": "staging",
        "started_at": "2026-11-21T09:00:00Z",
        "finished_at": "2026-11-21T09:01:48Z",
        "seconds": 108.0,
        "outcome": "succeeded",
        "command": "releasedesk rehearse checkout-api 2026.11.23-2 --environment staging",
        "steps": [{"exit_code": 0, "seconds": 88.0, "output_tail": "deployed"}],
    }


class WhyNotReady(Answer):
    """One reason why going back is not safe, and where it is mended."""

    code: Code
    severity: Severity
    detail: str
    fix: str


class Place(Answer):
    """A release as the way back sees it."""

    version: str
    title: str | None
    commit: str | None
    verdict: Verdict
    state: State


class LiveRelease(Place):
    """What is live."""

    since: datetime
    by: str


class Target(Place):
    """What to go back to, and when it was live the last time."""

    why: str
    live_from: datetime | None
    live_until: datetime | None


class Between(Answer):
    """A release that going back takes away."""

    version: str
    title: str | None


class FinishedStep(Answer):
    """One step with its command ready to be copied; `missing` names what nobody knows."""

    instruction: str
    command: str | None
    missing: list[str]
    expected: str | None
    check: str | None
    seconds: int | None
    irreversible: bool


class WayBack(Answer):
    """Can we go back, to what, and how?"""

    service: str
    environment: str
    ready: bool
    reasons: list[WhyNotReady]
    live: LiveRelease | None
    target: Target | None
    may_name: list[str]
    between: list[Between]
    triggers_met: list[str]
    plan_version: int | None
    steps: list[FinishedStep]
    data: Data | None
    data_note: str | None
    rehearsed_seconds: float | None
    rehearsed_at: datetime | None
    last_command: str | None
    run: RollbackRun | None

    EXAMPLE = {
        "service": "checkout-api",
        "environment": "production",
        "ready": True,
        "reasons": [],
        "live": {
            "version": "2026.11.23-2",
            "title": "One query for the basket",
            "commit": None,
            "verdict": "verified",
            "state": "verified",
            "since": "2026-11-23T12:03:41Z",
            "by": "token pipeline",
        },
        "target": {
            "version": "2026.11.23-1",
            "title": None,
            "commit": None,
            "verdict": "not_measured",
            "state": "shipped",
            "why": "the last good one, not measured, live 2 d 3 h, until 2026-11-23 12:03 UTC",
            "live_from": "2026-11-21T09:03:41Z",
            "live_until": "2026-11-23T12:03:41Z",
        },
        "may_name": ["2026.11.23-1"],
        "between": [{"version": "2026.11.23-2", "title": "One query for the basket"}],
        "triggers_met": [],
        "plan_version": 3,
        "steps": [
            {
                "instruction": "Deploy the previous version",
                "command": "./deploy checkout-api production 2026.11.23-1",
                "missing": [],
                "expected": "deployed",
                "check": "The health page names the target.",
                "seconds": 90,
                "irreversible": False,
            }
        ],
        "data": "stays",
        "data_note": None,
        "rehearsed_seconds": 108.0,
        "rehearsed_at": "2026-11-21T09:01:48Z",
        "last_command": None,
        "run": None,
    }
