"""Holds every answer of the API against the document that describes it, to the last member."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from releasedesk.api.schema.document import document

PREFIX = "/api/v1/"
OPEN = {"ProblemDocument"}  # a problem may carry more members, such as the gate's conditions


@cache
def strict() -> dict[str, Any]:
    """The document with every answer closed: a member it does not name is a fault of ours."""
    closed: dict[str, Any] = json.loads(json.dumps(document()))
    for name, schema in closed["components"]["schemas"].items():
        if "properties" in schema and name not in OPEN:
            schema["additionalProperties"] = False
    return closed


def template(route: str) -> str:
    """Write a route of Django's as a path of the document."""
    return "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route)


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Follow a reference within the document."""
    while "$ref" in part:
        found: Any = strict()
        for name in part["$ref"].removeprefix("#/").split("/"):
            found = found[name]
        part = found
    return part


@cache
def validator(path: str, method: str, status: str, media: str) -> Draft202012Validator:
    """What the body of this answer has to look like."""
    answer = resolved(strict()["paths"][path][method]["responses"][status])
    schema = {**answer["content"][media]["schema"], "components": strict()["components"]}
    return Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)


def check(method: str, response: Any) -> None:
    """Raise AssertionError where an answer is not what the document says it can be."""
    match = response.resolver_match
    path = template(match.route) if match else ""
    said = strict()["paths"].get(path, {}).get(method.lower())
    if said is None:
        return
    status, at = str(response.status_code), f"{method} {path}: {response.status_code}"
    assert status in said["responses"], f"{at} is not in the document"
    answer = resolved(said["responses"][status])
    for name, header in answer.get("headers", {}).items():
        assert name in response or not header.get("required"), f"{at} lacks the header {name}"
    media = response.get("Content-Type", "").partition(";")[0]
    if not response.content:
        assert "content" not in answer, f"{at} has no body"
        return
    assert media in answer.get("content", {}), f"{at} is {media}, which is not in the document"
    if media.endswith("json"):
        errors = sorted(validator(path, method.lower(), status, media).iter_errors(response.json()), key=str)
        assert not errors, f"{at} {errors[0].json_path}: {errors[0].message[:300]}"
