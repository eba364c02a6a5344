"""What is done to a message before it is stored. Pure."""

import hashlib
import json
import math
import re
from typing import Any

from releasedesk.problems.text import names_a_secret
from releasedesk.problems.text import storable as storable_text

MASK = "•••"
PAIR_NAMES = {"key", "name"}
# What lets whoever has an address in: of storage at Azure, Amazon and Google.
_SIGNED = r"(?i:(?<=[?&])(?:sig|signature|x-(?:amz|goog)-signature))"
_NAMED = r"[\w-]{0,40}(?:passw(?:or)?d|passphrase|secret|token|api[-_]?key|credential)[\w-]{0,40}"
# Every alternative begins where nothing of its own kind stands before it and takes all it can (`++`): a
# megabyte of near misses costs one pass.
SECRET_VALUE = re.compile(
    r"rdk_[0-9a-zA-Z]++_[\w-]+"  # our own tokens
    r"|gh[pousr]_[A-Za-z0-9]{20,}|github_pat_\w{20,}|gl[a-z]{2,8}-[\w-]{20,}|xox[abprs]-[\w-]{10,}|AKIA[0-9A-Z]{16}"
    r"|whsec_[A-Za-z0-9+/]{16,}+=*+"  # of Standard Webhooks, and of our own sources
    # npm, Docker, Stripe, DigitalOcean, Vault, PyPI, Google, Anthropic, OpenAI, Atlassian; SendGrid
    r"|(?<![\w-])(?:npm_|dckr_pat_|[rs]k_live_|do[opr]_v1_|hvs\.|pypi-|AIza|sk-(?:ant|proj)-|ATATT)[\w-]{16,}+=*+"
    r"|(?<![\w-])SG\.[\w-]{16,}+\.[\w-]{16,}+"
    # where whoever has the address may write: Slack, Discord, Teams
    r"|(?<=hooks\.slack\.com/)[\w/-]++|(?<=/api/webhooks/)[\w/-]++|(?<=/webhookb2/)[\w@/.-]++"
    r"|(?i:(?<![\w-])authorization:\s*+basic)\s++[\w+/=-]++"
    rf"|{_SIGNED}=[^\s&'\"]++"
    r"|(?<![\w-])eyJ[\w-]{10,}+\.[\w-]{10,}+\.[\w-]+"  # JSON web tokens
    r"|(?<=://)[^/\s:@]++:[^/\s@]++(?=@)"  # user:password in an address
    r"|(?i:(?<!\w)bearer)\s++[\w.~+/=-]{8,}"
    r"|-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----))*+"
    rf"|(?i:(?<![\w-]){_NAMED})[=:]\s?(?:'[^']*+'|\"[^\"]*+\"|[^\s&'\",;]++)"  # DEPLOY_TOKEN=…, ?token=…
    rf"|(?i:(?<![\w-])--{_NAMED})\s++[^\s-]\S*+"  # --password … behind one
)

# What every text of the above holds, in lower case. Nearly no text does, and to look for it costs a tenth.
HINT = re.compile(
    r"rdk_|gh[pousr]_|github_pat_|gl[a-z]{2,8}-|xox[abprs]-|akia|whsec_|eyj|@|bearer|-----begin"
    r"|npm_|dckr_pat_|k_live_|_v1_|hvs\.|pypi-|aiza|sk-ant-|sk-proj-|atatt|sg\.|hooks\.slack|webhook|authorization|sig"
    r"|passw|passphrase|secret|token|api[-_]?key|credential"
)


# ASCII text without any of these, in lower case, neither holds a secret nor names one. To look costs a tenth.
TELLTALES = (
    *("rdk_", "ghp_", "gho_", "ghu_", "ghs_", "ghr_", "pat_", "gl", "xox", "akia", "whsec_", "eyj", "npm_"),
    *("k_live_", "_v1_", "hvs.", "pypi-", "aiza", "sk-ant-", "sk-proj-", "atatt", "sg.", "hook", "sig"),
    *("@", "bearer", "-----begin", "pass", "secret", "token", "key", "credential", "authorization", "cookie"),
)


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
    return not any(map(text.lower().__contains__, TELLTALES))


def storable(value: Any, *, secret: bool = False) -> Any:
    """Copy parsed JSON with secrets masked and with what PostgreSQL's jsonb cannot hold replaced.

    Everything below a `secret` name is masked, however deep.
    """
    if isinstance(value, dict):
        of_pair = _is_pair_of_a_secret(value)
        return {
            _text(key): storable(
                inner, secret=secret or names_a_secret(key) or (of_pair and key not in PAIR_NAMES)
            )
            for key, inner in value.items()
        }
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


def _text(text: str) -> str:
    text = storable_text(text)
    return SECRET_VALUE.sub(_masked, text) if HINT.search(text.casefold()) else text


def _masked(match: re.Match[str]) -> str:
    """Keep the name in front of a secret: it says which one was there."""
    name = re.match(r"[\w-]+(?:[=:]\s?|\s+)", match[0])
    is_told = name and (names_a_secret(name[0]) or name[0].lower().endswith(("sig=", "signature=")))
    return f"{name[0]}{MASK}" if name and is_told else MASK
