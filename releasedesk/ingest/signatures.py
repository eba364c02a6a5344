"""Is a delivery from who it says it is? Over the raw body, in constant time, and pure.

GitHub signs the body (HMAC-SHA256, `X-Hub-Signature-256`). GitLab sends its secret (`X-Gitlab-Token`) or
signs after https://www.standardwebhooks.com: `webhook-id`, `webhook-timestamp` and the body; its external
status checks sign the body alone (HMAC-SHA256, `X-Gitlab-Signature`). A source of
CDEvents may sign in that way too, or send its secret as a bearer token.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

# A signed message is refused after this: who recorded one cannot send it again later.
FRESH_FOR = timedelta(minutes=5)
PREFIX = "whsec_"
Headers = Mapping[str, str]


def what_is_wrong(
    kind: str, headers: Headers, raw: bytes, secrets: Iterable[str], *, now: datetime
) -> str | None:
    """Answer None when one of the secrets fits, else a sentence that says what does not.

    `headers` are asked by any case. Two secrets are valid while one replaces the other.
    """
    keys = list(secrets)
    if "webhook-signature" in headers and kind != "github":
        return _standard(headers, raw, keys, now=now)
    return {"github": _github, "gitlab": _gitlab, "cdevents": _bearer}[kind](headers, raw, keys)


def _github(headers: Headers, raw: bytes, secrets: list[str]) -> str | None:
    given = headers.get("X-Hub-Signature-256", "")
    if not given:
        return "There is no X-Hub-Signature-256: set the webhook's secret on GitHub."
    return None if _any(given, [f"sha256={_hex(secret, raw)}" for secret in secrets]) else WRONG


def _hex(secret: str, raw: bytes) -> str:
    return hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()


def _gitlab(headers: Headers, raw: bytes, secrets: list[str]) -> str | None:
    signed, given = headers.get("X-Gitlab-Signature", ""), headers.get("X-Gitlab-Token", "")
    if signed:
        return None if _any(signed, [_hex(secret, raw) for secret in secrets]) else WRONG
    if not given:
        return "There is neither webhook-signature nor X-Gitlab-Token: set the webhook's secret on GitLab."
    return None if _any(given, secrets) else WRONG


def _bearer(headers: Headers, raw: bytes, secrets: list[str]) -> str | None:  # noqa: ARG001 - a bearer signs nothing
    scheme, _, given = headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not given:
        return "There is neither webhook-signature nor `Authorization: Bearer` with this source's secret."
    return None if _any(given.strip(), secrets) else WRONG


def _standard(headers: Headers, raw: bytes, secrets: list[str], *, now: datetime) -> str | None:
    """Check `v1,<base64>`, of which there may be several, over `id.timestamp.body`."""
    message_id, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not message_id or not re.fullmatch(r"[0-9]{1,12}", stamp):
        return "A signed message needs webhook-id and webhook-timestamp (seconds since 1970)."
    if abs(int(stamp) - now.timestamp()) > FRESH_FOR.total_seconds():
        return (
            f"The webhook-timestamp is over {FRESH_FOR // timedelta(minutes=1)} minutes off the desk's clock."
        )
    signed = b".".join([message_id.encode("latin-1", "replace"), stamp.encode(), raw])
    expected = [
        "v1," + base64.b64encode(hmac.new(_key(secret), signed, hashlib.sha256).digest()).decode()
        for secret in secrets
    ]
    fits = sum(_any(given, expected) for given in headers["webhook-signature"].split()[:10])
    return None if fits else WRONG


def _key(secret: str) -> bytes:
    """The key of a secret: what follows `whsec_` in base64, else the text itself."""
    try:
        return (
            base64.b64decode(secret.removeprefix(PREFIX), validate=True)
            if secret.startswith(PREFIX)
            else secret.encode()
        )
    except binascii.Error:
        return secret.encode()


def _any(given: str, expected: list[str]) -> bool:
    """Compare with all of them, however many fit: the time tells nothing."""
    received = given.encode("utf-8", "replace")
    return sum(hmac.compare_digest(received, each.encode()) for each in expected) > 0


WRONG = "The signature does not fit the body and this source's secret."
