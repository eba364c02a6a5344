"""Where the desk is and who asks: the environment, then the files, and what is not to be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from releasedesk.cli.config import Config, NotSet, home_file

from .servers import Desk, command

HERE = Path(".releasedesk.toml")
ASK = ("rollback", "basket", "--environment=production")


def keep(path: Path, text: str, mode: int = 0o600) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def test_the_file_here_is_nearer_than_the_one_at_home_and_the_environment_is_nearest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keep(home_file(), 'url = "https://home.example"\ntoken = "rdk_home"\n')
    assert Config.read() == Config("https://home.example", "rdk_home")
    keep(HERE, 'url = "https://here.example/"\ntoken = "rdk_here"\n')
    assert Config.read() == Config("https://here.example", "rdk_here")
    monkeypatch.setenv("RELEASEDESK_URL", "https://set.example")
    monkeypatch.setenv("RELEASEDESK_TOKEN", "rdk_set")
    assert Config.read() == Config("https://set.example", "rdk_set")


def test_an_address_from_a_repository_never_gets_the_token_from_home(monkeypatch: pytest.MonkeyPatch) -> None:
    keep(home_file(), 'url = "https://home.example"\ntoken = "rdk_home"\n')
    keep(HERE, 'url = "https://collector.example"\n', 0o644)
    with pytest.raises(NotSet, match=r"says https://collector\.example, and the token in .* is not meant"):
        Config.read()
    monkeypatch.setenv("RELEASEDESK_URL", "https://trusted.example")
    assert Config.read() == Config("https://trusted.example", "rdk_home")


def test_an_address_from_a_repository_may_repeat_the_one_at_home() -> None:
    keep(home_file(), 'url = "https://home.example"\ntoken = "rdk_home"\n')
    keep(HERE, 'url = "https://home.example/"\n', 0o644)
    assert Config.read().token == "rdk_home"


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o644])
def test_a_token_that_others_can_read_is_refused_with_the_fix(mode: int) -> None:
    path = keep(HERE, 'url = "https://here.example"\ntoken = "rdk_s3cr3t"\n', mode)
    with pytest.raises(NotSet, match=f"others can read it. Run: chmod 600 {path}") as refused:
        Config.read()
    assert "s3cr3t" not in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("url = https://here.example", "cannot be read"),
        ("url = 7", "'url' must be text in quotes"),
        ('tokens = "rdk_s3cr3t"', "holds 'tokens'; it may hold url and token. Did you mean 'token'?"),
        ("", "Set RELEASEDESK_URL and RELEASEDESK_TOKEN"),
        ('url = "https://here.example"', "Set RELEASEDESK_TOKEN."),
        ('url = "here.example"\ntoken = "rdk_s3cr3t"', "must be an http:// or https:// address"),
        ('url = "http://here:port"\ntoken = "rdk_s3cr3t"', "must be an http:// or https:// address"),
        ('url = "https://here.example"\ntoken = "rdk s3cr3t"', "not a token"),
        ('url = "https://ci:s3cr3t@here.example"\ntoken = "rdk_1"', "holds a user or a password"),
        ('url = "ci:s3cr3t@here.example"\ntoken = "rdk_1"', "holds a user or a password"),
        ('url = "https://here.example/?a=b"\ntoken = "rdk_1"', "must end before any ? or #"),
        ('url = "https://here.example#x"\ntoken = "rdk_1"', "must end before any ? or #"),
    ],
)
def test_a_file_that_does_not_say_it_is_said_in_one_line_and_nothing_is_asked(
    text: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    keep(HERE, text)
    assert command(*ASK) == 2
    told = capsys.readouterr().err
    assert said in told
    assert told.count("\n") == 1
    assert "s3cr3t" not in told


def test_a_password_in_the_address_is_neither_sent_nor_said(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RELEASEDESK_URL", desk.url.replace("//", "//ci:s3cr3t@"))
    assert command("send", "--type=deployment.started", "--service=basket") == 2
    shown = capsys.readouterr()
    assert "RELEASEDESK_URL holds a user or a password" in shown.err
    assert "s3cr3t" not in shown.out + shown.err
    assert desk.asked == []
    assert list(Path.cwd().rglob("*.json")) == []


def test_a_file_may_begin_with_a_byte_order_mark() -> None:
    keep(HERE, '\ufeffurl = "https://here.example"\ntoken = "rdk_1"\n')
    assert Config.read() == Config("https://here.example", "rdk_1")


def test_a_token_is_in_no_repr() -> None:
    assert "s3cr3t" not in repr(Config("https://here.example", "rdk_s3cr3t"))


def test_trouble_is_json_where_json_was_asked_for(desk: Desk, capsys: pytest.CaptureFixture[str]) -> None:
    desk.close()
    assert command(*ASK, "--json") == 2
    shown = capsys.readouterr()
    assert '"trouble": "http://127.0.0.1' in shown.out
    assert "s3cr3t" not in shown.out + shown.err
