"""`releasedesk gate`: open, closed with its reasons, or no answer; asked once or until it opens."""

from __future__ import annotations

import json
from typing import Any

import pytest

from releasedesk.cli import gate as gate_module

from .servers import PROBLEM, Desk, Reply, command

ASK = ("gate", "basket", "1.1", "--environment=production")
PATH = "/api/v1/services/basket/releases/1.1/gate?environment=production"


def condition(state: str, level: str = "required") -> dict[str, Any]:
    fix = None if state == "met" else "http://desk/services/basket/releases/1.1/#checklist"
    detail = "All 5 required items are done." if state == "met" else "Linting failed."
    return {
        "key": "checklist",
        "label": "Checklist",
        "level": level,
        "state": state,
        "detail": detail,
        "fix": fix,
    }


OPEN = {
    "open": True,
    "sentence": "basket 1.1 may ship to production.",
    "conditions": [condition("met")],
    "overrides": [],
}
CLOSED = {
    "open": False,
    "sentence": "basket 1.1 may not ship to production yet: Checklist.",
    "conditions": [condition("unmet"), condition("unmet", "advisory")],
    "overrides": [{"gate": "owner", "by": "alice", "reason": "She left.", "awaits_second": True}],
}
REFUSED = Reply(409, {**CLOSED, "detail": CLOSED["sentence"], "retryable": False}, PROBLEM)


@pytest.fixture(autouse=True)
def _quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate_module, "EVERY_SECONDS", 0.01)


def test_an_open_gate_exits_0(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.script = [Reply(200, OPEN)]
    assert command(*ASK) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("basket 1.1 may ship to production.\n  ok         Checklist: All 5")
    assert [(asked.method, asked.path) for asked in desk.asked] == [("GET", PATH)]


def test_a_closed_one_exits_1_with_every_reason_and_where_it_is_mended(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [Reply(200, CLOSED)]
    assert command(*ASK) == 1
    assert capsys.readouterr().out.splitlines() == [
        "basket 1.1 may not ship to production yet: Checklist.",
        "  STOPS      Checklist: Linting failed.",
        "             http://desk/services/basket/releases/1.1/#checklist",
        "  advised    Checklist: Linting failed.",
        "             http://desk/services/basket/releases/1.1/#checklist",
        "  alice overrode owner: She left. (another lead must too)",
    ]


def test_asking_to_ship_posts_and_a_closed_gate_is_an_answer(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [Reply(200, CLOSED), REFUSED]
    assert command(*ASK, "--ask", "--json") == 1
    assert json.loads(capsys.readouterr().out)["conditions"] == CLOSED["conditions"]
    assert [(asked.method, asked.path) for asked in desk.asked] == [("GET", PATH), ("POST", PATH)]
    assert desk.asked[1].headers["idempotency-key"]


def test_it_waits_until_the_gate_opens_and_tells_what_it_waits_for_once(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [Reply(200, CLOSED), Reply(200, CLOSED), Reply(200, OPEN), Reply(200, OPEN)]
    assert command(*ASK, "--wait=10m", "--ask") == 0
    assert [asked.method for asked in desk.asked] == ["GET", "GET", "GET", "POST"]
    assert capsys.readouterr().err.count("may not ship") == 1


def test_when_the_time_is_over_it_is_closed(desk: Desk) -> None:
    desk.verdict = Reply(200, CLOSED)
    assert command(*ASK, "--wait=2s") == 1
    assert len(desk.asked) > 2


@pytest.mark.parametrize("document", [{"detail": "No version is called '1.1'.", "retryable": False}])
def test_a_refusal_exits_2(desk: Desk, document: dict[str, Any], capsys: pytest.CaptureFixture[str]) -> None:
    desk.script = [Reply(404, document, PROBLEM)]
    assert command(*ASK) == 2
    assert "No version is called '1.1'." in capsys.readouterr().err


def test_another_conflict_is_no_answer(desk: Desk) -> None:
    used = {"detail": "This key came with another body.", "retryable": False}
    desk.script = [Reply(200, OPEN), Reply(409, used, PROBLEM)]
    assert command(*ASK, "--ask") == 2


def test_a_wait_that_is_no_time_exits_2(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(*ASK, "--wait=soon") == 2
    assert "--wait is a time such as 90s, 10m or 1h" in capsys.readouterr().err
    assert desk.asked == []
