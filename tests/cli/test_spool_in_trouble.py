"""`releasedesk send`: nothing that is wrong with the spool keeps what is new from being told."""

from __future__ import annotations

import errno
import json
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from releasedesk.cli.message import Message, Waiting
from releasedesk.cli.spool import Spool

from .servers import PROBLEM, Asked, Desk, Reply
from .test_send import DOWN, EVENT, WRONG, ids, kept, send, spooled, written
from .test_told_once import conflict

GOOD = {"path": "/api/v1/events", "body": {"id": "old"}, "key": "", "method": "POST"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    made = tmp_path / "state/releasedesk/spool"
    made.mkdir(parents=True)
    return made


def wait(place: Path, desk: Desk, name: str = "old") -> Path:
    return Spool(desk.url, place).keep(Message("/api/v1/events", {"id": name, "service": "basket"}))


def without(name: str) -> dict[str, Any]:
    return {known: value for known, value in GOOD.items() if known != name}


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("\x00garbage\xff", "it is not JSON"),
        pytest.param("[" * 100_000, "it is not JSON", id="too deep"),
        ("[]", "it is not a JSON object"),
        ({**GOOD, "priority": 1}, "this version does not know what 'priority' means"),
        (without("body"), "it has no body"),
        (without("path"), "it has no path"),
        ({**GOOD, "body": [{"id": "old"}]}, "its event is not a JSON object"),
        ({**GOOD, "method": 7}, "it does not say what to send where"),
        ({**GOOD, "path": "@elsewhere.example/"}, "it does not say what to send where"),
        ({**GOOD, "added": "id"}, "'added' is not a list"),
    ],
)
def test_a_file_that_holds_no_message_is_set_aside_and_said_and_keeps_nothing_back(
    desk: Desk, place: Path, content: Any, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text = content if isinstance(content, str) else json.dumps({"url": desk.url, **content})
    (place / "0001.json").write_bytes(text.encode("latin-1"))
    waits = wait(place, desk)
    assert send(*EVENT, "--id=new", "--json") == 2
    assert ids(desk) == ["old", "new"]
    told = json.loads(capsys.readouterr().out)
    aside = place / "rejected/0001.json"
    assert told["flushed"]["faults"] == [
        f"{place / '0001.json'} holds no message: {why}. It was set aside: {aside}"
    ]
    assert told["events"][0]["trouble"] is None
    assert aside.read_bytes() == text.encode("latin-1")
    assert not waits.exists()
    assert send(*EVENT, "--id=next") == 0, "it is said once"


def test_what_was_set_aside_may_be_put_back(desk: Desk, place: Path) -> None:
    waits = wait(place, desk)
    desk.script = [WRONG]
    assert send("--flush") == 1
    (place / "rejected" / waits.name).rename(waits)
    assert send("--flush") == 0
    assert ids(desk) == ["old", "old"]


def test_where_nothing_can_be_set_aside_it_is_said_and_what_is_new_is_told(
    desk: Desk, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "rejected").write_text("a file")
    (place / "0001.json").write_text("garbage")
    wait(place, desk, "wrong")
    desk.script = [WRONG]
    assert send(*EVENT, "--id=new", "--json") == 2
    assert ids(desk) == ["wrong", "new"]
    garbage, refused = json.loads(capsys.readouterr().out)["flushed"]["faults"]
    assert "0001.json holds no message (it is not JSON), and cannot be set aside" in garbage
    assert "was refused (The desk answered 422: 1 field is wrong.), and cannot be put away" in refused


def test_a_file_that_cannot_be_removed_is_said_in_one_line(
    desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_path: Path, **_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    waits = wait(place, desk)
    with monkeypatch.context() as immutable:  # chattr +i
        immutable.setattr(Path, "unlink", refuse)
        assert send(*EVENT, "--id=new") == 2
    assert ids(desk) == ["old", "new"]
    said = capsys.readouterr()
    assert said.err.splitlines()[0] == (
        f"{waits} was sent, and cannot be put away: [Errno 1] Operation not permitted."
    )
    assert "applied" in said.out


def test_a_place_that_cannot_be_locked_keeps_what_waits_and_what_is_new_is_told(
    desk: Desk, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "lock").mkdir()
    wait(place, desk)
    assert send(*EVENT, "--id=new", "--later-is-fine") == 2
    assert ids(desk) == ["new"]
    assert f"What waits in {place} was not sent: " in capsys.readouterr().err


def test_a_place_that_is_a_file_costs_nothing_while_the_desk_is_up_and_one_line_while_it_is_down(
    desk: Desk, place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place.rmdir()
    place.write_text("a file")
    assert send(*EVENT) == 0
    desk.script = list(DOWN)
    assert send(*EVENT, "--id=lost", "--json", "--later-is-fine") == 2
    said = capsys.readouterr()
    (lost,) = json.loads(said.out[said.out.index("{") :])["events"]
    assert (lost["id"], lost["kept_in"]) == ("lost", None)
    assert "The database does not answer. It could not be kept for later either" in lost["trouble"]
    assert "Traceback" not in said.err


def test_a_disk_that_is_full_in_the_middle_is_said_of_each(
    desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    whole = Waiting.write

    def write(one: Waiting, **more: Any) -> None:
        if one.message.body["id"] == "b":
            raise OSError(errno.ENOSPC, "No space left on device")
        whole(one, **more)

    monkeypatch.setattr(Waiting, "write", write)
    written("a", "b", "c")
    desk.script = list(DOWN)
    assert send("events", *EVENT, "--json") == 2
    told = json.loads(capsys.readouterr().out)["events"]
    assert [one["kept_in"] is not None for one in told] == [True, False, True]
    assert "No space left on device" in told[1]["trouble"]
    assert kept(tmp_path) == ["a", "c"]


def test_half_a_file_is_not_left_behind(
    desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    desk.script = list(DOWN)
    assert send(*EVENT) == 2
    assert list(place.iterdir()) == []
    assert "No space left on device" in capsys.readouterr().err


def test_what_waited_and_was_told_meanwhile_is_no_refusal(desk: Desk, tmp_path: Path) -> None:
    desk.script = list(DOWN)
    assert send(*EVENT, "--id=a") == 2
    desk.script = [Reply(409, conflict("occurred_at"), PROBLEM)]
    assert send("--flush") == 0
    assert spooled(tmp_path) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_who_stops_it_while_the_desk_is_slow_loses_nothing(
    desk: Desk,
    tmp_path: Path,
    number: signal.Signals,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(desk.server, "handle_error", lambda *_: None)  # nobody waits for its answer

    def stopped_meanwhile(asked: Asked) -> Reply:
        signal.pthread_kill(main, number)
        answered.wait(10)
        return Reply(201, {"outcome": "applied"})

    main, answered = threading.main_thread().ident or 0, threading.Event()
    former = [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)]
    written("a", "b")
    desk.script = [stopped_meanwhile]
    assert send("events", *EVENT, "--json") == 128 + number
    answered.set()
    assert kept(tmp_path) == ["a", "b"]
    told = json.loads(capsys.readouterr().out)["events"]
    assert all(f"ended by {number.name}" in one["trouble"] and one["kept_in"] for one in told)
    assert [signal.getsignal(each) for each in (signal.SIGINT, signal.SIGTERM)] == former


def test_who_stops_it_while_it_sends_what_waited_is_told_what_still_waits(
    desk: Desk, place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def stopped_meanwhile(_: Asked) -> Reply:
        signal.pthread_kill(main, signal.SIGTERM)
        answered.wait(10)
        return Reply(201, {"outcome": "applied"})

    monkeypatch.setattr(desk.server, "handle_error", lambda *_: None)  # nobody waits for its answer
    main, answered = threading.main_thread().ident or 0, threading.Event()
    wait(place, desk)
    desk.script = [stopped_meanwhile]
    assert send(*EVENT, "--id=new") == 128 + signal.SIGTERM
    answered.set()
    assert "1 still wait. It was ended by SIGTERM before the desk had answered." in capsys.readouterr().err
    assert [one.message.body["id"] for one in map(Waiting.read, sorted(place.glob("*.json")))] == [
        "old",
        "new",
    ]
