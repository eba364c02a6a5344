"""Who is asking: a bearer token, or a person's session."""

from __future__ import annotations

from django.http import HttpRequest
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from releasedesk.accounts.roles import Actor
from releasedesk.actions.tokens import authenticate, remembered
from releasedesk.catalog.models import Token
from releasedesk.operations.address import address_of
from releasedesk.operations.request_line import name_actor


class TokenUser:
    """What `request.user` is when a token asks."""

    is_authenticated = True
    is_active = True
    pk = None

    def __init__(self, token: Token) -> None:
        self.token = token

    def as_actor(self) -> Actor:
        """Return who acts."""
        return self.token.as_actor()


def token_of(request: HttpRequest) -> Token | None:
    """Return the bearer token that asks; None when none came. Raises 401 and 429."""
    header = request.META.get("HTTP_AUTHORIZATION", "")
    return _named(authenticate(header, address=address_of(request), now=timezone.now()))


def remembered_token_of(request: HttpRequest) -> Token | None:
    """Return the bearer token if it was found a moment ago: see `tokens.remembered`. Raises 429."""
    return _named(remembered(request.META.get("HTTP_AUTHORIZATION", ""), now=timezone.now()))


def _named(token: Token | None) -> Token | None:
    """Let every line of the log say who asks."""
    if token is not None:
        name_actor(token.label)
    return token


class Bearer(BaseAuthentication):
    """`Authorization: Bearer rdk_<id>_<secret>` (RFC 6750)."""

    def authenticate(self, request: Request) -> tuple[TokenUser, Token] | None:
        """Return the token's user; None when no bearer token came. Raises 401 and 429."""
        token = token_of(request._request)  # noqa: SLF001 - DRF's only name for Django's request
        return None if token is None else (TokenUser(token), token)

    def authenticate_header(self, request: HttpRequest) -> str:
        """Make DRF answer 401 instead of 403."""
        return 'Bearer realm="releasedesk"'
