"""The short way for machines: a bearer token needs no session, no form and no page."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, cast

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.urls import resolve

from releasedesk.problems.render import as_problem, problem_response

_resolved = lru_cache(maxsize=1024)(resolve)  # the addresses do not change while the desk runs


def origin(request: HttpRequest) -> str:
    """Return scheme and host that were asked, looked at once a request. Raises for a host not ours."""
    kept: str = cast("Any", request)._current_scheme_host  # noqa: SLF001 - what `build_absolute_uri` goes by
    return kept


class Straight:
    """Middleware before those of the pages: what comes under `/api/` with a token goes straight to its view.

    Whatever fails there is answered as everywhere else under `/api/`.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        scheme = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")[0]
        if scheme.lower() != "bearer" or not request.path_info.startswith("/api/"):
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
