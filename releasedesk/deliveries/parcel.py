"""A message from outside by its outside: who sent it under which name, and what is in it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from releasedesk.problems.field_errors import pointer_part


def in_the_body(name: str) -> str:
    """The JSON pointer to a member of the body."""
    return f"#/{pointer_part(name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """`(source, key)` is what its sender may repeat safely, `body` parsed JSON.

    `key_at` is where the key was found: a JSON pointer into the body, or a header's name; `at` says so of any
    member of the body. Of a body that is not to be `kept` only the digest stays. `headers` are those that say
    what the body is.
    """

    source: str
    key: str
    type: str
    body: object
    key_at: str = "#/id"
    at: Callable[[str], str] = in_the_body
    kept: bool = True
    headers: Mapping[str, str] = field(default_factory=dict)
