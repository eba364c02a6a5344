"""Problems as HTTP answers, and Django's and DRF's own failures as problems."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from django.core.exceptions import (
    BadRequest,
    DisallowedHost,
    PermissionDenied,
    RequestDataTooBig,
    SuspiciousOperation,
)
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, JsonResponse, UnreadablePostError
from django.http.multipartparser import MultiPartParserError
from django.utils.encoding import escape_uri_path
from rest_framework import exceptions

from releasedesk.operations.request_line import current_id
from releasedesk.problems.problem import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

log = logging.getLogger(__name__)
RETRY_AFTER_SECONDS = 5


def problem_document(request: HttpRequest, problem: Problem) -> dict[str, Any]:
    """Render a problem as the answer to this request, or as a part of it."""
    return problem.as_json(
        type_base=_origin(request),
        instance=escape_uri_path(request.path),
        request_id=current_id(),
    )


def problem_response(request: HttpRequest, problem: Problem) -> JsonResponse:
    """Render a problem as `application/problem+json`."""
    document = problem_document(request, problem)
    response = JsonResponse(document, status=problem.status, content_type="application/problem+json")
    for name, value in problem.headers.items():
        response[name] = value
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def as_problem(error: Exception) -> Problem:
    """Translate any failure; what nobody foresaw becomes a logged 500."""
    foreseen = as_foreseen(error)
    if foreseen is not None:
        return foreseen
    log.error("unforeseen failure", exc_info=error)
    return Problem("internal", "Something failed that should not. The request id finds it in the log.")


def as_foreseen(error: Exception) -> Problem | None:
    """Translate a failure that has a word of its own; None for any other."""
    if isinstance(error, Problem):
        return error
    return next((translate(error) for kinds, translate in TRANSLATIONS if isinstance(error, kinds)), None)


def unavailable(error: Exception) -> Problem:
    """The database is away: the same request may be sent again."""
    log.warning("database unavailable", exc_info=error)
    return Problem(
        "unavailable",
        f"The database does not answer. Nothing was stored. Try again in {RETRY_AFTER_SECONDS} s.",
        retry_after=RETRY_AFTER_SECONDS,
    )


def _origin(request: HttpRequest) -> str:
    """Scheme and host, for a link. Of a host that is not ours nothing is said: the link is then relative."""
    try:
        return f"{request.scheme}://{request.get_host()}"
    except DisallowedHost:
        return ""


def _method_not_allowed(error: Any) -> Problem:
    return Problem("method-not-allowed", str(error.detail))


TRANSLATIONS: list[tuple[tuple[type[Exception], ...], Callable[[Any], Problem]]] = [
    ((OperationalError, InterfaceError), unavailable),
    ((Http404, exceptions.NotFound), lambda _: Problem("not-found", "There is nothing at this address.")),
    (
        (exceptions.NotAuthenticated, exceptions.AuthenticationFailed),
        lambda _: Problem(
            "not-authenticated",
            "Send a token: `Authorization: Bearer rdk_…`.",
            headers={"WWW-Authenticate": 'Bearer realm="releasedesk"'},
        ),
    ),
    (
        (PermissionDenied, exceptions.PermissionDenied),
        lambda error: Problem("forbidden", str(error) or "Not allowed."),
    ),
    ((exceptions.MethodNotAllowed,), _method_not_allowed),
    ((exceptions.NotAcceptable,), lambda _: Problem("not-acceptable", "Ask for application/json.")),
    (
        (exceptions.UnsupportedMediaType,),
        lambda _: Problem("unsupported-media-type", "Send JSON with `Content-Type: application/json`."),
    ),
    ((RequestDataTooBig,), lambda _: Problem("too-large", "The body is too large.")),
    (
        (DisallowedHost,),
        lambda _: Problem(
            "bad-request",
            "The desk does not answer under the name it was asked by. Whoever runs it adds the name to "
            "ALLOWED_HOSTS.",
        ),
    ),
    (
        (UnreadablePostError,),
        lambda _: Problem("bad-request", "The body did not come whole: its sender stopped before its end."),
    ),
    (
        (SuspiciousOperation, BadRequest, MultiPartParserError),
        lambda _: Problem("bad-request", "The request cannot be understood."),
    ),
    ((exceptions.ParseError,), lambda error: Problem("not-json", str(error.detail))),
]
