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


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (Reply(404, {"detail": "No version is called '1.1'.", "retryable": False}, PROBLEM), 1),
        (Reply(404, {"detail": "No environment is called 'prod'.", "retryable": False}, PROBLEM), 1),
        (Reply(403, {"detail": "This token may not.", "retryable": False}, PROBLEM), 1),
        (Reply(422, {"detail": "1 field is wrong.", "retryable": False}, PROBLEM), 1),
        (Reply(401, {"detail": "This token is not known.", "retryable": False}, PROBLEM), 2),
        (Reply(500, {"detail": "The desk failed.", "retryable": False}, PROBLEM), 2),
        (Reply(403, "no", {"Content-Type": "text/html"}), 2),
        (Reply(404, "no", {"Content-Type": "text/html"}), 2),
        (Reply(200, {}), 2),
        (Reply(200, []), 2),
        (Reply(200, {**OPEN, "open": "false"}), 2),
        (Reply(200, {"open": True}), 2),
    ],
)
def test_a_refusal_keeps_it_closed_and_2_is_for_where_no_desk_has_answered(
    desk: Desk, answer: Reply, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [answer]
    assert command(*ASK) == code
    said = capsys.readouterr().err
    assert said
    assert "Traceback" not in said


def test_another_conflict_keeps_it_closed(desk: Desk) -> None:
    used = {"detail": "This key came with another body.", "retryable": False}
    desk.script = [Reply(200, OPEN), Reply(409, used, PROBLEM)]
    assert command(*ASK, "--ask") == 1


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ([*ASK, "--wait=soon"], "--wait is a time such as 90s, 10m or 1h"),
        ([*ASK, "--wiat=1m"], "No such option: --wiat"),
        (ASK[:-1], "Missing option '--environment'"),
        ([*ASK, "more"], "unexpected extra argument"),
    ],
)
def test_what_is_typed_wrong_keeps_it_closed(
    desk: Desk, typed: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command(*typed) == 1
    assert said in capsys.readouterr().err
    assert desk.asked == []


AWAY = [
    *[Reply(503, {"detail": "Away.", "retryable": True}, PROBLEM)] * 5,
    Reply(502, "<html>", {"Content-Type": "text/html"}),
    *[Reply(502, "<html>", {"Content-Type": "text/html"})] * 4,
    Reply(404, "<html>", {"Content-Type": "text/html"}),
    Reply(500, {"detail": "The desk failed.", "retryable": False}, PROBLEM),
]


def test_it_goes_on_waiting_while_the_desk_is_away(desk: Desk) -> None:
    desk.script = [*AWAY, Reply(200, CLOSED), *AWAY, Reply(200, OPEN), *AWAY, Reply(200, OPEN)]
    assert command(*ASK, "--wait=10m", "--ask") == 0
    asked = [post.headers["idempotency-key"] for post in desk.posts]
    assert len(asked) == len(AWAY) + 1
    assert len(set(asked)) == 1, "the desk keeps one question"


@pytest.mark.parametrize(("first", "code"), [([], 2), ([Reply(200, CLOSED)], 1)])
def test_when_the_time_is_over_and_the_desk_is_away_its_last_word_counts(
    desk: Desk, first: list[Reply], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [*first, *AWAY * 100]
    assert command(*ASK, "--wait=1s") == code
    assert len(desk.asked) > len(AWAY)
    assert "Away." in capsys.readouterr().err


@pytest.mark.parametrize("status", [401, 403])
def test_what_waiting_does_not_mend_is_said_at_once(desk: Desk, status: int) -> None:
    desk.script = [Reply(status, {"detail": "No.", "retryable": False}, PROBLEM)]
    assert command(*ASK, "--wait=10m") == (2 if status == 401 else 1)
    assert len(desk.asked) == 1


def test_nor_does_it_mend_a_proxy_that_is_none(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALL_PROXY", "ftp://127.0.0.1:9")
    assert command(*ASK, "--wait=10m") == 2
    assert "ALL_PROXY keeps every request" in capsys.readouterr().err
