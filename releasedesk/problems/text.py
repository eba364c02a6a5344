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


_SECRET_NAME = re.compile(
    r"(pass(word|wd|phrase)?($|[^a-z])|secret|token|api[-_]?key|authorization|cookie|credential|private[-_]?key)",
    re.IGNORECASE,
)


def names_a_secret(name: str) -> bool:
    """Say whether a field of this name may hold a secret, so that its value is neither kept nor echoed."""
    return _SECRET_NAME.search(name) is not None
