"""`releasedesk send`: what a line, an option or a pipe may hold that JSON, UTF-8 or the desk cannot take."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from .servers import Asked, Desk, Reply
from .test_ci_variables import GITHUB
from .test_send import EVENT, ids, piped, send

GOOD = '{"id": "good"}'
NEAR = range(880, 1000, 10)  # Python reads and writes about as deep as this, depending on who calls


def deep(depth: int) -> str:
    return "[" * depth + "]" * depth


@pytest.mark.parametrize(
    ("bad", "named", "why"),
    [
        ('{"id": "bad", "command": NaN}', "bad", "no word for, such as NaN"),
        ('{"id": "bad", "command": [1e999]}', "bad", "no word for, such as NaN"),
        (f'{{"id": "bad", "command": {deep(5000)}}}', "events, line 2", "nested too deeply"),
    ],
    ids=["NaN", "Infinity", "too deep"],
)
def test_a_line_that_cannot_be_sent_is_refused_and_keeps_none_of_the_others(
    desk: Desk, bad: str, named: str, why: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("events").write_text(f"{GOOD}\n{bad}\n{GOOD.replace('good', 'better')}\n")
    assert send("events", *EVENT, "--json") == 1
    assert desk.told == [["good", "better"]]
    (refused,) = [one for one in json.loads(capsys.readouterr().out)["events"] if one["trouble"]]
    assert why in refused["trouble"]
    assert refused["id"] == named


def applied(asked: Asked) -> Reply:
    """All is well, and nothing of what was sent is repeated."""
    one = {"status": 201, "outcome": "applied"}
    return (
        Reply(207, {"results": [one] * len(asked.body)}) if isinstance(asked.body, list) else Reply(201, one)
    )


@pytest.mark.parametrize("name", ["id", "service", "version", "command"])
@pytest.mark.parametrize("ci", [False, True])
def test_however_deep_a_line_is_the_others_are_told(
    desk: Desk, name: str, ci: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for variable, value in GITHUB.items() if ci else ():
        monkeypatch.setenv(variable, value)
    for depth in NEAR:
        Path("events").write_text(f'{GOOD}\n{{"{name}": {deep(depth)}}}\n')
        desk.script = [applied]
        code = send("events", *EVENT)
        assert code in {0, 1}, depth
        assert "Traceback" not in capsys.readouterr().err
        assert "good" in desk.told[-1]
    assert code == 1


def test_half_a_surrogate_pair_goes_to_the_desk_which_names_the_field(desk: Desk) -> None:
    Path("events").write_text(f'{GOOD}\n{{"id": "half", "command": "a\\ud800b"}}\n')
    assert send("events", *EVENT) == 0
    assert [event["command"] for event in desk.posts[0].body if "command" in event] == ["a\ud800b"]


def test_so_does_an_option_that_is_not_utf_8(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    assert send(*EVENT, "--id=a", "--command=b\udcff") == 0
    assert send(*EVENT, "--id=c\udcff") == 0
    assert [post.body["command"] for post in desk.posts[:1]] == ["b\udcff"]
    assert "applied" in capsys.readouterr().out


@pytest.mark.parametrize("letter", ["\u2028", "\u2029", "\u0085", "\x0b", "\x1c"])
def test_lines_end_where_json_ends_them(desk: Desk, letter: str) -> None:
    said = letter if letter > "\x1f" else json.dumps(letter)[1:-1]
    lines = [f'{{"id": "{name}", "command": "a{said}b"}}' for name in "xy"]
    Path("events").write_bytes("\r\n".join(lines).encode())
    assert send("events", *EVENT) == 0
    assert [event["command"] for event in desk.posts[0].body] == [f"a{letter}b"] * 2


@pytest.mark.parametrize("content", [b"", b"\n \n", b"[]", b"\xef\xbb\xbf"])
def test_where_there_is_nothing_to_tell_it_is_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, content)
    assert send("-", *EVENT) == 0
    assert capsys.readouterr().err == "There is no event in standard input: nothing was told.\n"
    assert desk.asked == []


def test_a_pipe_is_utf_8_whatever_the_locale_is(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    piped(monkeypatch, b'\xef\xbb\xbf{"id": "gr\xc3\xbc\xc3\x9fe"}')
    assert send("-", *EVENT) == 0
    assert ids(desk) == ["grüße"]
    piped(monkeypatch, b'{"id": "gr\xfc"}')
    assert send("-", *EVENT) == 2
    assert "- cannot be read: 'utf-8'" in capsys.readouterr().err


def test_what_the_terminal_cannot_show_ends_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    monkeypatch.setattr("sys.stdout", terminal)
    desk.script = [Reply(201, {"outcome": "applied"})]
    assert send(*EVENT[:1], "--service=日本", *EVENT[2:], "--id=c\udcff") == 0
    terminal.flush()
    assert b"applied: \\u65e5\\u672c" in terminal.buffer.getvalue()
