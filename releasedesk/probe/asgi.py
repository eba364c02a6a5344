"""Drop-in for ASGI: `app.add_middleware(Probe)` in FastAPI and Starlette, `app = Probe(app)` in any other.

Adds `Server-Timing` and `Cache-Status` to every response and writes one JSON line a request.
`RELEASEDESK_PROBE=off`, read once at the start, switches it off.
"""

import os
from collections.abc import Awaitable, Callable, MutableMapping
from datetime import UTC, datetime
from time import perf_counter
from typing import Any
from uuid import uuid4

from releasedesk.probe.count import Tally, counting, current, hook_sqlalchemy
from releasedesk.probe.headers import cache_outcome, cache_status, server_timing
from releasedesk.probe.log import guarded, open_log, write

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

NO_ANSWER = 0
FAILED = 500
REQUEST_ID_AT_MOST = 128


class Probe:
    """Pure ASGI middleware. It watches `http` and passes `lifespan` and `websocket` through untouched."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.on = os.environ.get("RELEASEDESK_PROBE", "on").strip().lower() != "off"
        if self.on:
            guarded(open_log)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, watched. What the service raises is raised again, unchanged."""
        if not self.on or scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        guarded(hook_sqlalchemy)
        watch = Watch(scope)
        token = current.set(watch.tally)

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = guarded(watch.with_headers, message) or message
            await send(message)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            watch.status, watch.error = FAILED, type(error).__name__
            raise
        finally:
            # Guarded, because a request that is dropped half way may be closed from another context.
            guarded(current.reset, token)
            guarded(watch.log)


class Watch:
    """One request from its first byte to its last."""

    __slots__ = ("error", "root_path", "scope", "started", "status", "tally")

    def __init__(self, scope: Scope) -> None:
        self.started = perf_counter()
        self.scope = scope
        self.root_path: str = scope.get("root_path", "")
        self.tally = Tally()
        self.status = NO_ANSWER
        self.error: str | None = None

    def with_headers(self, message: Message) -> Message:
        """Give the response's start with our headers after the service's own, which all stay.

        Both are list headers: a further line of the same name appends to the list (RFC 9110, 5.3).
        """
        self.status = message["status"]
        tally = self.tally
        calls = len(tally.db_seconds) if counting() else None
        timing = server_timing(self._ms(), sum(tally.db_seconds) * 1000, calls)
        headers = [*message.get("headers", ()), (b"server-timing", timing.encode("ascii"))]
        if (cache := cache_status(tally.hits, tally.misses)) is not None:
            headers.append((b"cache-status", cache.encode("ascii")))
        return {**message, "headers": headers}

    def log(self) -> None:
        """Write the line. Its numbers are final: a streamed body may have made further calls."""
        scope, tally, method = self.scope, self.tally, self.scope["method"]
        template = route_template(scope, self.root_path)
        line = {
            "event": "request",
            "at": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "method": method,
            "route": f"{method} {template}" if template else None,
            "path": scope["path"],
            "status": self.status,
            "response_ms": round(self._ms(), 3),
            "db_calls": len(tally.db_seconds) if counting() else None,
            "cache": cache_outcome(tally.hits, tally.misses),
            "request_id": _request_id(scope),
        }
        if self.error:
            line["error"] = self.error
        write(line)

    def _ms(self) -> float:
        return (perf_counter() - self.started) * 1000


def route_template(scope: Scope, root_path: str = "") -> str | None:
    """Give the path as the service wrote it, such as `/basket/{id}`, or None where no route is known.

    `root_path` is what it was before routing: a mounted application's prefix is added to it on the way.
    """
    route = scope.get("route")
    # FastAPI keeps the prefix of an included router apart from the route, in this private place.
    whole = scope.get("fastapi", {}).get("effective_route_context")
    path = getattr(whole, "path_format", None) or getattr(route, "path_format", None)
    if not isinstance(path, str):
        return None
    mounted: str = scope.get("root_path", "").removeprefix(root_path)
    return f"{mounted}/{{path}}" if hasattr(route, "routes") else mounted + path


def _request_id(scope: Scope) -> str:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and value:
            text: str = value.decode("latin-1")
            return text[:REQUEST_ID_AT_MOST]
    return uuid4().hex
