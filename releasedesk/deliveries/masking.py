"""What is done to a message before it is stored. Pure."""

import hashlib
import json
import math
from functools import lru_cache
from typing import Any

from releasedesk.deliveries.masking_kinds import MASK, may_hold_a_secret, without_secrets
from releasedesk.problems.text import names_a_secret
from releasedesk.problems.text import storable as storable_text

PAIR_NAMES = {"key", "name"}
NAMES_REMEMBERED, LONGEST_REMEMBERED = 4096, 64  # of members of JSON: a sender's are the same every time

_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def canonical(payload: object) -> str:
    """Write parsed JSON in the one way that is the same for every spelling of it."""
    return _encoder.encode(payload)


def digest(payload: object) -> bytes:
    """SHA-256 of the parsed JSON: the same body in another spelling is the same body."""
    return hashlib.sha256(canonical(payload).encode()).digest()


def is_storable(text: str) -> bool:
    """Whether JSON in the `canonical` spelling is surely stored as it is. Nearly all that comes is."""
    if "\\u" in text or "NaN" in text or "Infinity" in text:
        return False
    return not may_hold_a_secret(text)


def storable(value: Any, *, secret: bool = False) -> Any:
    """Copy parsed JSON with secrets masked and with what PostgreSQL's jsonb cannot hold replaced.

    Everything below a `secret` name is masked, however deep.
    """
    if isinstance(value, dict):
        of_pair = _is_pair_of_a_secret(value)
        kept = {}
        for key, inner in value.items():
            name, is_secret = _remembered(key) if len(key) <= LONGEST_REMEMBERED else _name(key)
            below = secret or is_secret or (of_pair and key not in PAIR_NAMES)
            kept[name] = storable(inner, secret=below)
        return kept
    if isinstance(value, list):
        return [storable(inner, secret=secret) for inner in value]
    if value is None or isinstance(value, bool):
        return value
    if secret:
        return MASK
    if isinstance(value, str):
        return _text(value)
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _is_pair_of_a_secret(value: dict[str, Any]) -> bool:
    """Whether it is a name beside its value, as `{"key": "DEPLOY_TOKEN", "value": …}`, and the name tells."""
    names = (value.get(name) for name in PAIR_NAMES)
    return "value" in value and any(isinstance(name, str) and names_a_secret(name) for name in names)


def _name(name: str) -> tuple[str, bool]:
    """A member's name as it is stored, and whether it names a secret."""
    return _text(name), names_a_secret(name)


_remembered = lru_cache(NAMES_REMEMBERED)(_name)


def _text(text: str) -> str:
    text = storable_text(text)
    if not may_hold_a_secret(text):
        return text
    return _json_in_text(text) or without_secrets(text)


def _json_in_text(text: str) -> str | None:
    """JSON in a string (GitHub's `deployment.payload`, say) with its secrets masked; None if it is none.

    It is none either where it is too deep, or says something twice: a secret may stand in the first.
    """
    if not text.lstrip().startswith(("{", "[", '"')):
        return None
    try:
        parsed = json.loads(text, object_pairs_hook=_said_once)
        kept = storable(parsed)
    except (ValueError, RecursionError):
        return None
    return text if kept == parsed else json.dumps(kept, ensure_ascii=False)


def _said_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise ValueError("A name comes twice.")
    return members
