"""JSON in, with a limit per kind of body."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import IO, Any, cast

from django.conf import settings
from django.http import HttpRequest, UnreadablePostError
from rest_framework.parsers import BaseParser

from releasedesk.problems.json_text import parse_json
from releasedesk.problems.problem import Problem

CHUNK = 64 * 1024


class Json(BaseParser):
    """`application/json`. The view's `limit` names the setting that bounds the body."""

    media_type = "application/json"

    def parse(
        self,
        stream: IO[bytes],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the parsed body. Raises 413 above the limit and 400 for what is not JSON."""
        view = (parser_context or {})["view"]
        raw = read_limited(stream, getattr(settings, view.limit))
        return parse_json(raw)


def read_limited(stream: IO[bytes], limit: int) -> bytes:
    """Read a body of at most `limit` bytes. Raises 413 for a longer one."""
    raw = stream.read(limit + 1)
    refuse_longer(len(raw), limit)
    return raw


def refuse_longer(length: int, limit: int) -> None:
    """Raise 413 for a body of more than `limit` bytes."""
    if length > limit:
        raise Problem("too-large", f"The body is over {limit / 1_000_000:g} MB. Nothing was stored.")


def discard(request: HttpRequest, error: Exception | None = None) -> None:
    """Throw away what was not read of a body refused for an error, so that its sender sees the answer.

    A server that closes with unread data resets the connection, and the answer with it. A body over the bound
    is left: whoever sends it has to stop by themselves. One that stopped coming is not waited for again.
    """
    length = request.META.get("CONTENT_LENGTH") or "0"
    left: int = settings.LIMIT_DISCARD_BYTES
    if isinstance(error, UnreadablePostError) or not length.isdigit() or int(length) > left:
        return
    # Django takes a body in chunks for empty. A server that ends every body says so, and is asked itself.
    ends = request.META.get("wsgi.input_terminated")
    rest = cast("IO[bytes]", request.META["wsgi.input"] if ends else request)
    with suppress(Exception):  # the server's own, of a class that depends on the server
        while left > 0 and (piece := rest.read(CHUNK)):
            left -= len(piece)
