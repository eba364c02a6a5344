"""The base of every message that crosses the boundary, and the words its fields are made of.

pydantic validates (one pass, all errors at once); `field_errors` gives its findings the desk's words.
"""

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
from pydantic_core import CoreSchema, PydanticCustomError

from releasedesk.problems.field_errors import (
    DIGEST,
    EXAMPLE_TIME,
    PATTERNS,
    SLUG,
    VERSION,
    field_error,
    shown,
)
from releasedesk.problems.problem import FieldError, invalid
from releasedesk.problems.text import has_control

EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


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
            raise invalid(*(field_error(cls, found, at) for found in error.errors())) from None


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
