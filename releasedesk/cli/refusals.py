"""How a refusal reads: the problem document of an answer (RFC 9457), and its words."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx


def problem(response: httpx.Response) -> dict[str, Any]:
    """Read the problem document (RFC 9457) of an answer; {} where there is none."""
    if not response.headers.get("content-type", "").startswith("application/problem+json"):
        return {}
    try:
        document = response.json()
    except (ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def wrong_fields(document: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    """Give what a problem document says of single fields, whoever wrote it."""
    errors = document.get("errors")
    return [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []


def in_words(response: httpx.Response) -> str:
    """Say what went wrong, then of each field what is wrong, what was expected, what was received."""
    document, status = problem(response), response.status_code
    if not document:
        to = f", to {response.headers['location']}" if "location" in response.headers else ""
        return f"{response.url} answered {status} {response.reason_phrase}{to}".rstrip()
    return problem_in_words(document, status)


def problem_in_words(document: Mapping[str, Any], status: int) -> str:
    """Say what a problem document says, a field a line."""
    lines = [f"The desk answered {status}: {document.get('detail') or document.get('title') or 'no reason'}"]
    for error in wrong_fields(document):
        lines.append(
            f"  {str(error.get('pointer', '#')).lstrip('#/') or 'the body'}: {error.get('detail', '')}"
        )
        lines += [
            f"    {name}: {error[name]}"
            for name in ("expected", "received")
            if error.get(name) not in (None, "")
        ]
    return "\n".join(lines)
