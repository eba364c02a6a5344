"""Names close to the one that was not found."""

from collections.abc import Iterable
from difflib import get_close_matches

MOST = 10


def near(name: str, known: Iterable[str]) -> list[str]:
    """Return the closest names first, then the others in the order given; at most ten."""
    names = list(dict.fromkeys(known))
    close = get_close_matches(name, names, n=3, cutoff=0.6)
    return close + [other for other in names if other not in close][: MOST - len(close)]


def closest(name: str, known: Iterable[str]) -> str | None:
    """Return the one name that was probably meant, or None."""
    return next(iter(get_close_matches(name, list(known), n=1, cutoff=0.6)), None)
