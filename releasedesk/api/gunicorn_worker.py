"""gunicorn's worker: what it refuses by itself has the API's shape, and nobody holds up its threads."""

from __future__ import annotations

import json
import socket
import struct
from secrets import token_hex
from typing import Any

from django.conf import settings
from gunicorn.http.errors import (
    ConfigurationProblem,
    InvalidResponseHeader,
    InvalidResponseHeaderName,
    LimitRequestHeaders,
    LimitRequestLine,
    ParseException,
    UnsupportedTransferCoding,
)
from gunicorn.util import write_nonblock
from gunicorn.workers.gthread import ThreadWorker

from releasedesk.problems.problem import Problem

# Kinds of mistakes that are the desk's own, though gunicorn finds them while it parses.
OURS = (ConfigurationProblem, InvalidResponseHeader, InvalidResponseHeaderName)
SAYS_AT_MOST = 300
PATIENCE = struct.pack("ll", 10, 0)  # seconds and microseconds, as the kernel reads them
REASONS = {
    400: "Bad Request",
    411: "Length Required",
    414: "URI Too Long",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
}


class Worker(ThreadWorker):  # type: ignore[misc] # gunicorn tells no types
    """gunicorn's worker of threads, but for its refusals and its patience."""

    def enqueue_req(self, conn: Any) -> None:
        """Let a thread wait for whoever has stopped sending, or reading, no longer than for one who is slow.

        gunicorn's own threads wait without end: a few runners that lost their network would take them all.
        """
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            conn.sock.setsockopt(socket.SOL_SOCKET, option, PATIENCE)
        super().enqueue_req(conn)

    def handle_request(self, req: Any, conn: Any) -> bool:
        """Announce the end of a connection on which something may be left of a refused body.

        gunicorn drains 64 KiB of it and closes, after it has said `keep-alive`: the next request is lost.
        """
        if not _ends_in_time(req):
            req.force_close()
        return bool(super().handle_request(req, conn))

    def handle_error(self, req: Any, client: socket.socket, addr: Any, exc: Exception) -> None:
        """Refuse what Django never sees. gunicorn closes the connection afterwards."""
        problem, name = problem_of(exc), token_hex(16)
        if problem.kind == "internal":
            self.log.error("Unforeseen failure of request %s.", name, exc_info=exc)
        else:
            self.log.warning("Refused what %s sent as request %s: %s", addr, name, exc)
        try:
            write_nonblock(client, _answer(problem, instance=getattr(req, "path", "") or "", name=name))
        except OSError as error:
            self.log.debug("Nobody was left to be told so: %s", error)


def _ends_in_time(req: Any) -> bool:
    """Whether it is known beforehand that all of the body will be read, or thrown away by the API."""
    headers = dict(req.headers)
    length = headers.get("CONTENT-LENGTH", "0")
    return "TRANSFER-ENCODING" not in headers and int(length) <= settings.LIMIT_DISCARD_BYTES


def problem_of(error: Exception) -> Problem:
    """Say what gunicorn could not read, and what would do."""
    if not isinstance(error, ParseException) or isinstance(error, OURS):
        told = "Something failed that should not. The request id finds it in the log."
        return Problem("internal", told)
    said = str(error)[:SAYS_AT_MOST]
    if isinstance(error, LimitRequestLine):
        return Problem("address-too-long", f"{said}. Send what is long as a body.")
    if isinstance(error, LimitRequestHeaders):
        return Problem("headers-too-large", f"These are too many headers, or one is too long: {said}.")
    if isinstance(error, UnsupportedTransferCoding):
        return Problem("length-required", f"{said}. Send the body whole, with `Content-Length`.")
    return Problem("bad-request", f"This is no HTTP that can be read: {said}.")


def _answer(problem: Problem, *, instance: str, name: str) -> bytes:
    body = json.dumps(problem.as_json(type_base="", instance=instance, request_id=name)).encode()
    head = (
        f"HTTP/1.1 {problem.status} {REASONS[problem.status]}",
        "Connection: close",
        "Content-Type: application/problem+json",
        f"Content-Length: {len(body)}",
        "X-Content-Type-Options: nosniff",
        f"X-Request-ID: {name}",
    )
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body
