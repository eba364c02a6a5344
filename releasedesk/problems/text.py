"""What text may not hold, and which names stand for secrets. Pure."""

import re
from unicodedata import category

# Marks that turn the direction of what follows: a line could read differently from what it is.
_TURNS_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def has_control(text: str) -> bool:
    """Answer whether a one-line field must be refused: control characters, line ends, turned direction."""
    if text.isascii():
        return not text.isprintable()  # the same, for nearly all that comes
    return any(map(is_control, text))


def is_control(character: str) -> bool:
    """Answer whether a character could command a terminal, end the line or hide what is really there."""
    return category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _TURNS_DIRECTION


def storable(text: str) -> str:
    """Replace what is no text to PostgreSQL nor to UTF-8: NUL and halves of surrogate pairs."""
    if text.isascii() and "\0" not in text:
        return text
    return text.replace("\0", "\N{SYMBOL FOR NULL}").encode("utf-8", "replace").decode()


# Of a name in lower case, its words joined by "_": DBPassword, DB-PASSWORD and db_password are one.
_SECRET_NAME = re.compile(
    r"password|passwd|passphrase|passcode|secret(?!ar|_scanning)|token(?!i[sz])|credential|cookie|authorization"
    r"|(?:^|_|db|user|root|admin|my|sql|pg|http|ftp|smtp|mail|redis)pass(?:_|$)|(?<!old)pwds?(?:_|$)|(?:^|_)pw$"
    r"|(?:^|_|basic|http|proxy)auth(?:$|_?(?:key|code|data))"
    r"|(?:api|access|account|storage|app|client|service|deploy|private|signing|encryption|decryption|auth"
    r"|master|shared|session|license|ssh|ssl|tls|rsa|aes|hmac|jwt)_?keys?(?:_|$)"
)
# What ends a name that only tells about a secret; the two ids that let whoever has them in do not.
_ABOUT = re.compile(
    r"_(?:types?|ids?|names?|ur[il]s?|counts?|rate|ratio|percent(?:age)?|threshold|limits?|used|usage|length|size"
    r"|policy|at|on|in|by|ttl|age|expir(?:y|es|ation)|lifetime|status|state|scopes?|protection|endpoint|method"
    r"|format|version|required|enabled|valid|file|path|dir|ref)$"
)
_SECRET_ID = re.compile(r"session_?id|sessid|secret_id")
_BETWEEN_WORDS = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|[^A-Za-z]+")


def names_a_secret(name: str) -> bool:
    """Say whether a field of this name may hold a secret, so that its value is neither kept nor echoed.

    >>> [name for name in ("dbPassword", "SSH_KEY", "token_type", "author") if names_a_secret(name)]
    ['dbPassword', 'SSH_KEY']
    """
    words = _BETWEEN_WORDS.sub("_", name).lower().strip("_")
    if _SECRET_ID.search(words):
        return True
    return _SECRET_NAME.search(words) is not None and not _ABOUT.search(words)
