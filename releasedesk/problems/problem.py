"""What went wrong, in the shape of RFC 9457 (Problem Details for HTTP APIs)."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from releasedesk.problems.near import near

# kind → (status, title). `retryable` follows from the status: only the very same request can succeed later.
KINDS: dict[str, tuple[int, str]] = {
    "not-json": (400, "The body is not JSON"),
    "bad-request": (400, "The request cannot be understood"),
    "not-authenticated": (401, "Who is asking?"),
    "forbidden": (403, "Not allowed"),
    "not-found": (404, "Not found"),
    "method-not-allowed": (405, "This method is not served here"),
    "not-acceptable": (406, "No such format"),
    "conflict": (409, "It conflicts with what is stored"),
    "gate-closed": (409, "It may not ship yet"),
    "length-required": (411, "The length of the body is not given"),
    "changed-meanwhile": (412, "Somebody changed it meanwhile"),
    "too-large": (413, "The body is too large"),
    "address-too-long": (414, "The address is too long"),
    "unsupported-media-type": (415, "This media type is not read here"),
    "invalid-fields": (422, "Some fields are wrong"),
    "throttled": (429, "Too many requests"),
    "headers-too-large": (431, "The headers are too large"),
    "internal": (500, "The desk failed"),
    "unavailable": (503, "The desk is not available right now"),
}
RETRYABLE = {429, 503}


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field. `pointer` is a JSON pointer in fragment form (RFC 6901 §6), `#` the whole body."""

    pointer: str
    code: str
    detail: str
    expected: str = ""
    received: Any = None

    def as_json(self) -> dict[str, Any]:
        """Give the five members, all always present so that a client need not guess."""
        return {
            "pointer": self.pointer,
            "code": self.code,
            "detail": self.detail,
            "expected": self.expected,
            "received": self.received,
        }


@dataclass
class Problem(Exception):  # noqa: N818 - RFC 9457's own word
    """Raised below the doors, rendered by them."""

    kind: str
    detail: str
    errors: Sequence[FieldError] = ()
    retry_after: int | None = None
    members: dict[str, Any] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def status(self) -> int:
        """The HTTP status of this kind."""
        return KINDS[self.kind][0]

    @property
    def title(self) -> str:
        """The same words for every problem of this kind."""
        return KINDS[self.kind][1]

    @property
    def retryable(self) -> bool:
        """True only if the very same request can succeed when it is sent again."""
        return self.status in RETRYABLE

    def __str__(self) -> str:
        return self.detail

    def as_json(self, *, type_base: str, instance: str, request_id: str) -> dict[str, Any]:
        """Render the document; `members` are extensions such as the gate's conditions."""
        return {
            "type": f"{type_base}/problems/{self.kind}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "instance": instance,
            "request_id": request_id,
            "retryable": self.retryable,
            "errors": [error.as_json() for error in self.errors],
            **self.members,
        }


def invalid(*errors: FieldError) -> Problem:
    """Say that these fields are wrong (422)."""
    wrong = "1 field is wrong." if len(errors) == 1 else f"{len(errors)} fields are wrong."
    return Problem("invalid-fields", wrong, errors)


@contextmanager
def within(pointer: str) -> Iterator[None]:
    """Let the pointers of problems raised inside begin here: what was read is a part of a larger body."""
    try:
        yield
    except Problem as problem:
        problem.errors = [
            replace(error, pointer=pointer + error.pointer.removeprefix("#")) for error in problem.errors
        ]
        raise


def unknown(pointer: str, what: str, received: str, known: Sequence[str]) -> FieldError:
    """Say that a name is not known, and which names are."""
    names = near(received, known)
    return FieldError(
        pointer,
        "unknown",
        f"No {what} is called '{received}'.",
        f"one of: {', '.join(names)}" if names else f"no {what} exists yet",
        received,
    )


def not_found(what: str, received: str, known: Sequence[str] = ()) -> Problem:
    """Say that a thing in the path does not exist (404), with near names."""
    error = unknown("#", what, received, known)
    return Problem("not-found", error.detail, [error] if known else ())
