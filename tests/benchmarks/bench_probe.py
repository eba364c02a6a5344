"""What the probe costs a request: the same service with and without it, interleaved. Target: under 20 µs.

Run by `make bench`. It exits 1 when the target is missed. Each service answers through its framework's own
routing (Starlette, Flask, Django), so that the route is known; the log line is formatted and written, to a
standard error that keeps nothing. Counted is the thread's own time on the processor, for the probe waits for
nothing: what else the machine does is not its cost.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Callable, Sequence
from io import BytesIO
from pathlib import Path
from time import thread_time
from typing import Any

import django
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpResponse
from django.urls import path
from flask import Flask
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from releasedesk import probe
from releasedesk.probe import asgi, wsgi
from releasedesk.probe.asgi import Message

TARGET_US = 20.0
ROUNDS = 51
REQUESTS = 200
HEADERS = [(b"host", b"basket"), (b"user-agent", b"bench"), (b"accept", b"*/*"), (b"x-request-id", b"r-1")]
Ask = Callable[[int], None]


def _found() -> str:
    probe.cache_miss("basket")
    return "31 lines"


# -- ASGI: one event loop for all rounds, one step of it a request -----------------------------------------


async def _receive() -> Message:
    return {"type": "http.request", "body": b"", "more_body": False}


async def _send(_: Message) -> None:
    return None


def _starlette() -> tuple[Ask, Ask]:
    async def basket(_: Request) -> PlainTextResponse:
        return PlainTextResponse(_found())

    bare: asgi.App = Starlette(routes=[Route("/basket/{number}", basket)])
    return _asked(bare), _asked(asgi.Probe(bare))


def _asked(app: asgi.App) -> Ask:
    def ask(number: int) -> None:
        scope: dict[str, Any] = {
            "type": "http", "method": "GET", "path": f"/basket/{number}", "root_path": "",
            "query_string": b"", "headers": HEADERS,
        }  # fmt: skip
        step = app(scope, _receive, _send)
        try:
            step.send(None)  # type: ignore[attr-defined]  # it waits for nothing, so it ends at once
        except StopIteration:
            return
        raise AssertionError("the service waited")

    return ask


# -- WSGI --------------------------------------------------------------------------------------------------


def _flask() -> tuple[Ask, Ask]:
    app = Flask("basket")
    app.get("/basket/<int:number>")(lambda number: _found())
    return _called(app.wsgi_app), _called(wsgi.Probe(app.wsgi_app))


def _django() -> tuple[Ask, Ask]:
    bare = WSGIHandler()
    settings.MIDDLEWARE = ["releasedesk.probe.django.Probe"]
    watched = WSGIHandler()
    return _called(bare), _called(watched)


def _called(app: Any) -> Ask:
    def ask(number: int) -> None:
        environ = {
            "REQUEST_METHOD": "GET", "PATH_INFO": f"/basket/{number}", "SCRIPT_NAME": "", "QUERY_STRING": "",
            "SERVER_NAME": "basket", "SERVER_PORT": "80", "HTTP_HOST": "basket", "HTTP_X_REQUEST_ID": "r-1",
            "wsgi.url_scheme": "http", "wsgi.input": BytesIO(), "wsgi.errors": sys.stderr,
        }  # fmt: skip
        body = app(environ, lambda *_: None)
        list(body)
        body.close()

    return ask


def _basket(_: object, number: int) -> HttpResponse:
    return HttpResponse(_found())


urlpatterns = [path("basket/<int:number>", _basket)]


# -- Bare and watched take turns, so that a slow moment of the machine falls on both ------------------------


def _round(ask: Ask) -> float:
    """Microseconds of the processor a request, over one round."""
    started = thread_time()
    for number in range(REQUESTS):
        ask(number)
    return (thread_time() - started) / REQUESTS * 1e6


def _cost(bare: Ask, watched: Ask) -> tuple[float, float, float]:
    """Microseconds: the cost, the service bare and watched; of each the fastest round.

    A disturbance only ever adds, so the fastest says most about the code (as timeit's own advice is).
    """
    _round(bare)
    _round(watched)
    rounds = [(_round(bare), _round(watched)) for _ in range(ROUNDS)]
    before, after = (min(column) for column in zip(*rounds, strict=True))
    return after - before, before, after


def _held(name: str, bare: Ask, watched: Ask) -> bool:
    cost, before, after = _cost(bare, watched)
    print(  # noqa: T201 - printing is what a benchmark is for
        f"probe in {name}: {cost:.1f} µs a request ({before:.1f} bare, {after:.1f} watched); "
        f"target under {TARGET_US:.0f} µs: {'held' if cost < TARGET_US else 'MISSED'}"
    )
    return cost < TARGET_US


def _through_logging() -> None:
    """A service's own handler takes the lines now; its cost is the service's choice and told apart."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    logger = logging.getLogger("releasedesk.probe")
    logger.addHandler(handler)
    logger.propagate = False


async def _all() -> bool:
    services = {"Starlette": _starlette(), "Flask": _flask(), "Django": _django()}
    held = [_held(name, *pair) for name, pair in services.items()]
    _through_logging()
    for name, pair in services.items():
        print(f"  with a log handler of its own: {_cost(*pair)[0]:.1f} µs in {name}")  # noqa: T201 - as above
    return all(held)


def main(_: Sequence[str] = ()) -> int:
    """Print the figures; 0 when every target holds, 1 when one does not."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    settings.configure(
        ROOT_URLCONF=Path(__file__).stem if __name__ == "__main__" else __name__,
        MIDDLEWARE=[],
        ALLOWED_HOSTS=["basket"],
    )
    sys.modules.setdefault(Path(__file__).stem, sys.modules[__name__])
    django.setup()
    return 0 if asyncio.run(_all()) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
