"""How a message from outside is read, and in which words it is refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, ClassVar, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from releasedesk.problems.body import (
    Body,
    Digest,
    Line,
    Number,
    Past,
    Slug,
    Text,
    Time,
    Url,
    Version,
    Whole,
    YesNo,
    check_slug,
    check_version,
)
from releasedesk.problems.json_text import parse_json
from releasedesk.problems.problem import FieldError, Problem

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


class Inner(Body):
    number: Annotated[int, Field(ge=1, le=9)] = 1


class Message(Body):
    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"state"})
    slug: Slug = "a"
    version: Version = "1"
    line: Line = ""
    text: Text = ""
    url: Url = "http://a"
    at: Time = NOON
    past: Past = NOON
    password: Line = ""
    inner: list[Inner] = []
    share: Number = 0
    count: Whole = 0
    done: YesNo = False
    data: Literal["lost", "stays"] = "lost"
    config: dict[str, Digest] = {}


def refused(body: object, **context: Any) -> FieldError:
    with pytest.raises(Problem) as problem:
        Message.read(body, context=context)
    (error,) = problem.value.errors
    return error


@pytest.mark.parametrize(
    ("body", "pointer", "code", "expected"),
    [
        ({"slug": "A"}, "#/slug", "format", "1 to 64 of a-z, 0-9 and -"),
        ({"slug": 7}, "#/slug", "type", "a string"),
        ({"line": "a\u202eb"}, "#/line", "control_character", "one line of plain text"),
        ({"line": "\ud800"}, "#/line", "encoding", "text that UTF-8 can encode"),
        ({"line": "x" * 501}, "#/line", "too_long", "at most 500 characters"),
        ({"url": "http://a b"}, "#/url", "url", "an http:// or https:// address"),
        ({"inner": [{}, {"number": 10}]}, "#/inner/1/number", "range", "at most 9"),
        ({"inner": [{"numbr": 1}]}, "#/inner/0/numbr", "unknown_field", "one of: number"),
        ({"inner": {}}, "#/inner", "type", "a list"),
        ({"a/b~c": 1}, "#/a~1b~0c", "unknown_field", ""),
        ({"state": 1}, "#/state", "read_only", "nothing"),
        ([], "#", "type", "an object"),
    ],
    ids=str,
)
def test_each_error_says_where_what_and_what_was_expected(
    body: object, pointer: str, code: str, expected: str
) -> None:
    error = refused(body)
    assert (error.pointer, error.code) == (pointer, code)
    assert error.expected == expected or not expected


def test_a_pointer_begins_where_the_body_stands() -> None:
    with pytest.raises(Problem) as problem:
        Message.read({"slug": "A"}, at="#/rehearsal")
    assert problem.value.errors[0].pointer == "#/rehearsal/slug"


@pytest.mark.parametrize(
    "time",
    ["1763899200", "-1", 0, 1763899200.5, "2026-11-23", "2026-11-23T12:00", "noon", "", None, [], "12:00Z"],
)
def test_only_a_time_with_its_zone_is_a_time(time: object) -> None:
    assert refused({"at": time}).code in {"time", "no_zone"}


@given(st.datetimes(timezones=st.timezones()) | st.datetimes().map(lambda at: at.replace(tzinfo=UTC)))
def test_a_time_is_ours_or_refused_but_never_beyond_what_can_be_stored(at: datetime) -> None:
    try:
        told = Message.read({"at": at.isoformat()}).at
    except Problem as problem:
        assert problem.errors[0].code in {"time", "timezone_aware", "no_zone"}  # noqa: PT017 - either answer is right
        return
    # brought to UTC first: a repeated hour is equal to no time of another zone
    assert (told.tzinfo, told) == (UTC, at.astimezone(UTC))
    assert 1970 <= told.year <= 9998


@pytest.mark.parametrize(("ahead", "allowed"), [(-60, True), (5, True), (5.01, False)])
def test_what_has_happened_lies_at_most_the_skew_ahead(ahead: float, allowed: bool) -> None:
    body = {"past": (NOON + timedelta(minutes=ahead)).isoformat()}
    if allowed:
        assert Message.read(body, context={"now": NOON, "skew": timedelta(minutes=5)})
    else:
        assert refused(body, now=NOON, skew=timedelta(minutes=5)).code == "in_the_future"


def test_what_stands_in_a_field_that_names_a_secret_is_not_echoed() -> None:
    error = refused({"password": "hunter2\n"})
    assert "hunter2" not in repr(error)
    assert "hunter2" not in repr(refused({"secret_key": "hunter2"}))


@given(
    st.recursive(st.none() | st.text(st.characters()) | st.floats() | st.integers(), st.lists, max_leaves=5)
)
def test_what_is_echoed_is_always_json(value: Any) -> None:
    for name in ("slug", "inner", "at", "unheard"):
        try:
            Message.read({name: value})
        except Problem as problem:
            told = json.dumps(problem.as_json(type_base="", instance="/", request_id=""), allow_nan=False)
            assert len(told) < 3000
            assert json.loads(told.encode("utf-8"))["status"] == 422


@pytest.mark.parametrize("text", ["", "A", "a" * 65, "a\n", "ä", "\ud800", "a/b"])
def test_a_path_that_cannot_be_a_slug_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        check_slug(text)
    check_slug("a-1")


@pytest.mark.parametrize("text", ["", ".1", "1" * 129, "1\n", "1/2", "🚀", "\ud800"])
def test_a_path_that_cannot_be_a_version_is_refused(text: str) -> None:
    with pytest.raises(Problem):
        check_version(text)
    check_version("2026.11.23-2+a:b@c~d_e")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("share", "0.5", "a number"),
        ("share", True, "a number"),
        ("count", "200", "a whole number"),
        ("count", True, "a whole number"),
        ("count", 1.5, "a whole number"),
        ("done", "yes", "true or false"),
        ("done", 1, "true or false"),
    ],
)
def test_numbers_and_truths_are_jsons_own(name: str, value: object, expected: str) -> None:
    error = refused({name: value})
    assert (error.pointer, error.code, error.expected) == (f"#/{name}", "type", expected)


def test_a_whole_number_may_be_written_with_a_point_and_any_number_without() -> None:
    message = Message.read({"count": 200.0, "share": 1})
    assert (message.count, message.share) == (200, 1.0)


def test_a_form_may_say_numbers_and_truths_as_text() -> None:
    message = Message.read({"count": "200", "share": "0.5", "done": "true"}, lax=True)
    assert (message.count, message.share, message.done) == (200, 0.5, True)


@pytest.mark.parametrize("body", [{"config": {"POOL": "hunter2"}}, {"password": "hunter2\a"}])
def test_what_may_be_a_secret_is_not_said_back(body: dict[str, object]) -> None:
    error = refused(body)
    assert error.received is None
    assert "hunter2" not in str(error)


def test_a_value_for_a_fingerprint_is_told_what_one_is() -> None:
    error = refused({"config": {"POOL": "20"}})
    assert error.expected == "hmac-sha256: and 16 to 64 hexadecimal digits"


def test_a_word_that_is_none_of_the_known_ones_is_answered_with_them() -> None:
    error = refused({"data": "gone"})
    assert (error.code, error.detail, error.expected) == (
        "unknown",
        "'gone' is not one of them.",
        "one of: lost, stays",
    )


def test_an_object_in_the_wrong_place_is_named_by_its_size() -> None:
    assert refused({"line": {"a": 1, "b": 2}}).received == "an object of 2"


def test_a_byte_order_mark_is_no_part_of_what_is_said() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": 1}') == {"a": 1}
    with pytest.raises(Problem):
        parse_json(b"\xef\xbb\xbf\xef\xbb\xbf1")


@pytest.mark.parametrize("raw", [b"", b" \n"])
def test_an_empty_body_is_called_empty(raw: bytes) -> None:
    with pytest.raises(Problem) as refused:
        parse_json(raw)
    assert refused.value.detail == "The body is empty. Send JSON."
