"""What pydantic finds wrong with a message, in the desk's words: where, what, and what would do."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from releasedesk.problems.near import closest
from releasedesk.problems.problem import FieldError
from releasedesk.problems.text import names_a_secret, storable

RECEIVED_AT_MOST = 200
MOST_EXACT = 2**53  # above it, many readers of JSON round
EXAMPLE_TIME = "2026-11-23T12:03:41Z"
SLUG = r"^[a-z0-9-]{1,64}\z"
VERSION = r"^[A-Za-z0-9][A-Za-z0-9._+:@~-]{0,127}\z"
DIGEST = r"^hmac-sha256:[0-9a-fA-F]{16,64}\z"
PATTERNS = {
    SLUG: "1 to 64 of a-z, 0-9 and -",
    VERSION: "1 to 128 of A-Z, a-z, 0-9 and . _ + : @ ~ -, the first a letter or digit",
    r"^[0-9a-fA-F]{7,64}\z": "7 to 64 hexadecimal digits",
    r"^[\w.@+-]{1,150}\z": "a username",
    r"^[a-z0-9][a-z0-9_-]{0,63}\z": "1 to 64 of a-z, 0-9, _ and -, the first a letter or digit",
    DIGEST: "hmac-sha256: and 16 to 64 hexadecimal digits",
}
QUOTED = r"'([^']*)'"  # how pydantic lists the words of a Literal
# pydantic's error type → (our code, what is said, what is expected); anything else keeps pydantic's words.
WORDS = {
    "missing": ("required", "This field is required.", "a value"),
    "string_type": ("type", "This is not text.", "a string"),
    "int_type": ("type", "This is not a whole number.", "a whole number"),
    "int_parsing": ("type", "This is not a whole number.", "a whole number"),
    "int_from_float": ("type", "This is not a whole number.", "a whole number"),
    "float_type": ("type", "This is not a number.", "a number"),
    "float_parsing": ("type", "This is not a number.", "a number"),
    "bool_type": ("type", "This is neither true nor false.", "true or false"),
    "bool_parsing": ("type", "This is neither true nor false.", "true or false"),
    "list_type": ("type", "This is not a list.", "a list"),
    "dict_type": ("type", "This is not an object.", "an object"),
    "model_type": ("type", "This is not an object.", "an object"),
    "finite_number": ("not_finite", "This is not a finite number.", "a finite number"),
    "timezone_aware": ("no_zone", "This time has no zone.", f"a time with a zone, like {EXAMPLE_TIME}"),
    "datetime_parsing": ("time", "Not a time.", f"an ISO 8601 time with a zone, like {EXAMPLE_TIME}"),
    "datetime_from_date_parsing": (
        "time",
        "Not a time.",
        f"an ISO 8601 time with a zone, like {EXAMPLE_TIME}",
    ),
    "datetime_object_invalid": ("time", "Not a time.", f"an ISO 8601 time with a zone, like {EXAMPLE_TIME}"),
    "string_unicode": ("encoding", "This holds half of a surrogate pair.", "text that UTF-8 can encode"),
    "string_too_long": ("too_long", "This is too long.", "at most {max_length} characters"),
    "string_too_short": ("too_short", "This is too short.", "at least {min_length} characters"),
    "too_long": ("too_long", "These are too many.", "at most {max_length}"),
    "too_short": ("too_short", "These are too few.", "at least {min_length}"),
    "greater_than": ("range", "This is too small.", "more than {gt}"),
    "greater_than_equal": ("range", "This is too small.", "at least {ge}"),
    "less_than_equal": ("range", "This is too large.", "at most {le}"),
}


def field_error(model: type[BaseModel], found: ErrorDetails, at: str) -> FieldError:
    """Say what pydantic found in a message of this model, whose JSON pointer within the request is `at`."""
    kind, context = found["type"], found.get("ctx", {})
    location = (*found["loc"], *context.get("at", ()))
    pointer = at + "".join(f"/{pointer_part(str(part))}" for part in location)
    hidden = kind == "missing" or any(part == "config" or names_a_secret(str(part)) for part in location)
    received = None if hidden else shown(_at(found["input"], context.get("at", ())))
    if kind == "extra_forbidden":
        name, known = str(location[-1]), _fields_at(model, location[:-1])
        if name in getattr(model, "READ_ONLY", ()) and len(location) == 1:
            return FieldError(
                pointer, "read_only", f"'{name}' is read-only; leave it out.", "nothing", received
            )
        return unknown_field(pointer, name, known, received)
    if "detail" in context:
        return FieldError(pointer, kind, context["detail"], context["expected"], received)
    quoted = "This" if hidden else f"'{received}'"
    if kind == "string_pattern_mismatch":
        expected = PATTERNS.get(context["pattern"], context["pattern"])
        return FieldError(pointer, "format", f"{quoted} is not allowed here.", expected, received)
    if kind in WORDS:
        code, detail, expected = WORDS[kind]
        return FieldError(pointer, code, detail, expected.format(**context), received)
    if kind == "literal_error":
        kind, found["msg"] = "unknown", f"{quoted} is not one of them"
        context = {"expected": f"one of: {', '.join(re.findall(QUOTED, context['expected']))}"}
    expected = str(context.get("expected", "")) or ", ".join(
        f"{name.replace('_', ' ')} {value}" for name, value in context.items() if name != "error"
    )
    return FieldError(pointer, kind, f"{found['msg']}.", expected, received)


def unknown_field(pointer: str, name: str, known: Sequence[str], received: object) -> FieldError:
    """Say that there is no field of this name, and which one is nearest to it."""
    meant = closest(name, known)
    detail = f"There is no field '{name}'." + (f" Did you mean '{meant}'?" if meant else "")
    return FieldError(pointer, "unknown_field", detail, f"one of: {', '.join(known)}", received)


def _at(value: Any, location: Sequence[str | int]) -> Any:
    """Follow `refuse`'s `at` into what came; None where nothing did."""
    for part in location:
        if isinstance(part, str):
            value = value.get(part) if isinstance(value, Mapping) else None
        else:
            value = value[part] if isinstance(value, list) else None
    return value


def _fields_at(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """Follow a pydantic location down to the model whose field was unknown."""
    for part in location:
        if isinstance(part, int) or part not in model.model_fields:
            continue
        inner = _model_in(model.model_fields[part].annotation)
        model = inner or model
    return list(model.model_fields)


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(argument) for argument in getattr(annotation, "__args__", ()))
    return next((model for model in found if model), None)


def pointer_part(part: str) -> str:
    """One part of a JSON pointer (RFC 6901 §3)."""
    return part.replace("~", "~0").replace("/", "~1")


def shown(value: object) -> object:
    """Show what came without echoing megabytes or secrets of a whole body."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return value if abs(value) < MOST_EXACT else shown(str(value))
    if isinstance(value, list | Mapping):
        return f"{'a list' if isinstance(value, list) else 'an object'} of {len(value)}"
    text = storable(str(value))
    return text if len(text) <= RECEIVED_AT_MOST else text[:RECEIVED_AT_MOST] + "…"
