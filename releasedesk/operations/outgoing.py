"""The one client for everything the desk calls: metric sources, health URLs, hooks.

Only whom `OUTGOING_ALLOWED` lists, checked again after the name was resolved; the connection is opened to
the very address that was checked. No redirects, no proxies of the environment, 10 seconds for all of it, an
answer of at most 1 MB.
"""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING, Self, cast
from urllib.parse import quote, urlsplit

from django.conf import settings

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

    from releasedesk.operations.outgoing_rule import Address, Allowed

SECONDS = 10.0
ANSWER_BYTES = 1_000_000
_PORTS = {"http": 80, "https": 443}
_KEPT = "%/:=&?~+!$,;'@()*[]"  # what stands in a path or query as it is


class OutgoingError(Exception):
    """A call that brought no answer; the text is one sentence for people. `retryable`: it may work later."""

    def __init__(self, detail: str, *, retryable: bool) -> None:
        super().__init__(detail)
        self.detail, self.retryable = detail, retryable


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status. The names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def ok(self) -> bool:
        """Whether the other side took it."""
        return 200 <= self.status < 300  # noqa: PLR2004

    @property
    def retryable(self) -> bool:
        """Whether the same call may be answered better later."""
        return self.status in {408, 425, 429} or self.status >= 500  # noqa: PLR2004


def call(
    method: str, url: str, *, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> Answer:
    """Call a URL and return its answer. Raises `OutgoingError` for everything but a whole answer in time.

    Blocks for up to 10 seconds: pages and the API leave it to a job.
    """
    allowed: Allowed = settings.OUTGOING_ALLOWED
    target, deadline = check(url), _Deadline(SECONDS)
    try:
        addresses = [address for address in _resolved(target, deadline) if allowed.may_reach(address)]
        if not addresses:
            raise _inside(target.host)
        with _Line(target, addresses, deadline) as line:
            return line.ask(method, headers or {}, body)
    except OutgoingError:
        raise
    except TimeoutError as error:
        raise OutgoingError(f"{target} did not answer within {SECONDS:g} seconds.", retryable=True) from error
    except ssl.SSLCertVerificationError as error:
        detail = f"{target} has a certificate that cannot be trusted: {error.verify_message}."
        raise OutgoingError(detail, retryable=False) from error
    except (OSError, http.client.HTTPException) as error:
        detail = f"{target} could not be reached: {_words(error)}."
        raise OutgoingError(detail, retryable=True) from error


@dataclass(frozen=True, slots=True)
class Target:
    """A URL that may be called, in its parts. As text: what a message may say of it."""

    scheme: str
    host: str
    port: int
    path: str

    def __str__(self) -> str:
        return self.host if self.port == _PORTS[self.scheme] else f"{self.host}:{self.port}"


def check(url: str) -> Target:
    """Take a URL apart and see that the desk may call it, without calling. Raises `OutgoingError`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    if parts.scheme not in _PORTS or not host:
        raise OutgoingError("This is no http or https address.", retryable=False)
    if parts.username is not None or parts.password is not None:
        raise OutgoingError("An address must not hold a name or password.", retryable=False)
    if not settings.OUTGOING_ALLOWED.may_name(host):
        detail = f"The desk may not call {host}: OUTGOING_ALLOWED does not list it."
        raise OutgoingError(detail, retryable=False)
    path = quote(parts.path or "/", safe=_KEPT) + (
        f"?{quote(parts.query, safe=_KEPT)}" if parts.query else ""
    )
    return Target(parts.scheme, host, port or _PORTS[parts.scheme], path)


def _inside(host: str) -> OutgoingError:
    detail = f"{host} is an address inside the network, and OUTGOING_ALLOWED does not list that network."
    return OutgoingError(detail, retryable=False)


class _Deadline:
    """The instant at which all of a call must be over."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left. Raises TimeoutError when there are none: a timeout of 0 would mean something else."""
        if (left := self._at - time.monotonic()) <= 0:
            raise TimeoutError
        return left


def _resolved(target: Target, deadline: _Deadline) -> list[Address]:
    """Resolve the name, beside a thread of ours: the system's resolver knows no deadline."""
    found: list[Address] = []
    failed: list[OSError] = []

    def resolve() -> None:
        try:
            rows = socket.getaddrinfo(target.host, target.port, type=socket.SOCK_STREAM)
            found.extend(dict.fromkeys(ip_address(row[4][0]) for row in rows))
        except (OSError, UnicodeError) as error:
            failed.append(error if isinstance(error, OSError) else OSError("no name of a host"))

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(deadline.left())
    if failed:
        raise OutgoingError(f"The name {target.host} could not be resolved.", retryable=True) from failed[0]
    if thread.is_alive():
        raise TimeoutError
    return found


class _Line:
    """A connection to the first of the checked addresses that takes it."""

    def __init__(self, target: Target, addresses: list[Address], deadline: _Deadline) -> None:
        self._target, self._deadline = target, deadline
        plain = self._connected(addresses)
        if target.scheme == "https":
            plain.settimeout(deadline.left())
            plain = ssl.create_default_context().wrap_socket(plain, server_hostname=target.host)
        self._socket = plain

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()

    def _connected(self, addresses: list[Address]) -> socket.socket:
        for position, address in enumerate(addresses[:-1]):
            try:
                return self._to(address, share=len(addresses) - position)
            except OSError:  # the next one may take it: each has its share of the time
                continue
        return self._to(addresses[-1], share=1)

    def _to(self, address: Address, share: int) -> socket.socket:
        return socket.create_connection((str(address), self._target.port), self._deadline.left() / share)

    def ask(self, method: str, headers: Mapping[str, str], body: bytes | None) -> Answer:
        """Send one request and read its answer to the end."""
        connection = http.client.HTTPConnection(self._target.host, self._target.port)
        connection.default_port = _PORTS[self._target.scheme]
        # http.client asks of it no more than `sendall`, `makefile` and `close`.
        connection.sock = cast("socket.socket", _TimedSocket(self._socket, self._deadline))
        sent = {"User-Agent": "ReleaseDesk", "Connection": "close", **headers}
        connection.request(method, self._target.path, body, sent)
        response = connection.getresponse()
        if 300 <= response.status < 400 and response.status != http.HTTPStatus.NOT_MODIFIED:  # noqa: PLR2004
            detail = f"{self._target} answers with a redirect, and the desk follows none."
            raise OutgoingError(detail, retryable=False)
        read = response.read(ANSWER_BYTES + 1)
        if len(read) > ANSWER_BYTES:
            raise OutgoingError(f"{self._target} answers with more than 1 MB.", retryable=False)
        if response.length:  # it ended before the length that it had named
            raise http.client.IncompleteRead(read, response.length)
        return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, read)


@dataclass(slots=True)
class _TimedSocket:
    """A socket of which every read and write has only what is left of the time."""

    socket: socket.socket
    deadline: _Deadline
    closed: bool = field(default=False)

    def sendall(self, data: ReadableBuffer) -> None:
        """Send all of it."""
        view = memoryview(data)
        while view:
            self.socket.settimeout(self.deadline.left())
            view = view[self.socket.send(view) :]

    def makefile(self, _mode: str) -> io.BufferedReader:
        """What is read from."""
        return io.BufferedReader(_TimedReader(self.socket, self.deadline))

    def close(self) -> None:
        """Nothing: the socket is closed where it was opened."""


class _TimedReader(io.RawIOBase):
    def __init__(self, source: socket.socket, deadline: _Deadline) -> None:
        self._source, self._deadline = source, deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._source.settimeout(self._deadline.left())
        return self._source.recv_into(buffer)


def _words(error: Exception) -> str:
    """The system's own words for what happened, without the numbers around them."""
    text = (error.strerror if isinstance(error, OSError) else None) or str(error) or type(error).__name__
    return text.rstrip(".")[:200]
