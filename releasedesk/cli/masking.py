"""Secrets in what a command prints, masked before it is kept or sent. Pure.

Two ways, because neither is enough: the values of environment variables that are named like secrets, and
texts of the shapes that well-known tokens have. What is neither is printed as it came: a command that prints
a secret of its own making must be told not to.
"""

import re
from collections.abc import Mapping

from releasedesk.cli.typed import MASK, SECRET

SHORTEST = 6  # a shorter value ("1", "true", "admin") would mask half of every sentence
SHAPES = re.compile(
    r"""(?x)
    \brdk_[\w-]{4,}                                # ours
    | \b(?:gh[pousr]|github_pat)_\w{16,}           # GitHub
    | \bgl(?:pat|ptt|cbt|dt)-[\w-]{16,}            # GitLab
    | \bxox[abprs]-[\w-]{10,}                      # Slack
    | \b(?:AKIA|ASIA)[0-9A-Z]{16}\b                # AWS
    | \beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*          # a signed JSON Web Token
    | -----BEGIN[ ][A-Z ]*PRIVATE[ ]KEY-----       # its lines follow; the first says enough
    """
)
# What stands before a secret is kept, so that one can see what it was.
NAMED = re.compile(
    r"(?i)(\b[\w-]*(?:token|secret|passw(?:or)?d|api_?key|credential)[\w-]*[\"']?\s*[=:]\s*[\"']?"
    r"|\bbearer\s+|\bbasic\s+|://[^\s/:@]*:)([^\s\"'&@]{3,})"
)


class Masking:
    """Masks one text after another, with the secrets that an environment holds."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        found = {
            value for name, value in environment.items() if SECRET.search(name) and len(value) >= SHORTEST
        }
        longest_first = sorted(found, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first))) if found else None

    def __call__(self, text: str) -> str:
        """Give the text with its secrets masked."""
        if self._known:
            text = self._known.sub(MASK, text)
        return NAMED.sub(rf"\1{MASK}", SHAPES.sub(MASK, text))
