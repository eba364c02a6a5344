"""What machines ask is answered before the host is looked at: probes and scrapers come by address."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.urls import resolve

PATHS = {"/health", "/ready", "/metrics"}


class Probes:
    """Middleware: answers the three by itself; nothing they say depends on the host."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path not in PATHS:
            return self.get_response(request)
        request.resolver_match = match = resolve(request.path)
        answer: HttpResponse = match.func(request)
        return answer
