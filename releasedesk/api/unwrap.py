"""A body that comes in chunks or packed by gzip, made whole and plain before anybody reads it."""

from __future__ import annotations

import gzip
import zlib
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, cast

from releasedesk.api.parsers import read_limited, refuse_longer
from releasedesk.problems.problem import Problem

if TYPE_CHECKING:
    from django.http import HttpRequest

CHUNKS, PACKED = "HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_ENCODING"
GZIP, PLAIN = {"gzip", "x-gzip"}, {"", "identity"}  # RFC 9110 §8.4.1.3: the two names of gzip are one


def unwrap(request: HttpRequest, limit: int) -> None:
    """Let the request's body be read as if it had come whole and as it is.

    At most one byte more than `limit` is kept, so that whoever reads it sees that it is too long. Raises 400
    for what cannot be unpacked, 411 for a body whose end is not known, 413 for one that says itself that it
    is too long, 415 for another encoding.
    """
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdigit() and int(length) > limit:
        refuse_longer(int(length), limit)
    if CHUNKS in request.META:
        _put(request, _chunks(request, limit))
        del request.META[CHUNKS]
    encoding = request.META.get(PACKED, "").strip().lower()
    if encoding in GZIP:
        _put(request, _unpacked(read_limited(_stream(request), limit), limit))
        del request.META[PACKED]
    elif encoding not in PLAIN:
        told = f"The body comes as {encoding[:100]}. Send it as it is, or by `Content-Encoding: gzip`."
        raise Problem("unsupported-media-type", told, headers={"Accept-Encoding": "gzip"})


def _chunks(request: HttpRequest, limit: int) -> bytes:
    """Read the chunks. The server has to say that it ends such a body: Django itself takes it for empty."""
    coding = request.META[CHUNKS].strip().lower()
    if coding != "chunked" or not request.META.get("wsgi.input_terminated"):
        told = "Where the body ends is not known. Send it whole, with `Content-Length`, or in plain chunks."
        raise Problem("length-required", told)
    try:
        return cast("bytes", request.META["wsgi.input"].read(limit + 1))
    except Exception as error:  # the server's own, of a class that depends on the server
        raise Problem("bad-request", "The chunks of the body cannot be read.") from error


def _unpacked(packed: bytes, limit: int) -> bytes:
    """Unpack no more than can be wanted, whatever the packed bytes promise."""
    try:
        return gzip.GzipFile(fileobj=BytesIO(packed)).read(limit + 1)
    except (OSError, EOFError, zlib.error):
        refuse_longer(len(packed), limit)
        raise Problem("bad-request", "The body says that it is packed by gzip, and is not.") from None


def _stream(request: HttpRequest) -> IO[bytes]:
    """What Django reads the body from; to read the request itself would mark it as read."""
    return cast("IO[bytes]", cast("Any", request)._stream)  # noqa: SLF001


def _put(request: HttpRequest, raw: bytes) -> None:
    cast("Any", request)._stream = BytesIO(raw)  # noqa: SLF001
    request.META["CONTENT_LENGTH"] = str(len(raw))
