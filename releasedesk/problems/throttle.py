"""How often is too often."""

import math
import time
from collections import Counter
from threading import Lock

from releasedesk.problems.problem import Problem

WINDOW_SECONDS = 60
# Not Django's cache: the local one forgets counts when more than 300 keys are in it.
_lock, _counts = Lock(), Counter[str]()
_window = 0


def refuse_above(key: str, limit: int) -> None:
    """Count one more in this minute's window; raise 429 above the limit. Each process counts for itself."""
    now = time.time()
    if _count(key, int(now // WINDOW_SECONDS)) > limit:
        wait = math.ceil(WINDOW_SECONDS - now % WINDOW_SECONDS)
        raise Problem("throttled", f"More than {limit} a minute. Try again in {wait} s.", retry_after=wait)


def _count(key: str, window: int) -> int:
    global _window  # noqa: PLW0603 - the counts of one process, for one minute
    with _lock:
        if window != _window:
            _counts.clear()
            _window = window
        _counts[key] += 1
        return _counts[key]


def forget() -> None:
    """Begin to count anew."""
    with _lock:
        _counts.clear()
