"""`releasedesk send`: answers that no desk gave, or that a desk gave without having judged the event."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .servers import PROBLEM, Desk, Reply, Server
from .test_send import DOWN, EVENT, kept, send, written

HTML = {"Content-Type": "text/html"}
FAILED = {"detail": "The desk failed.", "retryable": False}
NOT_TOLD = {
    "failed": Reply(500, FAILED, PROBLEM),
    "failed, by a proxy": Reply(500, "oops", HTML),
    "refused by a firewall": Reply(403, "no", HTML),
    "refused by a proxy": Reply(400, "no", HTML),
    "timed out": Reply(408, {"retryable": False}, PROBLEM),
    "a conflict of nobody's": Reply(409, None, HTML),
    "a conflict that is empty": Reply(409, {}, PROBLEM),
    "a list": Reply(200, []),
    "text": Reply(200, "ok"),
    "nothing": Reply(200, {}),
    "a page": Reply(200, "<html>", HTML),
    "an outcome that is none": Reply(200, {"outcome": None}),
    "elsewhere": Reply(301, None, {"Location": "https://elsewhere.example/"}),
    "a date far away": Reply(503, None, {"Retry-After": "Wed, 21 Oct 99999999999 07:28:00 GMT"}),
    "a list of nothing": Reply(207, {"results": [{"index": 0}, {"index": 1}]}),
}


@pytest.mark.parametrize("answer", NOT_TOLD.values(), ids=NOT_TOLD)
@pytest.mark.parametrize("count", [1, 2])
def test_what_no_desk_has_judged_is_kept(
    desk: Desk, tmp_path: Path, answer: Reply, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    written(*"ab"[:count])
    desk.script = [answer] * 5
    assert send("events", *EVENT) == 2
    assert kept(tmp_path) == [*"ab"[:count]]
    assert "Traceback" not in capsys.readouterr().err
    desk.script = [answer] * 5
    assert send("--flush") == 2
    assert kept(tmp_path) == [*"ab"[:count]], "nor is it refused where it waits"
    desk.script = []
    assert send("--flush") == 0
    assert kept(tmp_path) == []


def test_an_element_of_a_list_that_the_desk_failed_at_is_kept(desk: Desk, tmp_path: Path) -> None:
    written("a", "b")
    results = [
        {"index": 0, "id": "a", "status": 500, "outcome": "rejected", "problem": FAILED},
        {"index": 1, "id": "b", "status": 201, "outcome": "applied", "problem": None},
    ]
    desk.script = [Reply(207, {"results": results})]
    assert send("events", *EVENT) == 2
    assert kept(tmp_path) == ["a"]


def test_a_desk_that_has_failed_is_down_for_those_who_need_not_know(desk: Desk) -> None:
    desk.script = [Reply(500, FAILED, PROBLEM)]
    assert send(*EVENT, "--later-is-fine") == 0


@pytest.mark.parametrize("errors", [["a", "b"], [{"pointer": None, "detail": None}], "a", {"a": 1}, 7])
def test_a_problem_of_another_shape_is_a_refusal_all_the_same(
    desk: Desk, errors: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [Reply(422, {"detail": "No.", "errors": errors}, PROBLEM)]
    assert send(*EVENT) == 1
    said = capsys.readouterr().err
    assert "The desk answered 422: No." in said
    assert "Traceback" not in said


def test_a_list_that_is_refused_as_a_whole_for_one_is_sent_without_it(
    desk: Desk, capsys: pytest.CaptureFixture[str]
) -> None:
    written(*"abcd")
    deep = Reply(400, {"detail": "The JSON is nested too deeply.", "retryable": False}, PROBLEM)
    desk.script = [deep, deep, Reply(201, {"outcome": "applied"}), deep]  # all, a and b, a, b
    assert send("events", *EVENT, "--json") == 1
    told = json.loads(capsys.readouterr().out)["events"]
    assert [one["trouble"] is None for one in told] == [True, False, True, True]


def test_what_waits_is_not_refused_for_a_firewalls_sake(desk: Desk, tmp_path: Path) -> None:
    desk.script = list(DOWN)
    assert send(*EVENT, "--id=a") == 2
    desk.script = [Reply(400, "no", HTML)]
    assert send("--flush") == 2
    assert kept(tmp_path) == ["a"]
    assert not (tmp_path / "state/releasedesk/spool/rejected").exists()


def test_a_server_that_hangs_up_is_no_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def hang_up(_: object) -> Reply:
        raise ConnectionAbortedError

    server = Server(hang_up)
    monkeypatch.setattr(server.server, "handle_error", lambda *_: None)
    monkeypatch.setattr("releasedesk.cli.desk.FIRST_WAIT", 0.01)
    monkeypatch.setenv("RELEASEDESK_URL", server.url)
    monkeypatch.setenv("RELEASEDESK_TOKEN", "rdk_1_secret")
    assert send(*EVENT, "--id=a") == 2
    server.close()
    assert kept(tmp_path) == ["a"]
