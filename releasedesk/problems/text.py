"""What one line of text may not hold. Pure."""

from unicodedata import category

# Marks that turn the direction of what follows: a line could read differently from what it is.
_TURNS_DIRECTION = frozenset("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def has_control(text: str) -> bool:
    """Answer whether a one-line field must be refused: control characters, line ends, turned direction."""
    return any(map(is_control, text))


def is_control(character: str) -> bool:
    """Answer whether a character could command a terminal, end the line or hide what is really there."""
    return category(character) in {"Cc", "Cs", "Zl", "Zp"} or character in _TURNS_DIRECTION
