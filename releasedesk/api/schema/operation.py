"""What one method of one path takes and answers: the contract shows it and the door holds to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.http import QueryDict
from pydantic import BaseModel

from releasedesk.problems.near import closest
from releasedesk.problems.problem import FieldError, invalid

Handler = TypeVar("Handler", bound=Callable[..., Any])
Model = type[BaseModel]
TEXT: Mapping[str, Any] = {"type": "string"}


@dataclass(frozen=True, slots=True)
class Query:
    """One query parameter. `schema` is JSON Schema."""

    name: str
    description: str
    schema: Mapping[str, Any] = field(default_factory=lambda: TEXT)
    required: bool = False
    example: Any = None


ENVIRONMENT = Query("environment", "Where.", {"type": "string"}, required=True, example="production")
PAGE = Query("page", "Which page, from 1.", {"type": "integer", "minimum": 1, "default": 1}, example=1)


@dataclass(frozen=True)
class Operation:
    """What the contract says of one method of one path.

    `answers` maps a status to the model of its JSON, None where there is none; `also` holds the schemas of
    other media types they can be asked for in. `body` is the model of the request, or one a media type.
    `conditional`: ETag, If-Match and 412. `keyed`: Idempotency-Key, Idempotent-Replayed and 409.
    `conflicts`: 409 besides. `who` names the security schemes that open it; with none it is open to all.
    """

    id: str
    tag: str
    answers: Mapping[int, Model | None]
    body: Model | Mapping[str, Model] | None = None
    query: tuple[Query, ...] = ()
    also: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    conditional: bool = False
    etag: bool = False
    keyed: bool = False
    conflicts: bool = False
    who: tuple[str, ...] = ("token", "session")

    def refuse_unknown(self, asked: QueryDict) -> None:
        """Raise 422 for parameters this operation does not have, or that came twice: neither can be meant."""
        known = [query.name for query in self.query]
        wrong = [_unknown(name, known) for name in asked if name not in known]
        wrong += [_twice(name) for name in known if len(asked.getlist(name)) > 1]
        if wrong:
            raise invalid(*wrong)


def operation(
    name: str, tag: str, answers: Mapping[int, Model | None], **more: Any
) -> Callable[[Handler], Handler]:
    """Say what a method of a `Door` takes and answers. Its docstring is the contract's text."""

    def described(handler: Handler) -> Handler:
        handler.operation = Operation(name, tag, answers, **more)  # type: ignore[attr-defined]
        return handler

    return described


def operation_of(view: object, method: str) -> Operation | None:
    """Find what was said of a method; None where nothing was."""
    return getattr(getattr(view, method.lower(), None), "operation", None)


def _unknown(name: str, known: list[str]) -> FieldError:
    shown, meant = name[:100], closest(name[:100], known)
    detail = f"There is no parameter '{shown}'." + (f" Did you mean '{meant}'?" if meant else "")
    expected = f"one of: {', '.join(known)}" if known else "no parameter"
    return FieldError(f"?{shown}", "unknown_field", detail, expected)


def _twice(name: str) -> FieldError:
    return FieldError(f"?{name}", "repeated", f"'{name}' came more than once.", f"'{name}' once")
