"""The refusals, each once: `components.responses`, from the table of kinds that also renders them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from releasedesk.api.schema.answer import Answer
from releasedesk.api.schema.operation import Operation
from releasedesk.problems.problem import KINDS, RETRYABLE

ALWAYS = (400, 406, 414, 422, 429, 431, 500, 503)
OF_STRANGERS = (401, 403)
OF_PATHS = (404,)
OF_BODIES = (411, 413, 415)


class WrongField(Answer):
    """One wrong field. `pointer` is a JSON pointer into the body, or ?parameter, or a header's name."""

    pointer: str
    code: str
    detail: str
    expected: str
    received: Any


class ProblemDocument(Answer):
    """What went wrong (RFC 9457). `retryable` is true only if the very same request can succeed later."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    request_id: str
    retryable: bool
    errors: list[WrongField]


def statuses(operation: Operation, method: str, path: str) -> list[int]:
    """Every status below which this operation may refuse."""
    found: set[int] = {*ALWAYS}
    found |= {*OF_STRANGERS} if operation.who else set()
    found |= {*OF_PATHS} if "{" in path or operation.query else set()
    found |= {*OF_BODIES} if operation.body or method in {"POST", "PUT", "PATCH"} else set()
    found |= {412} if operation.conditional and method != "GET" else set()
    found |= {409} if operation.keyed or operation.conflicts else set()
    return sorted(found)


def components() -> dict[str, Any]:
    """One response a status, with an example of each kind."""
    return {
        f"Problem{status}": _response(status) for status in sorted({status for status, _ in KINDS.values()})
    }


def references(found: Iterable[int]) -> dict[str, Any]:
    """Point at the responses of these statuses."""
    return {str(status): {"$ref": f"#/components/responses/Problem{status}"} for status in found}


def _response(status: int) -> dict[str, Any]:
    kinds = {kind: title for kind, (own, title) in KINDS.items() if own == status}
    media = {
        "schema": {"$ref": "#/components/schemas/ProblemDocument"},
        "examples": {kind: {"value": _example(kind, status, title)} for kind, title in kinds.items()},
    }
    written: dict[str, Any] = {
        "description": ". ".join(f"{title.rstrip('?')}" for title in kinds.values()) + ".",
        "content": {"application/problem+json": media},
    }
    if headers := _headers(status):
        written["headers"] = headers
    return written


def _headers(status: int) -> dict[str, Any]:
    if status in RETRYABLE:
        seconds = {"type": "integer", "minimum": 0}
        return {
            "Retry-After": {
                "description": "Seconds until it may succeed.",
                "required": True,
                "schema": seconds,
            }
        }
    if status == 401:  # noqa: PLR2004 - RFC 9110 §11.6.1: it has to say how to answer
        return {"WWW-Authenticate": {"description": "How to say who asks.", "schema": {"type": "string"}}}
    return {}


def _example(kind: str, status: int, title: str) -> dict[str, Any]:
    wrong = {
        "pointer": "#/environment",
        "code": "unknown",
        "detail": "No environment is called 'prod'.",
        "expected": "one of: staging, production",
        "received": "prod",
    }
    return {
        "type": f"https://desk.example/problems/{kind}",
        "title": title,
        "status": status,
        "detail": "1 field is wrong." if kind == "invalid-fields" else title,
        "instance": "/api/v1/events",
        "request_id": "5f0c1b7a9d2e4c3f8a6b",
        "retryable": status in RETRYABLE,
        "errors": [wrong] if kind == "invalid-fields" else [],
    }
