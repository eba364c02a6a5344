"""The base of every message that crosses the boundary, and how it is read.

pydantic validates (one pass, all errors at once); this module only gives its findings the desk's words.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    GetJsonSchemaHandler,
    Strict,
    StringConstraints,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import CoreSchema, ErrorDetails, PydanticCustomError

from releasedesk.problems.near import closest
from releasedesk.problems.problem import FieldError, invalid
from releasedesk.problems.text import has_control, names_a_secret, storable

RECEIVED_AT_MOST = 200
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
MOST_EXACT = 2**53  # above it, many readers of JSON round
EXAMPLE_TIME = "2026-11-23T12:03:41Z"


class Body(BaseModel):
    """A message from outside: unknown fields are refused by name."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
    READ_ONLY: ClassVar[frozenset[str]] = frozenset()  # members of the answer that a body may not carry
    EXAMPLE: ClassVar[dict[str, Any] | None] = None  # what the contract shows
    MORE_EXAMPLES: ClassVar[dict[str, dict[str, Any]]] = {}  # by what is special about each

    @classmethod
    def read(
        cls,
        data: object,
        *,
        at: str = "#",
        context: Mapping[str, Any] | None = None,
        lax: bool = False,
    ) -> Self:
        """Validate parsed JSON. Raises the 422 `Problem` that names every wrong field at once.

        `at` is the JSON pointer of `data` within the request, for bodies inside bodies. `lax` takes text for
        numbers, true and false: a browser's form sends nothing else.
        """
        if not isinstance(data, Mapping):
            raise invalid(FieldError(at, "type", "The body must be a JSON object.", "an object", shown(data)))
        try:
            return cls.model_validate(data, strict=False if lax else None, context=dict(context or {}))
        except ValidationError as error:
            raise invalid(*(_field_error(cls, found, at) for found in error.errors())) from None


def refuse(code: str, detail: str, expected: str, *, at: Sequence[str | int] = ()) -> PydanticCustomError:
    """Build the error a validator raises; `{` and `}` in user text are kept as they are.

    `at` is where in the value it judged a validator of several fields found it.
    """
    return PydanticCustomError(code, "{detail}", {"detail": detail, "expected": expected, "at": (*at,)})


def _one_line(text: str) -> str:
    if has_control(text):
        raise refuse(
            "control_character", "Control characters are not allowed here.", "one line of plain text"
        )
    return text


def _no_nul(text: str) -> str:
    if "\0" in text:
        raise refuse("control_character", "A NUL character cannot be stored.", "text without NUL")
    return text


def _http(url: str) -> str:
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.hostname or " " in url:
        raise refuse("url", "Not a web address.", "an http:// or https:// address")
    return url


def _http_on_one_line(url: str) -> str:
    return _http(_one_line(url))


class OneLine(AfterValidator):
    """A check that the contract can say as a pattern."""

    pattern: ClassVar[str] = r"^[^\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]*$"

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Add the pattern to what is written of the text."""
        return {"pattern": self.pattern, **handler(schema)}


class NoNul(OneLine):
    """Text of many lines, without NUL."""

    pattern = r"^[^\u0000]*$"


class HttpAddress(OneLine):
    """An address that a browser may follow."""

    pattern = r"^https?://[^\s]+$"


class NullIsEmpty(BeforeValidator):
    """null stands for an empty list."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Say that null is taken too."""
        return {"anyOf": [handler(schema), {"type": "null"}]}


def _written_as_time(value: object) -> object:
    """Refuse what pydantic would take for seconds since 1970: numbers, and text that is one."""
    if isinstance(value, datetime) or (isinstance(value, str) and "-" in value[1:]):
        return value
    raise refuse("time", "Not a time.", f"an ISO 8601 time with a zone, like {EXAMPLE_TIME}")


def _in_utc(value: datetime) -> datetime:
    """Bring it to UTC. PostgreSQL knows years that Python, reading them back, does not."""
    try:
        if EARLIEST <= (moment := value.astimezone(UTC)) < LATEST:
            return moment
    except OverflowError:
        pass
    raise refuse("time", "No time to reckon with.", "a time from 1970 to 9998")


def _has_passed(value: datetime, info: ValidationInfo) -> datetime:
    context: Mapping[str, Any] = info.context or {}
    if "now" in context and value > context["now"] + context["skew"]:
        minutes = context["skew"] / timedelta(minutes=1)
        clock = f"{context['now']:%Y-%m-%dT%H:%M:%SZ}"
        ahead = f"at most {minutes:g} minutes ahead of the desk, which reads {clock}"
        raise refuse("in_the_future", "This lies in the future.", ahead)
    return value


def _without_point(value: object) -> object:
    """Take 3.0 for 3: to JSON they are the same number, and a column with gaps is often written so."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


# JSON has its own numbers and truths: what is written as text, or true as a number, is a sender's mistake.
Number = Annotated[float, Strict()]
Whole = Annotated[int, Strict(), BeforeValidator(_without_point)]
YesNo = Annotated[bool, Strict()]
NULL_IS_EMPTY = NullIsEmpty(lambda value: [] if value is None else value)
ONE_LINE = OneLine(_one_line)
Line = Annotated[str, StringConstraints(max_length=500), ONE_LINE]
FilePath = Annotated[str, StringConstraints(max_length=1000), ONE_LINE]
Text = Annotated[str, StringConstraints(max_length=50_000), NoNul(_no_nul)]
Url = Annotated[str, StringConstraints(max_length=2000), HttpAddress(_http_on_one_line)]
SLUG = r"^[a-z0-9-]{1,64}\z"
VERSION = r"^[A-Za-z0-9][A-Za-z0-9._+:@~-]{0,127}\z"
DIGEST = r"^hmac-sha256:[0-9a-fA-F]{16,64}\z"
Slug = Annotated[str, StringConstraints(pattern=SLUG, strict=True)]
Version = Annotated[str, StringConstraints(pattern=VERSION, strict=True)]
Digest = Annotated[str, StringConstraints(pattern=DIGEST, strict=True)]
# Git takes either case, and writes the lower one: so it is one commit, whoever tells of it.
Commit = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{7,64}\z", strict=True, to_lower=True)]
Username = Annotated[str, StringConstraints(pattern=r"^[\w.@+-]{1,150}\z", strict=True)]
Time = Annotated[AwareDatetime, BeforeValidator(_written_as_time), AfterValidator(_in_utc)]
# A time of something that has happened. The reader's context holds `now` and `skew`: how far a sender's clock
# may be ahead of the desk's.
Past = Annotated[Time, AfterValidator(_has_passed)]


def check_slug(text: str) -> None:
    """Raise 422 for what cannot be a slug, as a path may bring it."""
    _check(TypeAdapter(Slug), text, "slug", PATTERNS[SLUG])


def check_version(text: str) -> None:
    """Raise 422 for what cannot be a version, as a path may bring it."""
    _check(TypeAdapter(Version), text, "version", PATTERNS[VERSION])


def _check(adapter: TypeAdapter[str], text: str, what: str, expected: str) -> None:
    try:
        adapter.validate_python(text)
    except ValidationError:
        told = shown(text)
        raise invalid(FieldError("#", "format", f"'{told}' cannot be a {what}.", expected, told)) from None


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


def _field_error(model: type[BaseModel], found: ErrorDetails, at: str) -> FieldError:
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
