"""What the probe costs a request: the same service with and without it, interleaved. Target: under 20 µs.

Run by `make bench`. It exits 1 when the target is missed. The service answers through Starlette, so that the
route is known; the log line is formatted and written, to a file that keeps nothing.
"""

import asyncio
import logging
import os
import statistics
import sys
from collections.abc import Sequence
from time import perf_counter
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from releasedesk import probe
from releasedesk.probe.asgi import App, Message, Probe

TARGET_US = 20.0
ROUNDS = 31
REQUESTS = 400
HEADERS = [(b"host", b"basket"), (b"user-agent", b"bench"), (b"accept", b"*/*"), (b"x-request-id", b"r-1")]


async def _basket(_: Request) -> PlainTextResponse:
    probe.cache_miss("basket")
    return PlainTextResponse("31 lines")


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(_: Message) -> None:
    return None


async def _round(app: App) -> float:
    """Microseconds a request, over one round."""
    started = perf_counter()
    for number in range(REQUESTS):
        scope: dict[str, Any] = {
            "type": "http", "method": "GET", "path": f"/basket/{number}", "root_path": "",
            "query_string": b"", "headers": HEADERS,
        }  # fmt: skip
        await app(scope, _receive, _send)
    return (perf_counter() - started) / REQUESTS * 1e6


async def _rounds() -> list[tuple[float, float]]:
    bare: App = Starlette(routes=[Route("/basket/{number}", _basket)])
    watched = Probe(bare)
    await _round(bare)
    await _round(watched)
    # Bare and watched take turns, so that a slow moment of the machine falls on both.
    return [(await _round(bare), await _round(watched)) for _ in range(ROUNDS)]


def _keep_nothing() -> None:
    handler = logging.StreamHandler(open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open to the end
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("releasedesk.probe")
    logger.addHandler(handler)
    logger.propagate = False


def main(_: Sequence[str] = ()) -> int:
    """Print the figures; 0 when the target holds, 1 when it does not."""
    _keep_nothing()
    rounds = asyncio.run(_rounds())
    bare, watched = (statistics.median(column) for column in zip(*rounds, strict=True))
    costs = sorted(after - before for before, after in rounds)
    cost = statistics.median(costs)
    held = cost < TARGET_US
    print(  # noqa: T201 - printing is what a benchmark is for
        f"probe: {cost:.1f} µs a request "
        f"(quartiles {costs[ROUNDS // 4]:.1f} to {costs[3 * ROUNDS // 4]:.1f}; "
        f"{bare:.1f} bare, {watched:.1f} watched); "
        f"target under {TARGET_US:.0f} µs: {'held' if held else 'MISSED'}"
    )
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
