"""The command as it was typed, fit to be kept: what may be a secret is masked. Pure."""

import re
import shlex
from collections.abc import Sequence
from urllib.parse import urlsplit, urlunsplit

MASK = "***"
# Every other header may hold a secret, whatever its name: it is masked.
HARMLESS = {
    "accept",
    "accept-encoding",
    "accept-language",
    "cache-control",
    "content-type",
    "host",
    "user-agent",
}
SECRET = re.compile(r"token|secret|key|passw|auth|sig|session|credential", re.IGNORECASE)


def command_as_typed(arguments: Sequence[str]) -> str:
    """Write `releasedesk …` so that it can be read, pasted and published."""
    masked, follows_header = [], False
    for argument in arguments:
        if follows_header:
            masked.append(_mask_header(argument))
        elif argument.startswith("--header="):
            masked.append("--header=" + _mask_header(argument.removeprefix("--header=")))
        elif argument.startswith("-H") and argument != "-H":
            masked.append("-H" + _mask_header(argument.removeprefix("-H")))
        else:
            masked.append(_mask_url(argument))
        follows_header = not follows_header and argument in {"--header", "-H"}
    return shlex.join(["releasedesk", *masked])


def _mask_header(text: str) -> str:
    name, colon, value = text.partition(":")
    if not colon:
        return MASK
    return text if name.strip().lower() in HARMLESS else f"{name}: {MASK}" if value else text


def _mask_url(text: str) -> str:
    """Mask the password and the query values that are named like secrets; other text stays as it is."""
    if not re.match(r"https?://", text, re.IGNORECASE):
        return text
    try:
        parts = urlsplit(text)
    except ValueError:
        return MASK
    user, at, host = parts.netloc.rpartition("@")
    netloc = f"{user.partition(':')[0]}:{MASK}@{host}" if at else parts.netloc
    query = re.sub(
        r"([^&=]+)=([^&]*)",
        lambda pair: f"{pair[1]}={MASK if SECRET.search(pair[1]) else pair[2]}",
        parts.query,
    )
    return urlunsplit(parts._replace(netloc=netloc, query=query))
