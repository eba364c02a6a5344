"""The command as it was typed, fit to be kept: what may be a secret is masked. Pure."""

import re
import shlex
from collections.abc import Callable, Sequence
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
SECRET = re.compile(r"token|secret|key|passw|pwd|auth|sig|session|credential|cookie", re.IGNORECASE)
# Of commands that clear caches: `redis-cli -a PASSWORD`, `redis-cli AUTH PASSWORD`, `curl -u USER:PASSWORD`.
SECRET_OPTION = re.compile(r"-[apuU]|--pass|auth|bearer|basic|authorization:", re.IGNORECASE)
SECRET_GLUED = re.compile(r"-[apuU](?=[^-])")
HEADER_NAME = re.compile(r"[A-Za-z0-9-]+")
ASSIGNED = re.compile(r"(-{0,2}[A-Za-z_][\w-]*)=(.+)", re.DOTALL)
ADDRESS = re.compile(r"[a-z][a-z0-9+.-]*://\S+", re.IGNORECASE)


def command_as_typed(arguments: Sequence[str]) -> str:
    """Write `releasedesk …` so that it can be read, pasted and published."""
    kept, mask_next = [], None
    for argument in arguments:
        name, equals, value = argument.partition("=")
        if mask_next is not None:
            kept.append(mask_next(argument))
            mask_next = None
        elif argument in MASKS:
            kept.append(argument)
            mask_next = MASKS[argument]
        elif equals and name in MASKS:
            kept.append(f"{name}={MASKS[name](value)}")
        elif argument.startswith("-H"):
            kept.append("-H" + _mask_header(argument.removeprefix("-H")))
        else:
            kept.append(without_secrets(argument))
    return shlex.join(["releasedesk", *kept])


def without_secrets(text: str) -> str:
    """Mask the password and the query values that are named like secrets; other text stays as it is."""
    if not re.match(r"[a-z][a-z0-9+.-]*://", text, re.IGNORECASE):
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


def shell_command(text: str) -> str:
    """Mask a command of somebody else's by what its words look like; one that cannot be split is all mask.

    >>> shell_command("redis-cli -a hunter2 -u redis://:hunter2@cache DEL 'basket:*'")
    "redis-cli -a '***' -u 'redis://:***@cache' DEL 'basket:*'"
    >>> shell_command("redis-cli FLUSHALL && echo done")
    'redis-cli FLUSHALL && echo done'
    """
    try:
        words = shlex.split(text)
    except ValueError:
        return MASK
    kept = [_mask_word(before, word) for before, word in zip(["", *words], words, strict=False)]
    return text if kept == words else shlex.join(kept)


def _mask_word(before: str, word: str) -> str:
    """Mask one word of a command, in the light of the word before it."""
    if any(letter.isspace() for letter in word):  # a header, or a command within a command: sh -c "…"
        name, colon, _ = word.partition(":")
        if colon and HEADER_NAME.fullmatch(name):
            return _mask_header(word)
        return shell_command(word)
    assigned = ASSIGNED.fullmatch(word)
    if assigned and (SECRET.search(assigned[1]) or assigned[1] == "--pass"):
        return f"{assigned[1]}={MASK}"
    if ADDRESS.search(word):
        return ADDRESS.sub(lambda found: without_secrets(found[0]), word)
    if SECRET_OPTION.fullmatch(before) or (before.startswith("--") and SECRET.search(before)):
        return MASK
    glued = SECRET_GLUED.match(word)
    return glued[0] + MASK if glued else word


def _mask_header(text: str) -> str:
    name, colon, value = text.partition(":")
    if not colon:
        return MASK
    return text if name.strip().lower() in HARMLESS else f"{name}: {MASK}" if value else text


def _mask_body(text: str) -> str:
    """A file's name says where the body was; a body that was typed may hold anything."""
    return text if text.startswith("@") else MASK


def _mask_all(_: str) -> str:
    return MASK


MASKS: dict[str, Callable[[str], str]] = {
    "--header": _mask_header,
    "-H": _mask_header,
    "--cookie": _mask_all,
    "--data": _mask_body,
    "--json-body": _mask_body,
    "--clear-cache": shell_command,
}
