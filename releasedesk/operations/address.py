"""Whose request it is, by address."""

from django.conf import settings
from django.http import HttpRequest


def address_of(request: HttpRequest) -> str:
    """Return the peer's address; behind our own proxy, the one the proxy saw.

    Only the last entry of `X-Forwarded-For` was written by the proxy; whatever stands before it came from
    outside and could be anybody's invention.
    """
    if settings.BEHIND_PROXY:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded[:45]
    return str(request.META.get("REMOTE_ADDR", ""))
