"""Drop-in for ASGI: `app.add_middleware(Probe)` in FastAPI and Starlette, `app = Probe(app)` in any other.

Adds `Server-Timing` and `Cache-Status` to every response and writes one JSON line a request.
`RELEASEDESK_PROBE=off`, read once at the start, switches it off.
"""

from collections.abc import Awaitable, Callable, MutableMapping
from sys import modules
from typing import Any

from releasedesk.probe.count import current, hook_sqlalchemy, sources
from releasedesk.probe.log import guarded
from releasedesk.probe.watch import Watch, switched_on

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]


class Probe:
    """Pure ASGI middleware. It watches `http` and passes `lifespan` and `websocket` through untouched."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.on = switched_on()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request, watched. What the service raises is raised again, unchanged."""
        if not self.on or scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        if "sqlalchemy" in modules and "sqlalchemy" not in sources:
            guarded(hook_sqlalchemy)
        watch, root_path = Watch(), scope.get("root_path", "")
        token = current.set(watch)

        async def send_with_headers(message: Message) -> None:
            kind = message["type"]
            if kind == "http.response.start":
                message = guarded(_with_headers, watch, message) or message
            await send(message)
            # The answer ends here; background tasks follow in the same call and are nobody's waiting.
            if kind == "http.response.body" and not message.get("more_body", False):
                watch.once(_log, watch, scope, root_path)

        try:
            await self.app(scope, receive, send_with_headers)
        except Exception as error:
            watch.raised(error)
            raise
        finally:
            # Guarded, because a request that is dropped half way may be closed from another context.
            guarded(current.reset, token)
            watch.once(_log, watch, scope, root_path)


def _with_headers(watch: Watch, message: Message) -> Message:
    watch.status = message["status"]
    ours = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in watch.headers()]
    return {**message, "headers": [*message.get("headers", ()), *ours]}


def _log(watch: Watch, scope: Scope, root_path: str) -> None:
    """Write the line. Its numbers are final: a streamed body may have made further calls."""
    watch.log(scope["method"], route_template(scope, root_path), scope["path"], _request_id(scope))


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


def _request_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("latin-1")
            return text
    return None
