"""Proxies and certificates: a variable that keeps every request from being sent is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from .servers import Desk, command
from .test_send import EVENT, kept, send

NAMES = ("ALL_PROXY", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", "socks5://127.0.0.1:9"),
        ("HTTP_PROXY", "ftp://127.0.0.1:9"),
        ("https_proxy", "http://127.0.0.1:port"),
        ("NO_PROXY", "localhost,[::1]"),
        ("NO_PROXY", "fe80::/10"),
        ("SSL_CERT_FILE", "/nonexistent"),
    ],
)
def test_a_variable_that_httpx_fails_at_is_named_in_one_line_and_the_event_kept(
    desk: Desk,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    value: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("http_proxy" if name == "HTTPS_PROXY" else "HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv(name, value)
    assert send(*EVENT, "--id=a", "--later-is-fine") == 2, "time mends no variable"
    said = capsys.readouterr().err
    assert f"{name} keeps every request from being sent: " in said
    assert said.count("\n") == 1
    assert kept(tmp_path) == ["a"]
    assert command("rollback", "basket", "--environment=production") == 2
    assert capsys.readouterr().err.startswith(f"{name} keeps every request")
    assert desk.asked == []
