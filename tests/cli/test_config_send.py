"""`releasedesk config`: what is sent of a configuration, and what never is."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from pathlib import Path

import pytest

from releasedesk.cli import env_file
from releasedesk.cli.exits import Trouble

from .servers import Asked, Desk, Reply, command

KEY = b"k" * 32
APPLIED = {"outcome": "applied", "service": "basket", "version": None, "environment": "staging"}
ENV = """
# what the service runs with
DATABASE_POOL=20
export CACHE_TTL = 60   # seconds
PASSWORD='pa$$ #word'
GREETING="hello\\nworld"
EMPTY=
DATABASE_URL=postgres://desk:hunter2@db/desk
"""


@pytest.fixture(autouse=True)
def asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> list[Asked]:
    """The desk hands out its key and takes the report."""
    desk.script = [Reply(200, {"key": b64encode(KEY).decode()}), Reply(201, APPLIED)]
    return desk.asked


def send(*arguments: str) -> int:
    return command("config", "send", "basket", "--environment=staging", *arguments)


def digest(name: str, value: str) -> str:
    return "hmac-sha256:" + hmac.new(KEY, f"{name}\0{value}".encode(), hashlib.sha256).hexdigest()


def test_names_and_fingerprints_are_sent_and_no_value(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text(ENV)
    assert send("--env-file=.env") == 0
    key, event = desk.asked
    assert key.path == "/api/v1/services/basket/config-key"
    body = event.body
    assert (body["type"], body["service"], body["environment"]) == ("config.reported", "basket", "staging")
    assert body["config"]["CACHE_TTL"] == digest("CACHE_TTL", "60")
    assert body["config"]["PASSWORD"] == digest("PASSWORD", "pa$$ #word")
    assert body["config"]["GREETING"] == digest("GREETING", "hello\nworld")
    assert body["config"]["EMPTY"] == digest("EMPTY", "")
    assert "version" not in body
    said = "".join(capsys.readouterr()) + str(event.body)
    assert not any(value in said for value in ("pa$$", "hunter2", "hello"))
    assert "6 settings, no value" in said


def test_only_what_is_named_is_sent(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(ENV)
    assert send("--env-file=.env", "--only=DATABASE_*, EMPTY") == 0
    assert set(desk.asked[1].body["config"]) == {"DATABASE_POOL", "DATABASE_URL", "EMPTY"}


def test_the_processs_own_variables_are_sent_by_name_alone(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BASKET_TTL", "60")
    assert send("--from-env", "--only=BASKET_*") == 0
    assert desk.asked[1].body["config"] == {"BASKET_TTL": digest("BASKET_TTL", "60")}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "Say where the settings are"),
        (("--env-file=.env", "--from-env"), "Say where the settings are"),
        (("--from-env",), "--from-env needs --only"),
        (("--from-env", "--only=NO_SUCH_SETTING"), "The environment has no NO_SUCH_SETTING"),
        (("--env-file=missing.env",), "missing.env cannot be read"),
        (("--env-file=.env", "--only=POOL"), ".env has no POOL"),
    ],
)
def test_what_cannot_be_read_is_said_and_nothing_is_asked(
    desk: Desk, tmp_path: Path, arguments: tuple[str, ...], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    assert send(*arguments) == 2
    assert said in capsys.readouterr().err
    assert desk.asked == []


def test_what_the_desk_refuses_ends_with_1(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    wrong = {"detail": "No environment is called 'staging'.", "retryable": False, "errors": []}
    desk.script[1:] = [Reply(422, wrong, {"Content-Type": "application/problem+json"})]
    assert send("--env-file=.env") == 1


def test_a_place_that_cannot_be_used_is_said_here_too(
    desk: Desk, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / ".env").write_text("A=1\n")
    spool = tmp_path / "state/releasedesk/spool"
    spool.mkdir(parents=True)
    (spool / "0001.json").write_text("garbage")
    assert send("--env-file=.env") == 2
    said = capsys.readouterr()
    assert "0001.json holds no message: it is not JSON. It was set aside" in said.err
    assert "applied: basket in staging: 1 setting" in said.out


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("A=b", "b"),
        ("A = b ", "b"),
        ("A=b#c", "b#c"),
        ("A=b #c", "b"),
        ('A="b #c" # d', "b #c"),
        ("A='b\\n'", "b\\n"),
        ('A="say \\"hi\\" \\x"', 'say "hi" \\x'),
        ("A=$B", "$B"),
        ("A=ü", "ü"),
    ],
)
def test_a_line_is_read_as_others_read_it(line: str, value: str) -> None:
    assert env_file.read(line, ".env") == {"A": value}


@pytest.mark.parametrize("line", ["A", "=b", "1A=b", 'A="b', "A='b", 'A="b"c', "A b=c"])
def test_a_line_that_sets_nothing_is_named(line: str) -> None:
    with pytest.raises(Trouble, match="line 2"):
        env_file.read(f"OK=1\n{line}", ".env")


@pytest.mark.parametrize(("same", "code"), [(True, 0), (False, 1)])
def test_comparing_says_the_desks_sentence(
    desk: Desk, same: bool, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.script = [Reply(200, {"same": same, "sentence": "POOL differs."})]
    assert command("config", "compare", "basket", "--environment=production") == code
    assert capsys.readouterr().out == "POOL differs.\n"
    assert desk.asked[0].path == "/api/v1/services/basket/config?environment=production"
