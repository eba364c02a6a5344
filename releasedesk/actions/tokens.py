"""Issue, use and revoke tokens."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Scope, Service, Token
from releasedesk.operations.statements import find
from releasedesk.problems.problem import FieldError, Problem, invalid, unknown
from releasedesk.problems.text import has_control
from releasedesk.problems.throttle import refuse_above

PREFIX = "rdk"
SECRET_BYTES = 32
NAME_AT_MOST = 150  # as long as a username: both are written down as who acted
USED_AT_MOST_EVERY = timedelta(minutes=1)


def require_may_grant(actor: Actor, scopes: Sequence[str]) -> None:
    """Raise 403 for who would give away more than their own: `admin` reaches beyond a team."""
    if Scope.ADMIN in scopes and not actor.superuser:
        detail = f"{actor.label} may not issue a token with the scope '{Scope.ADMIN}'."
        raise Problem("forbidden", f"{detail} Ask an administrator of the desk.")


def issue_token(
    team: Team,
    *,
    service: Service | None,
    scopes: Sequence[str],
    name: str,
    created_by: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[Token, str]:
    """Make a token. Returns the row and the one text that is shown once: `rdk_<id>_<secret>`.

    Raises 422 for an unknown scope or a name that is no label, and 403 for a service of another team.
    """
    if not name.strip() or len(name) > NAME_AT_MOST or has_control(name):
        raise invalid(
            FieldError("#/name", "format", "This cannot be a label.", f"1 to {NAME_AT_MOST} characters", name)
        )
    known = [str(scope) for scope in Scope]
    if wrong := [scope for scope in scopes if scope not in known]:
        raise invalid(*(unknown("#/scopes", "scope", scope, known) for scope in wrong))
    if not scopes:
        raise invalid(
            FieldError("#/scopes", "required", "A token needs a scope.", f"one of: {', '.join(known)}")
        )
    if service is not None and service.team_id != team.pk:
        raise Problem("forbidden", f"{service.slug} belongs to {service.team.slug}, not to {team.slug}.")
    secret = secrets.token_urlsafe(SECRET_BYTES)
    token = Token.objects.create(
        id=secrets.token_hex(6),
        digest=hash_secret(secret),
        name=name,
        team=team,
        service=service,
        scopes=list(dict.fromkeys(scopes)),
        created_at=now,
        created_by=created_by,
        expires_at=expires_at,
    )
    return token, f"{PREFIX}_{token.id}_{secret}"


def hash_secret(secret: str) -> bytes:
    """SHA-256 is enough: the secret is 32 random bytes, there is no dictionary to try."""
    return hashlib.sha256(secret.encode()).digest()


def authenticate(header: str, *, address: str, now: datetime) -> Token | None:
    """Return the token of an `Authorization` header, or None when it holds no bearer token.

    Raises 401 for a token that is not usable, and 429 for an address that fails, or a token that asks, too
    often.
    """
    scheme, _, value = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = _find(value.strip(), now)
    if token is None:
        # Only failures are refused: behind one proxy or one office a stranger must not lock out everybody.
        refuse_above(f"failed:{address}", settings.THROTTLE_FAILED_AUTH_PER_MINUTE)
        raise Problem(
            "not-authenticated",
            "This token is not known, was revoked or has expired. Ask a lead of your team for a new one.",
            headers={"WWW-Authenticate": 'Bearer realm="releasedesk", error="invalid_token"'},
        )
    refuse_above(f"token:{token.id}", settings.THROTTLE_TOKEN_PER_MINUTE)
    mark_used(token, now=now)
    _remember(header, token)
    return token


# By the SHA-256 of the header that proved it: who reads this memory learns no secret.
_remembered: dict[bytes, Token] = {}
REMEMBERED_AT_MOST = 1000


def remembered(header: str, *, now: datetime) -> Token | None:
    """Return the token that this header proved within the last minute, without asking the database again.

    It may have been revoked since: only for what is refused in the same statement if it was, as in `take_in`;
    for anything else authenticate. Raises 429 for a token that asks too often.
    """
    token = _remembered.get(hash_secret(header))
    if token is None or token.last_used_at is None or now - token.last_used_at >= USED_AT_MOST_EVERY:
        return None
    refuse_above(f"token:{token.id}", settings.THROTTLE_TOKEN_PER_MINUTE)
    return token


def _remember(header: str, token: Token) -> None:
    if len(_remembered) >= REMEMBERED_AT_MOST:
        _remembered.clear()
    _remembered[hash_secret(header)] = token


# `Token.objects.usable(now)` of one id, asked by every request.
USABLE = "WHERE id = %s AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > %s)"


def _find(text: str, now: datetime) -> Token | None:
    """Find a usable token by its id; the secret is compared in constant time."""
    prefix, _, rest = text.partition("_")
    token_id, _, secret = rest.partition("_")
    if prefix != PREFIX or not secret or not (token_id.isascii() and token_id.isalnum()):
        return None
    found = find(Token, USABLE, [token_id, now])
    usable = found and hmac.compare_digest(bytes(found[0].digest), hash_secret(secret))
    return found[0] if usable else None


def mark_used(token: Token, *, now: datetime) -> None:
    """Remember the last use, at most once a minute so that reading does not become writing."""
    if token.last_used_at is None or now - token.last_used_at >= USED_AT_MOST_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
        token.last_used_at = now
