"""How a page writes: a POST becomes the API's own body, and what is wrong with it stands at its field.

A control is named like the JSON pointer of what it fills: `steps/0/command` is `#/steps/0/command`. So one
rule turns a form into a document, a document into a form, and puts a `Problem`'s errors where they belong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from django.http import QueryDict

from releasedesk.problems.problem import FieldError, Problem

Document = dict[str, Any]
Kind = Literal["text", "area", "select", "check", "number", "time"]
DEEPEST, LONGEST = 4, 100  # no control of ours has a deeper or longer name
# What a browser sends for <input type="datetime-local">: no zone. Pages say beside it that they mean UTC.
WITHOUT_ZONE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One control: what it is called and, on a page, what it holds and what is wrong with it.

    `theirs` is what somebody else saved meanwhile, None where it is the same.
    """

    name: str
    label: str
    help: str = ""
    kind: Kind = "text"
    options: Sequence[tuple[str, str]] = ()
    unit: str = ""
    placeholder: str = ""
    rows: int = 2
    required: bool = False
    is_code: bool = False
    value: str = ""
    errors: tuple[FieldError, ...] = ()
    theirs: str | None = None

    @property
    def id(self) -> str:
        """The control's id: its name, which no selector of a stylesheet needs to spell."""
        return self.name

    @property
    def described_by(self) -> str:
        """The ids of help and error, for `aria-describedby`."""
        parts = [("help", self.help), ("error", self.errors), ("theirs", self.theirs is not None)]
        return " ".join(f"{self.name}-{part}" for part, there in parts if there)

    @property
    def input_type(self) -> str:
        """A picker for times, except where it would throw away what was typed."""
        picks = self.kind == "time" and (not self.value or WITHOUT_ZONE.fullmatch(self.value))
        return "datetime-local" if picks else "text"

    @property
    def choices(self) -> list[tuple[str, str]]:
        """The options, and what it holds though nobody offers it any more."""
        known = list(self.options)
        return known if not self.value or self.value in dict(known) else [*known, (self.value, self.value)]

    @property
    def theirs_in_words(self) -> str:
        """What somebody else saved meanwhile, as the control would show it."""
        return dict(self.options).get(self.theirs or "", self.theirs or "")

    def within(self, place: str, label: str = "") -> Field:
        """The same control in a row or on a side: `command` → `steps/0/command`."""
        return replace(self, name=f"{place}/{self.name}", label=f"{label}{self.label}")


@dataclass
class Filled:
    """A form as it is shown: fields, what was typed (or what is stored), and the problem with it."""

    fields: Iterable[Field]
    document: Mapping[str, Any] = field(default_factory=dict)
    problem: Problem | None = None
    theirs: Mapping[str, Any] | None = None
    hints: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Fill every field."""
        self._shown = {spec.name: self._fill(spec) for spec in self.fields}

    def __getitem__(self, name: str) -> Field:
        """Give one field; templates write `form.title`."""
        return self._shown[name]

    @property
    def errors(self) -> list[tuple[Field | None, FieldError]]:
        """Everything that is wrong, each with its field; None where none of them is meant."""
        if self.problem is None:
            return []
        found = list(self.problem.errors) or [FieldError("#", self.problem.kind, self.problem.detail)]
        return [(self._shown.get(name_of(error)), error) for error in found]

    @property
    def status(self) -> int:
        """The HTTP status of the page: 200, or the problem's."""
        return self.problem.status if self.problem else 200

    def _fill(self, spec: Field) -> Field:
        value = text_at(self.document, spec.name)
        theirs = value if self.theirs is None else text_at(self.theirs, spec.name)
        wrong = self.problem.errors if self.problem else ()
        return replace(
            spec,
            value=value,
            errors=tuple(error for error in wrong if name_of(error) == spec.name),
            theirs=None if _unix(theirs) == _unix(value) else theirs,
            placeholder=self.hints.get(spec.name, spec.placeholder),
        )


def name_of(error: FieldError) -> str:
    """Name the control an error is about: `#/steps/0/command` → `steps/0/command`."""
    return error.pointer.removeprefix("#").removeprefix("/")


def typed(post: QueryDict, *, empty_rows: bool = False) -> Document:
    """Read what was typed, unjudged: names are paths, numbered parts are rows.

    Rows left empty are none, unless `empty_rows` asks for them: buttons of a row count them.
    """
    found: Document = {}
    for name in post:
        *parents, last = name.split("/")
        if len(parents) >= DEEPEST or len(name) > LONGEST:
            continue
        place: Any = found
        for part in parents:
            place = place.setdefault(part, {}) if isinstance(place, dict) else None
        if isinstance(place, dict):
            place[last] = _unix(str(post[name]))
    rows: Document = _rows(found, keep=empty_rows)
    return rows


def said(document: Any) -> Any:
    """Leave out what was left empty, so that it is missing and not an empty text; times get their zone."""
    if isinstance(document, Mapping):
        parts = {name: said(value) for name, value in document.items()}
        return {name: value for name, value in parts.items() if value not in (None, {}, [])} or None
    if isinstance(document, list):
        return [said(row) for row in document]
    if isinstance(document, str):
        return _zoned(document) if document.strip() else None
    return document


def body_of(document: Mapping[str, Any], names: Iterable[str]) -> Document:
    """Say something about each of the names: what was typed, or null."""
    given = said(document) or {}
    return {name: given.get(name) for name in names}


def text_at(document: Any, name: str) -> str:
    """Show what a document holds at a path as it would be typed."""
    for part in name.split("/"):
        if isinstance(document, Mapping):
            document = document.get(part)
        elif isinstance(document, Sequence) and not isinstance(document, str) and part.isdecimal():
            document = document[int(part)] if int(part) < len(document) else None
        else:
            return ""
    if document is None or isinstance(document, Mapping | list) or document is False:
        return ""
    if document is True:
        return "true"
    return f"{document:.12g}" if isinstance(document, float) else str(document)


def _rows(value: Any, *, keep: bool) -> Any:
    """Turn `{"0": …, "2": …}` into a list, in the order of its numbers; empty rows only on request."""
    if not isinstance(value, dict):
        return value
    parts = {name: _rows(inner, keep=keep) for name, inner in value.items()}
    if parts and all(name.isdecimal() for name in parts):
        return [parts[name] for name in sorted(parts, key=int) if keep or said(parts[name])]
    return parts


def _unix(text: str) -> str:
    """Undo what browsers do to the line ends of a text area."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _zoned(text: str) -> str:
    return f"{text}Z" if WITHOUT_ZONE.fullmatch(text) else text
