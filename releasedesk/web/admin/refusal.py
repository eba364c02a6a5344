"""A `Problem` of an action becomes errors of the form, in the same words."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from django.http import HttpRequest

from releasedesk.problems.problem import FieldError, Problem

KEPT_AS = "releasedesk.refused"


def refuse(request: HttpRequest, problem: Problem) -> None:
    """Let the forms of this request show why they were not accepted."""
    request.META[KEPT_AS] = problem


def refused(request: HttpRequest) -> Problem | None:
    """Return why the forms of this request were not accepted, if they were not."""
    problem: Problem | None = request.META.get(KEPT_AS)
    return problem


def errors_of(problem: Problem) -> list[FieldError]:
    """What is wrong, one by one; a problem that names no field is about the whole."""
    return list(problem.errors) or [FieldError("#", problem.kind, problem.detail)]


def said(error: FieldError) -> str:
    """What failed and what was expected."""
    return f"{error.detail} Expected: {error.expected}." if error.expected else error.detail


def words(problem: Problem) -> str:
    """The whole problem in one line, for a message."""
    return " ".join(map(said, errors_of(problem)))


def parts(error: FieldError) -> list[str]:
    """The pointer's parts: `#/steps/0/command` → steps, 0, command."""
    return [part for part in error.pointer.removeprefix("#").split("/") if part]


@contextmanager
def within(pointer: str) -> Iterator[None]:
    """Move what is wrong within a row of an inline to where that row stands on the page."""
    try:
        yield
    except Problem as problem:
        problem.errors = [
            replace(error, pointer=pointer + error.pointer.removeprefix("#")) for error in errors_of(problem)
        ]
        raise
