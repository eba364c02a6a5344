"""The exception handler of every API view: one shape for everything that goes wrong."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from rest_framework import exceptions
from rest_framework.views import set_rollback

from releasedesk.api.parsers import discard
from releasedesk.problems.problem import Problem
from releasedesk.problems.render import as_problem, problem_response


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Answer `application/problem+json` (RFC 9457); the transaction, if one is open, is rolled back."""
    set_rollback()
    request = context["request"]._request  # noqa: SLF001 - Django's own request
    discard(request, error)
    problem = as_problem(error)
    response = problem_response(request, problem)
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response


@csrf_exempt  # it writes nothing: whoever posts is told that there is nothing here, and not of a token
def not_served(request: HttpRequest) -> HttpResponse:
    """Answer whatever path the API does not have: 404 in the same shape."""
    discard(request)
    told, meant = "There is nothing at this address.", request.path_info.rstrip("/")
    if meant != request.path_info and _is_served(meant):
        told = f"{told} Without the slash at its end there is: {meant}"
    return problem_response(request, Problem("not-found", told))


def _is_served(path: str) -> bool:
    try:
        return resolve(path).func is not not_served
    except Resolver404:
        return False
