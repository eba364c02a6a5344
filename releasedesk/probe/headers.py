"""The two response headers, as text. Pure.

`Server-Timing` is W3C Server Timing (2.1), `Cache-Status` is RFC 9211 in the structured fields of RFC 8941.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

SF_TOKEN = re.compile(r"[A-Za-z*][!#$%&'*+\-.^_`|~0-9A-Za-z:/]*\Z")
NOT_PRINTABLE = re.compile(r"[^ -~]")


def server_timing(app_ms: float, db_ms: float, db_calls: int | None) -> str:
    """Write times in milliseconds; `db` is left out where nobody counts (`db_calls` None), which is not 0.

    >>> server_timing(12.34, 3.1, 12)
    'app;dur=12.3, db;dur=3.1;desc="12"'
    """
    if db_calls is None:
        return f"app;dur={app_ms:.1f}"
    return f'app;dur={app_ms:.1f}, db;dur={db_ms:.1f};desc="{db_calls}"'


def cache_outcome(hits: Sequence[str], misses: Sequence[str]) -> str | None:
    """Give `hit`, `miss` or None: a request that missed anywhere did the work, whatever else it found."""
    return "miss" if misses else "hit" if hits else None


def cache_status(hits: Sequence[str], misses: Sequence[str]) -> str:
    """Give one member for each cache that decided the outcome; nothing where no cache was asked.

    >>> cache_status(["price"], ["basket"])
    'basket; fwd=miss'
    """
    return _members(tuple(misses), "fwd=miss") if misses else _members(tuple(hits), "hit")


@lru_cache(maxsize=1024)
def _members(caches: tuple[str, ...], parameter: str) -> str:
    return ", ".join(f"{_name(cache)}; {parameter}" for cache in dict.fromkeys(caches))


def _name(cache: str) -> str:
    """Write a cache's name as an RFC 8941 token, or as a string where a token cannot hold it."""
    if SF_TOKEN.match(cache):
        return cache
    printable = NOT_PRINTABLE.sub("?", cache)
    return '"' + printable.replace("\\", "\\\\").replace('"', '\\"') + '"'
