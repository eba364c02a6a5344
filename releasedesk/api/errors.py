"""The exception handler of every API view: one shape for everything that goes wrong."""

from typing import Any

from django.http import HttpResponse
from rest_framework import exceptions
from rest_framework.views import set_rollback

from releasedesk.problems.render import as_problem, problem_response


def handle(error: Exception, context: dict[str, Any]) -> HttpResponse:
    """Answer `application/problem+json` (RFC 9457); the transaction, if one is open, is rolled back."""
    set_rollback()
    problem = as_problem(error)
    response = problem_response(context["request"]._request, problem)  # noqa: SLF001 - Django's own request
    if isinstance(error, exceptions.MethodNotAllowed):
        response["Allow"] = ", ".join(context["view"].allowed_methods)
    return response
