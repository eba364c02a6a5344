"""How often is too often."""

import math
import time

from django.core.cache import cache

from releasedesk.problems.problem import Problem

WINDOW_SECONDS = 60


def refuse_above(key: str, limit: int, *, add: int = 1) -> None:
    """Count one more in this minute's window; raise 429 above the limit. Each process counts for itself.

    With `add=0` nothing is counted: it only asks whether the limit was reached before.
    """
    now = time.time()
    window = f"throttle:{key}:{int(now // WINDOW_SECONDS)}"
    cache.add(window, 0, WINDOW_SECONDS * 2)
    if cache.incr(window, add) > limit - (1 - add):
        wait = math.ceil(WINDOW_SECONDS - now % WINDOW_SECONDS)
        raise Problem("throttled", f"More than {limit} a minute. Try again in {wait} s.", retry_after=wait)
