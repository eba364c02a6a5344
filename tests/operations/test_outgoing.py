"""The one client, against servers that say what no good server would."""

from __future__ import annotations

import socket
import ssl
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest

from releasedesk.operations import outgoing
from releasedesk.operations.outgoing import OutgoingError, call
from releasedesk.operations.outgoing_rule import Allowed
from tests.operations.talking import HELLO, talking

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_django.fixtures import Settings


@pytest.fixture(autouse=True)
def _loopback_is_listed(settings: Settings) -> None:
    settings.OUTGOING_ALLOWED = Allowed.read(["*", "127.0.0.0/8"])


def refused(url: str, method: str = "GET") -> OutgoingError:
    with pytest.raises(OutgoingError) as told:
        call(method, url)
    return told.value


def drip(caller: socket.socket) -> None:
    """A byte now and then: never silent for long, never done."""
    for byte in HELLO * 1000:
        caller.sendall(bytes([byte]))
        time.sleep(0.05)


def hang(*_: Any, **__: Any) -> list[Any]:
    time.sleep(1)
    return []


def test_an_answer_has_status_headers_and_body() -> None:
    with talking() as server:
        answer = call(
            "POST", f"http://127.0.0.1:{server.port}/hook?a=b c", body=b"{}", headers={"X-Signature": "v1"}
        )
    assert (answer.status, answer.ok, answer.headers["x-kind"], answer.body) == (
        200,
        True,
        "greeting",
        b"hello",
    )
    assert server.heard[0].startswith(b"POST /hook?a=b%20c HTTP/1.1\r\n")
    assert b"X-Signature: v1\r\n" in server.heard[0]
    assert f"Host: 127.0.0.1:{server.port}\r\n".encode() in server.heard[0]


@pytest.mark.parametrize(
    ("status", "ok", "retryable"),
    [(204, True, False), (304, False, False), (404, False, False), (429, False, True), (503, False, True)],
)
def test_a_refusal_is_an_answer_and_says_whether_it_may_pass(status: int, ok: bool, retryable: bool) -> None:
    with talking(b"HTTP/1.1 %d X\r\nContent-Length: 0\r\n\r\n" % status) as server:
        answer = call("GET", f"http://127.0.0.1:{server.port}/")
    assert (answer.ok, answer.retryable) == (ok, retryable)


def test_a_host_that_is_not_listed_is_never_looked_up(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTGOING_ALLOWED = Allowed.read(["hooks.example.com"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: pytest.fail("it was looked up"))
    error = refused("https://evil.example/path?token=secret")
    assert error.detail == "The desk may not call evil.example: OUTGOING_ALLOWED does not list it."
    assert not error.retryable


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "2130706433", "0x7f000001", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]
)
def test_the_machine_itself_is_not_called_however_it_is_written(settings: Settings, host: str) -> None:
    settings.OUTGOING_ALLOWED = Allowed.read(["*"])
    with talking() as server:
        error = refused(f"http://{host}:{server.port}/")
    assert not server.heard
    assert "OUTGOING_ALLOWED does not list" in error.detail or "could not be resolved" in error.detail


def test_a_listed_name_that_means_the_metadata_of_a_cloud_leads_nowhere(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.OUTGOING_ALLOWED = Allowed.read(["metrics.example.com", "127.0.0.0/8"])
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [(2, 1, 6, "", ("169.254.169.254", 80))])
    error = refused("http://metrics.example.com/")
    assert "metrics.example.com is an address inside the network" in error.detail
    assert not error.retryable


def test_a_name_is_resolved_once_and_the_checked_address_is_the_one_connected_to(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, *rest: Any, **named: Any) -> Any:
        """The first answer is harmless, every later one leads elsewhere."""
        if host == "rebinding.example":
            asked.append(host)
            host = "127.0.0.1" if len(asked) == 1 else "127.0.0.2"
        return real(host, *rest, **named)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    with talking() as server:
        assert call("GET", f"http://rebinding.example:{server.port}/").body == b"hello"
    assert asked == ["rebinding.example"]
    assert f"Host: rebinding.example:{server.port}".encode() in server.heard[0]


def test_the_next_address_is_tried_when_the_first_does_not_take_it(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [(2, 1, 6, "", ("127.0.0.9", 0)), (2, 1, 6, "", ("127.0.0.1", 0))]
    with talking() as server:
        real = socket.getaddrinfo
        monkeypatch.setattr(
            socket,
            "getaddrinfo",
            lambda host, *r, **n: rows if host == "two.example" else real(host, *r, **n),
        )
        assert call("GET", f"http://two.example:{server.port}/").ok


def test_a_redirect_is_not_followed() -> None:
    with talking(
        b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n"
    ) as server:
        error = refused(f"http://127.0.0.1:{server.port}/")
    assert "answers with a redirect, and the desk follows none" in error.detail
    assert not error.retryable


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000001\r\n\r\n" + b"x" * 1_000_001,
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1_500_000,
    ],
    ids=["said", "unsaid"],
)
def test_an_answer_of_more_than_1_mb_is_not_taken(answer: bytes) -> None:
    with talking(answer) as server:
        assert "more than 1 MB" in refused(f"http://127.0.0.1:{server.port}/").detail


@pytest.mark.parametrize("talk", [drip, lambda _: time.sleep(3)], ids=["drip", "silence"])
def test_time_is_counted_over_all_of_it(monkeypatch: pytest.MonkeyPatch, talk: Any) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.4)
    with talking(talk) as server:
        began = time.monotonic()
        error = refused(f"http://127.0.0.1:{server.port}/")
    assert time.monotonic() - began < 2
    assert error.detail == f"127.0.0.1:{server.port} did not answer within 0.4 seconds."
    assert error.retryable


def test_a_resolver_that_hangs_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "SECONDS", 0.2)
    monkeypatch.setattr(socket, "getaddrinfo", hang)
    assert refused("http://slow.example/").retryable


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhal", b"\x00\xff nonsense\r\n\r\n"]
)
def test_half_an_answer_is_none(answer: bytes) -> None:
    with talking(answer) as server:
        error = refused(f"http://127.0.0.1:{server.port}/")
    assert f"127.0.0.1:{server.port} could not be reached" in error.detail
    assert error.retryable


def test_nobody_there_may_be_there_later() -> None:
    with socket.socket() as bound:  # and not listening: nobody else can take the port meanwhile
        bound.bind(("127.0.0.1", 0))
        assert refused(f"http://127.0.0.1:{bound.getsockname()[1]}/").retryable


@pytest.mark.parametrize(
    "url",
    ["ftp://example.com/", "file:///etc/passwd", "example.com", "http://", "http://a:99999/", "http://[::1/"],
)
def test_only_http_and_https_are_called(url: str) -> None:
    assert refused(url).detail == "This is no http or https address."


def test_an_address_with_a_password_is_refused_and_not_repeated() -> None:
    assert "hunter2" not in refused("https://ci:hunter2@example.com/").detail


def test_no_line_can_be_smuggled_into_the_request() -> None:
    with talking() as server:
        call("GET", f"http://127.0.0.1:{server.port}/a%0d%0aX-Evil: 1")
        assert b"\r\nX-Evil" not in server.heard[0]
        with pytest.raises(ValueError, match="Invalid header value"):
            call("GET", f"http://127.0.0.1:{server.port}/", headers={"X-A": "1\r\nX-Evil: 1"})


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of its own for hooks.example, and its key, in one file."""
    path = tmp_path / "certificate.pem"
    public = tmp_path / "public.pem"
    make = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
    name = "-subj /CN=hooks.example -addext subjectAltName=DNS:hooks.example"
    subprocess.run(f"{make} {name} -keyout {path} -out {public}".split(), check=True, capture_output=True)
    path.write_text(path.read_text() + public.read_text())
    return path


@pytest.mark.parametrize(("host", "trusted"), [("hooks.example", True), ("other.example", False)])
def test_a_certificate_must_be_of_the_name_that_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, host: str, trusted: bool
) -> None:
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda name, *r, **n: real("127.0.0.1" if name == host else name, *r, **n)
    )
    with talking(wrap=lambda plain: server_side.wrap_socket(plain, server_side=True)) as server:
        url = f"https://{host}:{server.port}/"
        if trusted:
            assert call("GET", url).body == b"hello"
            return
        error = refused(url)
    assert "has a certificate that cannot be trusted" in error.detail
    assert not error.retryable
