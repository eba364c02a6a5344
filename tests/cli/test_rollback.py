"""`releasedesk rollback`: ready or not, and the runbook."""

from __future__ import annotations

import json

import pytest

from .servers import PROBLEM, Desk, Reply, command

ASK = ("rollback", "basket", "--environment=production", "--to=1.0")


def test_a_way_back_that_is_ready_is_printed_and_exits_0(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    text = Reply(200, "1. Deploy 1.0", {"Content-Type": "text/plain"})
    desk.script = [Reply(200, {"ready": True}), text]
    assert command(*ASK) == 0
    assert "Deploy 1.0" in capsys.readouterr().out
    assert {asked.path for asked in desk.asked} == {
        "/api/v1/services/basket/rollback?environment=production&to=1.0"
    }
    assert desk.asked[1].headers["accept"].startswith("text/plain")


def test_one_that_is_not_ready_exits_1_with_the_reasons(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {"ready": False, "reasons": [{"code": "no_plan"}]}
    desk.script = [Reply(200, answer)]
    assert command(*ASK, "--json") == 1
    assert json.loads(capsys.readouterr().out) == answer


def test_the_runbook_is_printed_as_the_desk_wrote_it(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    answer = {"ready": False, "reasons": [{"code": "no_plan"}]}
    desk.script = [Reply(200, answer), Reply(200, "the runbook", {"Content-Type": "text/plain"})]
    assert command(*ASK) == 1
    assert capsys.readouterr().out == json.dumps("the runbook")


def test_a_refusal_exits_1_and_is_handed_on(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    document = {"detail": "No service is called 'baskt'.", "retryable": False, "status": 404}
    desk.script = [Reply(404, document, PROBLEM)]
    assert command(*ASK, "--json") == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["problem"] == document
    assert "No service is called 'baskt'." in shown.err


@pytest.mark.parametrize(
    "answer", [Reply(200, {}), Reply(200, []), Reply(200, {"ready": "yes"}), Reply(403, "no")]
)
def test_what_no_desk_says_is_no_answer(
    desk: Desk, answer: Reply, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [answer] * 2
    assert command(*ASK) == 2
    assert command(*ASK, "--run") == 2
    assert "Traceback" not in capsys.readouterr().err


def test_an_environment_has_to_be_named(desk: Desk) -> None:
    assert command("rollback", "basket") == 2
    assert desk.asked == []
