"""One line a request: who asked what, what they got and how long it took. Never a token, never a body.

Each request has an id, answered as `X-Request-ID`. Everything logged meanwhile carries it, and `current_id()`
gives it to the problem documents.
"""

from __future__ import annotations

import logging
import re
import time
from random import getrandbits
from typing import TYPE_CHECKING

import structlog

from releasedesk.operations import metrics
from releasedesk.operations.log import actor, request_id
from releasedesk.probe.django import route_template

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

# What a careful proxy sends. Anything else could forge log lines or fill them.
SANE_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
SANE_PARAMETER = re.compile(r"[a-z_]{1,40}")
NAME = "releasedesk.request"
log, level = structlog.get_logger(NAME), logging.getLogger(NAME)


def current_id() -> str:
    """Return the id of the request this thread is answering, or an empty string outside of one."""
    return request_id.get()


def name_actor(label: str) -> None:
    """Put who acts into every line of this request. A label, never the secret that proved it."""
    actor.set(label)


class RequestLine:
    """Middleware, the outermost: gives the request its id, logs its line and counts it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        offered = request.META.get("HTTP_X_REQUEST_ID", "")
        name = offered if SANE_ID.fullmatch(offered) else f"{getrandbits(128):032x}"
        request_id.set(name)
        actor.set("")  # the thread has answered others before
        started = time.perf_counter()
        response = self.get_response(request)
        seconds = time.perf_counter() - started
        response.headers["X-Request-ID"] = name
        _name_signed_in(request)
        if not actor.get():
            # How much work an answer was may tell a stranger what there is; our own log still says it.
            response.headers.pop("Server-Timing", None)
        if level.isEnabledFor(logging.INFO):
            log.info(
                "request",
                **_described(request),
                status=response.status_code,
                **_measured(request, seconds),
            )
        metrics.observe(_view_name(request), response.status_code, seconds)
        return response


def _described(request: HttpRequest) -> dict[str, object]:
    """Return method and path, and the names alone of what the query asks: its values may be anything."""
    described: dict[str, object] = {"method": request.method, "path": request.path}
    if asked := sorted(name for name in request.GET if SANE_PARAMETER.fullmatch(name)):
        described["query"] = asked
    return described


def _measured(request: HttpRequest, seconds: float) -> dict[str, object]:
    """Return the route and the numbers as the probe names them, so that `releasedesk measure` reads our log.

    Where the probe is switched off, the time alone is known.
    """
    route = route_template(request)
    described: dict[str, object] = {"route": f"{request.method} {route}" if route else None}
    watch = getattr(request, "releasedesk_probe", None)
    return described | (watch.fields() if watch else {"response_ms": round(seconds * 1000, 3)})


def _view_name(request: HttpRequest) -> str:
    match = request.resolver_match
    return match.view_name if match else "unmatched"


def _name_signed_in(request: HttpRequest) -> None:
    """Name the signed-in person if the view looked; looking now would cost a query nobody asked for."""
    user = getattr(request, "_cached_user", None)
    if user is not None and user.is_authenticated and not actor.get():
        name_actor(user.get_username())
