"""A message from outside by its outside: who sent it under which name, and what is in it. Pure."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """`(source, key)` is what its sender may repeat safely, `body` parsed JSON.

    `key_at` is where the key was found: a JSON pointer into the body, or a header's name. Of a body that is
    not to be `kept` only the digest stays.
    """

    source: str
    key: str
    type: str
    body: object
    key_at: str = "#/id"
    kept: bool = True
