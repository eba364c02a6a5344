"""The gate of a desk that runs: stopped once for each reason, let through when it is mended."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.end_to_end.desk import Desk
from tests.end_to_end.reader import Reader
from tests.end_to_end.routine import now

TILL = "/api/v1/services/till"
RELEASE = f"{TILL}/releases/1.1"
PRODUCTION = "environment=production"
CHECKS = ("lint", "unit_tests", "integration", "staging_config", "tag")
REQUIRED = [
    "owner",
    "expected_result",
    "checklist",
    "measured_before",
    "rollback_ready",
    "staging_first",
]
SUMMARY = {
    "requests": 900,
    "errors": 0,
    "response_ms": {"mean": 20, "stddev": 4, "p50": 19, "p95": 28, "p99": 33},
}
JUDGED_WITHIN = 240  # seconds; it takes one, and a machine that runs everything at once may take longer


def the_gate_stops_a_release_once_for_each_reason(desk: Desk, alice: Reader) -> None:
    """Nothing is prepared, then one thing after another; each time the gate says what is still missing."""
    desk.put(TILL, {"team": "shop"})
    deployed(desk, "1.0", "production")
    desk.put(RELEASE, {"change": "Round once, at the end."})
    assert asked_by_the_pipeline(desk, code=1) == REQUIRED

    desk.ask("PATCH", TILL, {"owner": "alice"})
    assert stopped_by(desk) == REQUIRED[1:]
    desk.ask("PATCH", RELEASE, {"expected_result": "No bill is off by a cent."})
    assert stopped_by(desk) == REQUIRED[2:]
    for key in CHECKS:
        event(desk, "check.finished", version="1.1", key=key, outcome="passed")
    assert stopped_by(desk) == REQUIRED[3:]
    window = {"taken_from": now(), "taken_until": now(), "environment": "production", "route": "POST /bill"}
    desk.post(f"{RELEASE}/snapshots", {"phase": "before", **window, "summary": SUMMARY})
    assert stopped_by(desk) == REQUIRED[4:]
    its_way_back_is_rehearsed(desk)
    assert stopped_by(desk) == REQUIRED[5:]
    deployed(desk, "1.1", "staging")
    assert stopped_by(desk) == []

    lock = desk.post("/api/v1/locks", {"service": "till", "kind": "block", "reason": "The auditors count."})
    assert asked_by_the_pipeline(desk, code=1) == ["no_lock"]
    assert "The auditors count." in alice.read("/services/till/releases/1.1/")
    desk.ask("DELETE", f"/api/v1/locks/{lock['id']}")
    assert asked_by_the_pipeline(desk, code=0) == []


def what_shipped_is_linked_to_its_answer_or_marked(desk: Desk, alice: Reader) -> None:
    """1.1 asked and went through; 1.2 did not ask, and nothing was prepared."""
    deployed(desk, "1.1", "production")
    passage = judged(desk, "1.1")
    (answer, *_) = desk.get(f"{RELEASE}/gate/answers?{PRODUCTION}")["results"]
    assert passage == {"open": True, "answer": answer["id"], "unmet": []}
    deployed(desk, "1.2", "production")
    past = judged(desk, "1.2")
    assert (past["open"], past["answer"]) == (False, None)
    assert past["unmet"] == ["Expected result", "Checklist", "Measured before", "Way back", "Staging first"]
    assert "shipped past the gate" in alice.read("/services/till/releases/1.2/")
    assert "past the gate" in alice.read("/?service=till")


def asked_by_the_pipeline(desk: Desk, *, code: int) -> list[str]:
    """Ask to ship as a pipeline does, with the command."""
    options = ("--environment", "production", "--ask", "--json")
    return stopping(json.loads(desk.command("gate", "till", "1.1", *options, codes=(code,)).stdout))


def stopped_by(desk: Desk) -> list[str]:
    """The gates that stop 1.1, in order."""
    return stopping(desk.get(f"{RELEASE}/gate?{PRODUCTION}"))


def stopping(answer: dict[str, Any]) -> list[str]:
    """The required gates that are not met."""
    conditions = answer["conditions"]
    return [one["key"] for one in conditions if (one["level"], one["state"]) == ("required", "unmet")]


def its_way_back_is_rehearsed(desk: Desk) -> None:
    """A plan with a trigger, carried out on staging."""
    step = {"instruction": "Deploy the release before.", "command": "./deploy {environment} {target_version}"}
    trigger = {"metric": "error_rate", "above": 0.01}
    desk.put(f"{RELEASE}/rollback-plan", {"data": "stays", "triggers": [trigger], "steps": [step]})
    times = {"started_at": now(), "finished_at": now()}
    steps = [{"exit_code": 0, "seconds": 1}]
    desk.post(
        f"{RELEASE}/rehearsals", {"environment": "staging", **times, "outcome": "succeeded", "steps": steps}
    )


def deployed(desk: Desk, version: str, environment: str) -> None:
    """Report a success."""
    event(desk, "deployment.succeeded", version=version, environment=environment)


def event(desk: Desk, kind: str, **fields: str) -> None:
    """Report what a pipeline would."""
    told = {"id": f"till-{time.time_ns()}", "type": kind, "service": "till", "occurred_at": now()}
    desk.post("/api/v1/events", {**told, **fields})


def judged(desk: Desk, version: str) -> dict[str, Any]:
    """How a release's deployment to production passed the gate, once the worker has looked."""
    deadline = time.monotonic() + JUDGED_WITHIN
    while True:
        rows = desk.get(f"{TILL}/releases/{version}")["deployments"]
        (row,) = (row for row in rows if row["environment"] == "production")
        if row["gate"] is not None:
            return dict(row["gate"])
        assert time.monotonic() < deadline, f"Nobody judged {version} within {JUDGED_WITHIN} s."
        time.sleep(0.2)
