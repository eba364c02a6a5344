"""The short way for machines: a bearer token needs no session, no form and no page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

from django.contrib.auth.models import AnonymousUser
from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler, WSGIRequest
from django.db import connections
from django.http import HttpRequest, HttpResponse
from django.middleware.security import SecurityMiddleware
from django.urls import resolve

from releasedesk.operations.content_security import ContentSecurityPolicy
from releasedesk.operations.request_line import RequestLine
from releasedesk.probe.django import Probe
from releasedesk.problems.render import as_problem, problem_response

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

_resolved = lru_cache(maxsize=1024)(resolve)  # the addresses do not change while the desk runs


def origin(request: HttpRequest) -> str:
    """Return scheme and host that were asked, looked at once a request. Raises for a host not ours."""
    kept: str = cast("Any", request)._current_scheme_host  # noqa: SLF001 - what `build_absolute_uri` goes by
    return kept


def comes_straight(meta: Mapping[str, Any], path: str) -> bool:
    """Say whether a request is a machine's: with a bearer token, and under `/api/`."""
    scheme = meta.get("HTTP_AUTHORIZATION", "")[:7].lower()
    return path.startswith("/api/") and scheme in {"bearer", "bearer "}


class Straight:
    """Middleware before those of the pages: what comes under `/api/` with a token goes straight to its view.

    Whatever fails there is answered as everywhere else under `/api/`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not comes_straight(request.META, request.path_info):
            return self.get_response(request)
        try:
            response = self._answer(request)
        except Exception as error:  # noqa: BLE001 - translated, and logged if nobody foresaw it
            response = problem_response(request, as_problem(error))
        if not response.streaming:
            response.headers.setdefault("Content-Length", str(len(response.content)))
        return response

    def _answer(self, request: HttpRequest) -> HttpResponse:
        origin(request)
        request.user = AnonymousUser()
        request.resolver_match = match = _resolved(request.path_info)
        response: HttpResponse = match.func(request, *match.args, **match.kwargs)
        if hasattr(response, "render") and not getattr(response, "is_rendered", True):
            response = response.render()
        return response


class Application:
    """What a server calls (PEP 3333): Django's handler, and for machines less of it.

    Machines get the same answers from the same middleware and views. Left out is what nothing under `/api/`
    needs: signals for every request, what a thread has to know for pages, and to write down anew those
    headers that all answers have. Together that took more than to take in an event.
    """

    def __init__(self) -> None:
        self.pages = WSGIHandler()
        self.security = SecurityMiddleware(lambda _: HttpResponse())
        self.machines = RequestLine(Probe(convert_exception_to_response(self._answer)))
        self.straight = Straight(_nobody)
        self.of_all: dict[bool, dict[str, str]] = {}

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request."""
        if environ.get("SCRIPT_NAME") or not comes_straight(environ, environ.get("PATH_INFO", "")):
            return cast("Iterable[bytes]", self.pages(environ, start_response))
        connections["default"].close_if_unusable_or_obsolete()
        request = WSGIRequest(environ)
        response = self.machines(request)
        headers = self._headers_of_all(request) | dict(response.items())
        start_response(f"{response.status_code} {response.reason_phrase}", list(headers.items()))
        return cast("Iterable[bytes]", response) if response.streaming else [response.content]

    def _answer(self, request: HttpRequest) -> HttpResponse:
        redirect = cast("HttpResponse | None", self.security.process_request(request))
        return redirect or self.straight(request)

    def _headers_of_all(self, request: HttpRequest) -> dict[str, str]:
        """What the middleware would add to every answer; with TLS that is one header more."""
        is_secure = request.is_secure()
        if is_secure not in self.of_all:
            empty = HttpResponse()
            del empty.headers["Content-Type"]
            self.security.process_response(request, empty)
            self.of_all[is_secure] = dict(ContentSecurityPolicy(lambda _: empty)(request).items())
        return self.of_all[is_secure]


def _nobody(request: HttpRequest) -> HttpResponse:
    raise AssertionError(f"{request.path} does not come straight")
