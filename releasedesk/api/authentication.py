"""Who is asking: a bearer token, or a person's session."""

from __future__ import annotations

import hmac
import math
import time
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication

from releasedesk.accounts.roles import Actor
from releasedesk.actions.tokens import PREFIX, hash_secret, mark_used
from releasedesk.catalog.models import Token
from releasedesk.operations.request_line import name_actor
from releasedesk.problems.problem import Problem

if TYPE_CHECKING:
    from django.http import HttpRequest
    from rest_framework.request import Request

WINDOW_SECONDS = 60
REALM = {"WWW-Authenticate": 'Bearer realm="releasedesk"'}


class TokenUser:
    """What `request.user` is when a token asks."""

    is_authenticated = True
    is_active = True

    def __init__(self, token: Token) -> None:
        self.token = token
        self.pk = None

    def as_actor(self) -> Actor:
        """Return who acts."""
        return self.token.as_actor()


class Bearer(BaseAuthentication):
    """`Authorization: Bearer rdk_<id>_<secret>` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[TokenUser, Token] | None:
        """Return the token's user; None when no bearer token came. Raises 401 and 429."""
        scheme, _, value = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        address = str(request.META.get("REMOTE_ADDR", ""))
        refuse_above(f"failed:{address}", settings.THROTTLE_FAILED_AUTH_PER_MINUTE, add=0)
        token = find_token(value.strip())
        if token is None:
            refuse_above(f"failed:{address}", settings.THROTTLE_FAILED_AUTH_PER_MINUTE)
            raise Problem(
                "not-authenticated",
                "This token is not known, was revoked or has expired. Ask a lead of your team for a new one.",
                headers=REALM,
            )
        refuse_above(f"token:{token.id}", settings.THROTTLE_TOKEN_PER_MINUTE)
        mark_used(token, now=timezone.now())
        name_actor(token.as_actor().label)
        return TokenUser(token), token

    def authenticate_header(self, request: HttpRequest) -> str:
        """Make DRF answer 401 instead of 403."""
        return REALM["WWW-Authenticate"]


def find_token(text: str) -> Token | None:
    """Return the usable token of this text, compared in constant time."""
    prefix, _, rest = text.partition("_")
    token_id, _, secret = rest.partition("_")
    if prefix != PREFIX or not secret or not token_id.isalnum() or not token_id.isascii():
        return None
    token = Token.objects.usable(timezone.now()).select_related("team", "service").filter(pk=token_id).first()
    if token is None or not hmac.compare_digest(bytes(token.digest), hash_secret(secret)):
        return None
    return token


def refuse_above(key: str, limit: int, *, add: int = 1) -> None:
    """Count one more in this minute's window; raise 429 above the limit. Each process counts for itself."""
    now = time.time()
    window = f"throttle:{key}:{int(now // WINDOW_SECONDS)}"
    cache.add(window, 0, WINDOW_SECONDS * 2)
    if cache.incr(window, add) > limit - (1 - add):
        wait = math.ceil(WINDOW_SECONDS - now % WINDOW_SECONDS)
        raise Problem("throttled", f"More than {limit} a minute. Try again in {wait} s.", retry_after=wait)
