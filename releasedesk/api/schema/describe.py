"""One operation of the OpenAPI document, from what `@operation` says, the docstring and the path."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from uritemplate import variables

from releasedesk.api.schema import models, problem_answers
from releasedesk.api.schema.operation import TEXT, Model, Operation, operation_of
from releasedesk.catalog.models import Scope
from releasedesk.checklists.models import KEY as ITEM_KEY
from releasedesk.problems.body import OneLine
from releasedesk.problems.field_errors import SLUG, VERSION

JSON = "application/json"
READING = {"GET", "HEAD"}
NOT_MODIFIED = 304
# The parts of paths: what they are, their schema and an example.
PARTS: dict[str, tuple[str, Mapping[str, Any], Any]] = {
    "slug": ("The service.", {"type": "string", "pattern": SLUG.replace(r"\z", "$")}, "checkout-api"),
    "version": (
        "The release's version, percent-encoded.",
        {"type": "string", "pattern": VERSION.replace(r"\z", "$")},
        "2026.11.23-2",
    ),
    "name": ("The environment.", {"type": "string", "pattern": SLUG.replace(r"\z", "$")}, "production"),
    "setting": (
        "The setting's name, percent-encoded.",
        {"type": "string", "minLength": 1, "maxLength": 200, "pattern": OneLine.pattern},
        "DATABASE_HOST",
    ),
    "key": ("The item's key.", {"type": "string", "pattern": ITEM_KEY}, "unit_tests"),
    "run_id": ("The rollback.", {"type": "integer", "minimum": 0}, 5),
    "lock_id": ("The lock.", {"type": "integer", "minimum": 0}, 3),
}
OTHER_PART: tuple[str, Mapping[str, Any], Any] = ("", {"type": "string", "minLength": 1}, None)
IF_MATCH = (
    "Write only if it is still what was read: the ETag of then, or * for any. 412 when it has changed.",
    TEXT,
    '"7"',
)
IF_NONE_MATCH = ("* writes only if it is not there yet. 412 when it is.", TEXT, "*")
KEY = (
    "Sent again with the same key and body, it is done once and answered the same.",
    {"type": "string", "minLength": 1, "maxLength": 500},
    "build-8812-staging",
)


class DeskSchema(AutoSchema):
    """Writes the operations of the doors. What is not said by `@operation` is not in the contract."""

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> dict[str, Any] | None:
        """Return the operation object (OpenAPI 3.1 §4.8.10), or None for a method nothing is said of."""
        self.registry, self.path, self.method = registry, path, method.upper()
        said = operation_of(self.view, method)
        if said is None:
            return None
        summary, _, description = inspect.cleandoc(
            getattr(self.view, method.lower()).__doc__ or ""
        ).partition("\n")
        written: dict[str, Any] = {
            "operationId": said.id,
            "summary": summary.strip(),
            "description": description.strip(),
            "tags": [said.tag],
            "parameters": list(self._parameters(said)),
            "security": self._security(said),
            "responses": {**self._answers(said), **self._refusals(said)},
        }
        if said.body is not None:
            written["requestBody"] = {"required": True, "content": self._request(said.body)}
        return {name: value for name, value in written.items() if value or name == "security"}

    def _parameters(self, said: Operation) -> Iterator[dict[str, Any]]:
        for name in variables(self.path):
            description, schema, example = PARTS.get(name, OTHER_PART)
            yield _parameter("path", name, description, schema, example, required=True)
        for query in said.query:
            yield _parameter(
                "query", query.name, query.description, query.schema, query.example, required=query.required
            )
        if said.conditional and self.method not in READING:
            yield _parameter("header", "If-Match", IF_MATCH[0], {"type": "string"}, IF_MATCH[1])
            yield _parameter(
                "header", "If-None-Match", IF_NONE_MATCH[0], {"type": "string"}, IF_NONE_MATCH[1]
            )
        if said.keyed:
            key = {"type": "string", "minLength": 1, "maxLength": 500}
            yield _parameter("header", "Idempotency-Key", KEY[0], key, KEY[1])

    def _security(self, said: Operation) -> list[dict[str, list[str]]]:
        scope = getattr(self.view, "read_scope" if self.method in READING else "write_scope", Scope.READ)
        return [{name: [str(scope)] if name == "token" else []} for name in said.who]

    def _request(self, body: Model | Mapping[str, Model]) -> dict[str, Any]:
        bodies = body if isinstance(body, Mapping) else {JSON: body}
        return {media: self._media(model) for media, model in bodies.items()}

    def _answers(self, said: Operation) -> dict[str, Any]:
        return {str(status): self._answer(said, status, model) for status, model in said.answers.items()}

    def _answer(self, said: Operation, status: int, model: Model | None) -> dict[str, Any]:
        written: dict[str, Any] = {"description": STATUSES[status]}
        if model is not None:
            written["content"] = {JSON: self._media(model)}
        if said.also and status != NOT_MODIFIED:
            other = {media: {"schema": dict(schema)} for media, schema in said.also.items()}
            written["content"] = {**written.get("content", {}), **other}
        if headers := dict(_headers(said, status)):
            written["headers"] = headers
        return written

    def _media(self, model: Model) -> dict[str, Any]:
        component = self.resolve_serializer(model, "response")  # type: ignore[arg-type] # see models.py
        written = {"schema": component.ref}
        example, more = getattr(model, "EXAMPLE", None), getattr(model, "MORE_EXAMPLES", {})
        examples = {"usual": example, **more} if example else more
        shown = {name: {"value": value} for name, value in examples.items()}
        return {**written, "examples": shown} if shown else written

    def _refusals(self, said: Operation) -> dict[str, Any]:
        self._media(problem_answers.ProblemDocument)
        return problem_answers.references(problem_answers.statuses(said, self.method, self.path))


STATUSES = {
    200: "Done, or found.",
    201: "Created.",
    202: "Kept, and applied when it can be.",
    204: "Done.",
    207: "One result for each, in order.",
    304: "Nothing has changed since.",
}


def _parameter(
    place: str,
    name: str,
    description: str,
    schema: Mapping[str, Any],
    example: Any,
    *,
    required: bool = False,
) -> dict[str, Any]:
    written = {
        "in": place,
        "name": name,
        "description": description,
        "required": required,
        "schema": dict(schema),
    }
    return {**written, "example": example} if example is not None else written


def _headers(said: Operation, status: int) -> Iterator[tuple[str, Any]]:
    if said.conditional or said.etag:
        yield "ETag", {"description": "Which state this is.", "schema": {"type": "string"}}
    if said.keyed and status == 200:  # noqa: PLR2004 - only a repetition is answered so
        yield "Idempotent-Replayed", {"description": "It was done before.", "schema": {"const": "true"}}


__all__ = ["DeskSchema", "models"]
