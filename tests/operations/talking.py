"""A server of a few lines that says exactly what a test wants, byte by byte."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

HELLO = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Kind: greeting\r\n\r\nhello"


@dataclass
class Talker:
    """Where it listens, and what it was asked."""

    port: int
    heard: list[bytes] = field(default_factory=list)


@contextmanager
def talking(
    answer: bytes | Callable[[socket.socket], None] = HELLO,
    *,
    wrap: Callable[[socket.socket], socket.socket] | None = None,
) -> Iterator[Talker]:
    """Listen on the loopback and give every caller this answer, or let a function talk to it."""
    listening = socket.create_server(("127.0.0.1", 0))
    talker = Talker(listening.getsockname()[1])

    def serve() -> None:
        with suppress(OSError):  # closed: the test is over
            while True:
                threading.Thread(target=talk, args=listening.accept()[:1], daemon=True).start()

    def talk(plain: socket.socket) -> None:
        with suppress(OSError), wrap(plain) if wrap else plain as caller:
            talker.heard.append(_request(caller))
            if callable(answer):
                answer(caller)
            else:
                caller.sendall(answer)

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield talker
    finally:
        listening.close()


def _request(caller: socket.socket) -> bytes:
    """All of one request: its head, and the body that the head announces."""
    heard = b""
    while part := caller.recv(65536):
        heard += part
        head, blank, body = heard.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if blank and len(body) >= (int(length[1]) if length else 0):
            break
    return heard
