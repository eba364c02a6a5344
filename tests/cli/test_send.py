"""`releasedesk send`: what is sent, what is kept while the desk is down, and what becomes of it."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest

from .servers import PROBLEM, Desk, Reply, command
from .test_ci_variables import GITHUB, SHA

EVENT = ("--type=deployment.succeeded", "--service=basket", "--environment=staging", "--version=2.0")
APPLIED = {
    "outcome": "applied",
    "service": "basket",
    "version": "2.0",
    "environment": "staging",
    "release_url": "http://desk/services/basket/releases/2.0/",
}
DOWN = [Reply(503, {"detail": "The database does not answer.", "retryable": True}, PROBLEM)] * 5
WRONG = Reply(422, {"detail": "1 field is wrong.", "retryable": False, "errors": []}, PROBLEM)


@pytest.fixture(autouse=True)
def _applied(desk: Desk) -> None:
    desk.verdict = Reply(201, APPLIED)


def send(*arguments: str) -> int:
    return command("send", *arguments)


def spooled(tmp_path: Path) -> list[Path]:
    return sorted((tmp_path / "state/releasedesk/spool").glob("*.json"))


def ids(desk: Desk) -> list[Any]:
    return [post.body["id"] for post in desk.posts]


def test_an_event_is_made_from_options(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.script = [Reply(201, APPLIED)]
    assert send(*EVENT, "--file-touched=a.py", "--file-touched=b.py", "--command=make deploy") == 0
    (post,) = desk.posts
    body = post.body
    assert post.path == "/api/v1/events"
    assert "idempotency-key" not in post.headers, "its id is its key"
    assert body.pop("id")
    assert body.pop("occurred_at").endswith("Z")
    assert body == {
        "type": "deployment.succeeded",
        "service": "basket",
        "environment": "staging",
        "version": "2.0",
        "command": "make deploy",
        "files_touched": ["a.py", "b.py"],
    }
    assert capsys.readouterr().out == (
        "applied: basket 2.0 in staging  http://desk/services/basket/releases/2.0/\n"
    )


def test_in_ci_a_repeated_step_tells_it_once(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)
    conflict = Reply(409, {"detail": "The key was used for another body.", "retryable": False}, PROBLEM)
    desk.script = [Reply(201, APPLIED), conflict]
    assert send(*EVENT) == 0
    assert send(*EVENT) == 0
    assert ids(desk) == ["github-19238812-2-deployment.succeeded-basket-staging-2.0"] * 2
    assert desk.posts[0].body["run"] == "19238812"
    assert desk.posts[0].body["url"] == "https://github.com/shop/basket/actions/runs/19238812"
    assert "this run has told it before" in capsys.readouterr().out


def test_in_ci_the_version_is_its_tag_or_commit_but_not_of_an_incident(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in GITHUB.items():
        monkeypatch.setenv(name, value)
    desk.script = [Reply(201, APPLIED)] * 2
    assert send("--type=deployment.started", "--service=basket", "--environment=staging") == 0
    assert send("--type=incident.opened", "--service=basket", "--incident=7", "--title=slow") == 0
    deployment, incident = (post.body for post in desk.posts)
    assert (deployment["version"], deployment["commit"]) == (SHA[:12], SHA)
    assert "version" not in incident
    assert "commit" not in incident


def test_a_conflict_of_an_id_that_was_given_is_a_refusal(desk: Desk) -> None:
    desk.script = [Reply(409, {"detail": "The key was used for another body.", "retryable": False}, PROBLEM)]
    assert send(*EVENT, "--id=build-1") == 1


@pytest.mark.parametrize("form", ["lines", "list"])
def test_many_come_from_a_file_and_options_say_what_they_leave_out(desk: Desk, form: str) -> None:
    events = [{"id": "a", "version": "1"}, {"id": "b", "version": "2", "environment": "production"}]
    lines = "\n\n".join(map(json.dumps, events))
    Path("events").write_text(lines if form == "lines" else json.dumps(events))
    desk.script = [Reply(201, APPLIED)] * 2
    assert send("events", *EVENT[:3]) == 0
    assert [(post.body["id"], post.body["environment"]) for post in desk.posts] == [
        ("a", "staging"),
        ("b", "production"),
    ]


def test_one_comes_from_standard_input(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps({"id": "a", "type": "check.finished"})))
    desk.script = [Reply(202, {"outcome": "unmatched", "service": "basket", "version": None})]
    assert send("-", "--json") == 0
    assert json.loads(capsys.readouterr().out)["events"][0]["answer"]["outcome"] == "unmatched"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"id": 1}\n{"id": ', "events, line 2 is not JSON"),
        ("[1]", "event 1 is not a JSON object"),
        ("", "cannot be read"),
    ],
)
def test_a_file_that_holds_no_events_is_refused_before_anything_is_sent(
    desk: Desk, text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if text:
        Path("events").write_text(text)
    assert send("events") == 2
    assert said in capsys.readouterr().err
    assert desk.asked == []


def test_nothing_to_say_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert send() == 2
    assert "Say what happened: --type" in capsys.readouterr().err


def test_while_the_desk_is_down_events_are_kept_and_the_next_send_hands_them_over_in_order(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = list(DOWN)
    assert send(*EVENT, "--id=first") == 2
    assert "kept in" in capsys.readouterr().err
    (kept,) = spooled(tmp_path)
    assert kept.stat().st_mode & 0o777 == 0o600
    assert kept.parent.stat().st_mode & 0o777 == 0o700
    assert "secret" not in kept.read_text()
    desk.asked.clear()
    assert send(*EVENT, "--id=second") == 0
    assert ids(desk) == ["first", "second"]
    assert spooled(tmp_path) == []
    assert "1 that waited were sent." in capsys.readouterr().out


def test_a_later_event_never_overtakes_one_that_waits(desk: Desk, tmp_path: Path) -> None:
    desk.script = list(DOWN)
    assert send(*EVENT, "--id=first", "--later-is-fine") == 0
    desk.script = list(DOWN)
    assert send(*EVENT, "--id=second", "--later-is-fine") == 0
    assert [json.loads(path.read_text())["body"]["id"] for path in spooled(tmp_path)] == ["first", "second"]
    desk.asked.clear()
    assert send("--flush") == 0
    assert ids(desk) == ["first", "second"]


def test_of_many_all_are_kept_once_the_first_finds_no_desk(desk: Desk, tmp_path: Path) -> None:
    Path("events").write_text(json.dumps([{"id": name} for name in "abc"]))
    desk.script = [Reply(201, APPLIED), *DOWN]
    assert send("events", *EVENT) == 2
    assert ids(desk) == ["a", *["b"] * 5], "c waits behind b without asking"
    assert len(spooled(tmp_path)) == 2


def test_what_waited_and_is_refused_is_set_aside_with_the_reason_and_not_sent_again(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = list(DOWN)
    send(*EVENT, "--id=wrong")
    desk.script = [WRONG]
    assert send("--flush") == 1
    assert spooled(tmp_path) == []
    (aside,) = (tmp_path / "state/releasedesk/spool/rejected").glob("*.json")
    assert str(aside) in capsys.readouterr().err
    assert json.loads(aside.read_text())["refused"]["problem"]["detail"] == "1 field is wrong."
    desk.asked.clear()
    assert send("--flush") == 0
    assert desk.asked == []


def test_what_this_token_may_not_say_waits_for_another_and_holds_nothing_up(
    desk: Desk, tmp_path: Path
) -> None:
    desk.script = [*DOWN]
    send(*EVENT, "--id=theirs")
    desk.script = [
        Reply(403, {"detail": "Another team's.", "retryable": False}, PROBLEM),
        Reply(201, APPLIED),
    ]
    assert send(*EVENT, "--id=ours", "--json") == 2
    assert ids(desk)[-1] == "ours"
    assert len(spooled(tmp_path)) == 1


def test_what_waits_for_one_desk_is_not_sent_to_another(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RELEASEDESK_URL", "http://127.0.0.1:9")
    assert send(*EVENT, "--id=elsewhere") == 2
    monkeypatch.setenv("RELEASEDESK_URL", desk.url)
    assert send("--flush") == 0
    assert desk.asked == []
    assert len(spooled(tmp_path)) == 1


def test_the_spool_is_bounded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("releasedesk.cli.spool.MESSAGES_AT_MOST", 1)
    Path("events").write_text('[{"id": "a"}, {"id": "b"}]')
    desk.script = list(DOWN)
    assert send("events", *EVENT) == 2
    assert "holds 1 messages already; this one was not kept" in capsys.readouterr().err


def test_one_bad_event_does_not_keep_the_others(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    Path("events").write_text('[{"id": "a"}, {"id": "b"}]')
    desk.script = [WRONG, Reply(201, APPLIED)]
    assert send("events", *EVENT, "--json") == 1
    first, second = json.loads(capsys.readouterr().out)["events"]
    assert first["problem"]["detail"] == "1 field is wrong."
    assert (second["trouble"], second["answer"]["outcome"]) == (None, "applied")
