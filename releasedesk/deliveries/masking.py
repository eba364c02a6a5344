"""What is done to a message before it is stored. Pure."""

import hashlib
import json
import math
import re
from typing import Any

MASK = "•••"
SECRET_NAME = re.compile(
    r"(pass(word|wd)?|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key)",
    re.IGNORECASE,
)
SECRET_VALUE = re.compile(
    r"rdk_[0-9a-zA-Z]+_[\w-]+"  # our own tokens
    r"|gh[pousr]_[A-Za-z0-9]{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}"
    r"|eyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]+"  # JSON web tokens
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # user:password in an address
    r"|(?i:bearer)\s+[\w.~+/=-]{8,}"
)


def digest(payload: object) -> bytes:
    """SHA-256 of the parsed JSON: the same body in another spelling is the same body."""
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).digest()


def storable(value: Any, *, name: str = "") -> Any:
    """Copy parsed JSON with secrets masked and with what PostgreSQL's jsonb cannot hold replaced."""
    if isinstance(value, dict):
        return {_text(key): storable(inner, name=key) for key, inner in value.items()}
    if isinstance(value, list):
        return [storable(inner, name=name) for inner in value]
    if isinstance(value, str):
        return MASK if SECRET_NAME.search(name) else _text(value)
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value


def _text(text: str) -> str:
    """Mask secrets; NUL and lone surrogates are no text to PostgreSQL."""
    shown = text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()
    return SECRET_VALUE.sub(MASK, shown)
