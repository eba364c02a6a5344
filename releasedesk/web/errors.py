"""Everything that goes wrong, as a page that helps; under `/api/` as a problem document."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from releasedesk.operations.request_line import current_id
from releasedesk.problems.problem import Problem
from releasedesk.problems.render import as_foreseen, problem_response

ON_THE_WAY_BACK = (
    "Do not wait for the desk: go on by the steps that you have on the screen, on paper or among the saved "
    "runbooks, and tick them here when it answers again. Nothing of a rollback that was begun is lost."
)
NEVER_SHOWN = {"csrfmiddlewaretoken", "password", "sign_in/password"}


class ProblemPages:
    """Middleware: a `Problem` that a view raises is answered in the words of the API, as a page."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Answer what the desk itself refused, and a database that is away; leave the rest to Django."""
        problem = as_foreseen(error)
        return answer(request, problem) if problem else None


def answer(request: HttpRequest, problem: Problem) -> HttpResponse:
    """Render a problem as a page, under `/api/` as a document, and as text where text was asked for."""
    if _one_slash(request.path).startswith("/api/"):
        return problem_response(request, problem)
    if problem.kind == "unavailable":
        # The page would look who reads it, which takes as long as the first try and fails as it did.
        request.user = AnonymousUser()
        if "/rollback/" in request.path:
            problem.detail = f"{problem.detail} {ON_THE_WAY_BACK}"
    context = {"problem": problem, "request_id": current_id()}
    if request.path.endswith((".txt", ".ics")):
        response = HttpResponse(
            as_text(problem), status=problem.status, content_type="text/plain; charset=utf-8"
        )
    else:
        response = render(request, "problem.html", context, status=problem.status)
    for name, value in problem.headers.items():
        response[name] = value
    if problem.retry_after is not None:
        response["Retry-After"] = str(problem.retry_after)
    return response


def as_text(problem: Problem) -> str:
    """Say a problem in a few lines."""
    wrong = [f"  {error.detail} Expected {error.expected}." for error in problem.errors]
    again = ["The same may be tried again."] if problem.retryable else []
    return "\n".join([f"{problem.title}: {problem.detail}", *wrong, *again]) + "\n"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400."""
    problem = as_foreseen(exception) or Problem("bad-request", "The request cannot be understood.")
    return answer(request, problem)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """403."""
    return answer(request, Problem("forbidden", "You may not do this. Ask a lead of the team."))


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """403 for a form that was sent from an old page: nothing was changed, and nothing typed is lost.

    The browser itself says (Fetch Metadata) whether the form was one of ours. Only then what was typed is
    shown again, to be sent by another click; a stranger's form is refused and shown nothing.
    """
    if request.headers.get("Sec-Fetch-Site") != "same-origin":
        detail = "The form came from a page that is too old. Go back, reload the page and send it again."
        return answer(request, Problem("forbidden", detail))
    lists = request.POST.lists()
    kept = [(name, value) for name, values in lists for value in values if name not in NEVER_SHOWN]
    return render(request, "send_again.html", {"kept": kept}, status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404."""
    told, meant = "There is nothing at this address.", _one_slash(request.path)
    if meant != request.path:
        told = f"{told} It begins with more than one slash: {meant} may be meant."
    return answer(request, Problem("not-found", told))


def _one_slash(path: str) -> str:
    """The path as it is meant: an address that ends with a slash, put before one that begins with it."""
    return "/" + path.lstrip("/")


def server_error(request: HttpRequest) -> HttpResponse:
    """500."""
    detail = "Something failed that should not. It is in the log under the id below; trying again may help."
    return answer(request, Problem("internal", detail))
