"""JSON in, with a limit per kind of body."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import IO, Any

from django.conf import settings
from rest_framework.parsers import BaseParser

from releasedesk.problems.problem import Problem

CHUNK = 64 * 1024


class Json(BaseParser):
    """`application/json` and its `+json` kin. The view's `limit` names the setting that bounds the body."""

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
        try:
            return json.loads(raw)
        except UnicodeDecodeError as error:
            raise Problem(
                "not-json", f"The body is not UTF-8: {error.reason} at byte {error.start}."
            ) from None
        except RecursionError:
            raise Problem("not-json", "The JSON is nested too deeply.") from None
        except ValueError as error:
            raise Problem("not-json", f"The body is not JSON: {error}.") from None


def read_limited(stream: IO[bytes], limit: int) -> bytes:
    """Read a body of at most `limit` bytes.

    What is longer is read and thrown away, up to a bound, so that the sender gets to see the 413 instead of a
    broken connection.
    """
    raw = stream.read(limit + 1)
    if len(raw) <= limit:
        return raw
    seen = len(raw)
    while seen < settings.LIMIT_DISCARD_BYTES and (chunk := stream.read(CHUNK)):
        seen += len(chunk)
    raise Problem("too-large", f"The body is over {limit / 1_000_000:g} MB. Nothing was read.")
