"""`releasedesk send`: what is sent, what is kept while the desk is down, and what becomes of it."""

from __future__ import annotations

import io
import json
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from releasedesk.cli import batch
from releasedesk.cli.message import Message
from releasedesk.cli.spool import Spool

from .servers import PROBLEM, Desk, Reply, command, each
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


def piped(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    """Give this on standard input, in a locale that knows nothing but ASCII."""
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content), encoding="ascii"))


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


@pytest.mark.parametrize("form", ["lines", "list"])
def test_many_come_from_a_file_and_options_say_what_they_leave_out(desk: Desk, form: str) -> None:
    events = [{"id": "a", "version": "1"}, {"id": "b", "version": "2", "environment": "production"}]
    lines = "\n\n".join(map(json.dumps, events))
    Path("events").write_text(lines if form == "lines" else json.dumps(events))
    assert send("events", *EVENT[:3]) == 0
    (post,) = desk.posts
    assert [(event["id"], event["environment"]) for event in post.body] == [
        ("a", "staging"),
        ("b", "production"),
    ]


def test_one_comes_from_standard_input(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, json.dumps({"id": "a", "type": "check.finished"}).encode())
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


def test_a_file_may_begin_with_a_byte_order_mark(desk: Desk) -> None:
    Path("events").write_bytes(b'\xef\xbb\xbf{"id": "a"}')
    assert send("events", *EVENT) == 0
    assert ids(desk) == ["a"]


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
    assert desk.told == [["first", "second"]]


def written(*names: str, **more: str) -> None:
    """A file of events, one for each id; `more`: the service of some."""
    events = [{"id": name, **({"service": more[name]} if name in more else {})} for name in names]
    Path("events").write_text(json.dumps(events))


def kept(tmp_path: Path) -> list[str]:
    return [json.loads(path.read_text())["body"]["id"] for path in spooled(tmp_path)]


def test_of_many_all_are_kept_once_the_desk_is_silent(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "AT_MOST", 2)
    written(*"abcde")
    desk.script = [partial(each, problems={}), *DOWN]
    assert send("events", *EVENT) == 2
    assert desk.told == [["a", "b"], *[["c", "d"]] * 5], "e waits behind them without asking"
    assert kept(tmp_path) == ["c", "d", "e"]
    desk.asked.clear()
    assert send("--flush") == 0
    assert desk.told == [["c", "d"], ["e"]]
    assert kept(tmp_path) == []


def test_of_many_only_what_may_succeed_is_sent_again(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    written(*"abc")
    busy = {"status": 503, "detail": "Somebody else is at it.", "retryable": True}
    wrong = {"status": 422, "detail": "1 field is wrong.", "retryable": False, "errors": []}
    desk.script = [partial(each, problems={"a": busy, "b": wrong})]
    assert send("events", *EVENT, "--json") == 1
    assert desk.told == [["a", "b", "c"], ["a"]]
    first, second, third = json.loads(capsys.readouterr().out)["events"]
    assert (first["trouble"], second["problem"]["detail"], third["answer"]["outcome"]) == (
        None,
        "1 field is wrong.",
        "applied",
    )


def test_what_has_to_wait_holds_up_its_own_service_and_no_other(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "AT_MOST", 2)
    monkeypatch.setattr(batch, "TRIES", 1)
    written(*"abcd", a="shop", b="basket", c="shop", d="basket")
    busy = {"status": 503, "detail": "Somebody else is at it.", "retryable": True}
    desk.script = [partial(each, problems={"a": busy})]
    assert send("events", *EVENT[:1], *EVENT[2:]) == 2
    assert desk.told == [["a", "b"], ["d"]], "c is the shop's, and would overtake a"
    assert kept(tmp_path) == ["a", "c"]


def test_a_list_too_large_for_this_desk_is_sent_in_halves(desk: Desk) -> None:
    written(*"abc")
    too_large = Reply(413, {"detail": "The body is too large.", "retryable": False}, PROBLEM)
    desk.script = [too_large]
    assert send("events", *EVENT) == 0
    assert desk.told == [["a", "b", "c"], ["a"], ["b", "c"]]


def test_large_events_go_in_as_many_requests_as_they_need(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "BYTES_AT_MOST", 500)
    Path("events").write_text(json.dumps([{"id": name, "command": "x" * 200} for name in "abc"]))
    assert send("events", *EVENT) == 0
    assert [len(told) for told in desk.told] == [1, 1, 1]


def test_a_list_that_no_desk_answers_so_is_said(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    written(*"ab")
    desk.script = [Reply(200, {"hello": "world"})]
    assert send("events", *EVENT) == 2
    assert "RELEASEDESK_URL is the desk" in capsys.readouterr().err


def test_what_waits_is_sent_together_but_for_what_is_no_event(desk: Desk, tmp_path: Path) -> None:
    spool = Spool(desk.url, tmp_path / "state/releasedesk/spool")
    for name in "ab":
        spool.keep(Message("/api/v1/events", {"id": name, "service": "basket"}))
    spool.keep(Message("/api/v1/services/basket/releases/2/rehearsals", {"id": "rehearsal"}, "key-1"))
    spool.keep(Message("/api/v1/events", {"id": "c", "service": "basket"}))
    assert send("--flush") == 0
    assert desk.told == [["a", "b"], ["rehearsal"], ["c"]]
    assert desk.posts[1].headers["idempotency-key"] == "key-1"
    assert kept(tmp_path) == []


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
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELEASEDESK_URL", "http://127.0.0.1:9")
    assert send(*EVENT, "--id=elsewhere") == 2
    monkeypatch.setenv("RELEASEDESK_URL", desk.url)
    assert send("--flush") == 0
    assert desk.asked == []
    assert len(spooled(tmp_path)) == 1
    assert "1 wait for another desk, http://127.0.0.1:9: set" in capsys.readouterr().err


@pytest.mark.parametrize("status", [401, 404])
def test_what_nobody_has_judged_is_kept_until_token_and_address_are_right(
    desk: Desk, tmp_path: Path, status: int
) -> None:
    refusal = Reply(status, {"detail": "Not here.", "retryable": False}, PROBLEM)
    desk.script = [refusal]
    assert send(*EVENT, "--id=a", "--later-is-fine") == 2
    desk.script = [refusal, refusal]
    assert send(*EVENT, "--id=b") == 2
    desk.script = [Reply(207, {"results": [{"status": 201, **APPLIED}] * 2})]
    assert send("--flush") == 0
    assert [event["id"] for event in desk.posts[-1].body] == ["a", "b"]
    assert not spooled(tmp_path)


def test_the_spool_is_bounded(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("releasedesk.cli.spool.MESSAGES_AT_MOST", 1)
    Path("events").write_text('[{"id": "a"}, {"id": "b"}]')
    desk.script = list(DOWN)
    assert send("events", *EVENT) == 2
    assert "holds 1 messages already; this one was not kept" in capsys.readouterr().err


def test_one_bad_event_does_not_keep_the_others(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    written("a", "b")
    wrong = {"status": 422, "detail": "1 field is wrong.", "retryable": False, "errors": []}
    desk.script = [partial(each, problems={"a": wrong})]
    assert send("events", *EVENT, "--json") == 1
    first, second = json.loads(capsys.readouterr().out)["events"]
    assert first["problem"]["detail"] == "1 field is wrong."
    assert (second["trouble"], second["answer"]["outcome"]) == (None, "applied")
