"""The base of every answer as the contract shows it.

Answers are built as plain dicts, which is fast; these classes say what is in them. The tests of the API hold
every answer they get against its class, to the last member.
"""

from __future__ import annotations

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """What a client may rely on. Members may be added; none of these goes or changes its meaning."""

    model_config = ConfigDict(extra="forbid")
    EXAMPLE: ClassVar[dict[str, Any] | None] = None


def paged(row: type[Answer]) -> type[Answer]:
    """A page of a list of these rows: fifty at a time, `?page=` counts from 1."""
    name = f"{row.__name__}Page"
    fields: dict[str, Any] = {
        "count": int,
        "next": str | None,
        "previous": str | None,
        "results": list[row],  # type: ignore[valid-type]
    }
    example = row.EXAMPLE and {"count": 1, "next": None, "previous": None, "results": [row.EXAMPLE]}
    namespace = {
        "__annotations__": {**fields, "EXAMPLE": ClassVar[dict[str, Any] | None]},
        "__doc__": "A page of a list. `next` and `previous` are addresses, null at the ends.",
        "__module__": row.__module__,
        "EXAMPLE": example,
    }
    return type(name, (Answer,), namespace)
