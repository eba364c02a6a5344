"""CloudEvents 1.0 over HTTP (https://github.com/cloudevents/spec): one envelope → one message. Pure.

An envelope comes as JSON (structured), as headers with its data as the body (binary), or in a list (batch).
Binary is turned into the structured form at once: the same event in either mode is the same message.
"""

import base64
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import unquote_to_bytes

from pydantic import ConfigDict, StringConstraints

from releasedesk.deliveries.parcel import in_the_body
from releasedesk.ingest import cdevents, names
from releasedesk.ingest.facts import Id, without_secrets
from releasedesk.ingest.message import Ignored, Message, Reading
from releasedesk.ingest.names import Names
from releasedesk.problems.body import ONE_LINE, Body
from releasedesk.problems.json_text import parse_json
from releasedesk.problems.problem import Problem, within
from releasedesk.problems.text import storable

PREFIX = "ce-"
JSON = "application/json"  # what data are unless something else is said
REQUIRED = ("specversion", "id", "source", "type")
Translator = Callable[..., Reading]  # (data, *, key, now, skew, known)
# By how the type begins; what is not here is kept and ignored. A translator answers or raises as any other.
TRANSLATORS: dict[str, Translator] = {"dev.cdevents.": cdevents.read}
Name = Annotated[str, StringConstraints(min_length=1, max_length=200), ONE_LINE]
Origin = Annotated[str, StringConstraints(min_length=1, max_length=2000), ONE_LINE]
# What a delivery is given on its way is no part of the event: the next one of it may bear another.
OF_THE_WAY = {"traceparent", "tracestate", "knativearrivaltime", "knativehistory", "knativebrokerttl"}


class Envelope(Body):
    """The attributes every event has; any others, and any data, belong to its type."""

    model_config = ConfigDict(extra="allow")

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "specversion": "1.0",
        "id": "271069a8-fc18",
        "source": "/ci/payments",
        "type": "dev.cdevents.service.deployed.0.2.0",
        "data": {
            "context": {
                "version": "0.4.1",
                "id": "271069a8-fc18",
                "source": "/ci/payments",
                "type": "dev.cdevents.service.deployed.0.2.0",
                "timestamp": "2026-11-23T12:03:41Z",
            },
            "subject": {
                "id": "checkout-api",
                "content": {
                    "environment": {"id": "production"},
                    "artifactId": "pkg:oci/checkout-api@sha256%3A0b31?tag=2026.11.23-2",
                },
            },
        },
    }

    specversion: Literal["1.0"]
    id: Id
    source: Origin
    type: Name


def is_envelope(payload: Mapping[Any, Any]) -> bool:
    """Tell an envelope from a native event, which has neither a source nor a version of a specification."""
    return "specversion" in payload


def message(payload: object, *, now: datetime, skew: timedelta) -> Message:
    """Take one event in the structured form; what it says is in the hands of its type's translator."""
    payload = _with_plain_data(payload)
    given = payload if isinstance(payload, Mapping) else {}
    if not OF_THE_WAY.isdisjoint(given):
        payload = {name: value for name, value in given.items() if name not in OF_THE_WAY}
    source, key, kind = (str(given.get(name) or "") for name in ("source", "id", "type"))
    return Message(
        source=sender(source),
        key=key,
        type=kind,
        body=payload,
        read=partial(_read, payload, now=now, skew=skew),
        waits=True,
    )


def sender(source: str) -> str:
    """The source of an event as it is kept: short enough, and without the secrets it may hold."""
    return names.short(without_secrets(source))


def _read(payload: object, known: Names, *, now: datetime, skew: timedelta) -> Reading:
    envelope = Envelope.read(payload)
    with within("#/data"):
        data = (envelope.model_extra or {}).get("data")
        return translate(envelope.type, data, key=envelope.id, now=now, skew=skew, known=known)


def translate(kind: str, data: object, *, key: str, now: datetime, skew: timedelta, known: Names) -> Reading:
    """Hand the data to the translator of its type. `key` names the message, whatever the data call it."""
    if found := _translator(kind):
        return found(data, key=key, now=now, skew=skew, known=known)
    return Ignored(f"The desk needs nothing of a CloudEvent of type '{storable(kind)}'.")


def is_read(kind: str) -> bool:
    """Whether somebody here reads the data of events of this type."""
    return _translator(kind) is not None


def _translator(kind: str) -> Translator | None:
    return next((found for prefix, found in TRANSLATORS.items() if kind.lower().startswith(prefix)), None)


def _with_plain_data(payload: object) -> object:
    """Put JSON that came as base64 back as JSON: so it is read, masked and kept like any other.

    What is said by leaving it out is said: headers cannot leave it out, and it is the same event.
    """
    if isinstance(payload, Mapping) and payload.get("data") is not None:
        return {"datacontenttype": JSON, **payload}
    if not isinstance(payload, Mapping) or "data_base64" not in payload or "data" in payload:
        return payload
    try:
        data = parse_json(base64.b64decode(payload["data_base64"], validate=True))
    except (TypeError, ValueError, Problem):  # bytes of something else, which no type of ours has
        return payload
    others = {name: value for name, value in payload.items() if name != "data_base64"}
    return {**others, "data": data}


# -- binary mode ---------------------------------------------------------------------------------------------


def from_headers(attributes: Mapping[str, str], media_type: str, data: object) -> dict[str, Any]:
    """Build the structured form of an event in binary mode; `None` for no data."""
    given = {name: _decoded(value) for name, value in attributes.items()}
    return given if data is None else {**given, "datacontenttype": media_type, "data": data}


def with_bytes(attributes: Mapping[str, str], media_type: str, raw: bytes) -> dict[str, Any]:
    """Build the structured form of an event in binary mode whose data is no JSON: text, else base64."""
    event = from_headers(attributes, media_type, "")
    try:
        return {**event, "data": raw.decode()}
    except UnicodeDecodeError:
        del event["data"]
        return {**event, "data_base64": base64.b64encode(raw).decode()}


def _decoded(value: str) -> str:
    """Undo the percent-encoding. WSGI hands headers over as Latin-1; what is no UTF-8 shows as such."""
    value = value.strip()
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1].replace('\\"', '"').replace("\\\\", "\\")
    return unquote_to_bytes(value.encode("latin-1", "replace")).decode("utf-8", "replace")


def in_headers(told: Message) -> Message:
    """Let a binary event's problems point where its sender wrote it: headers, and data as the body."""

    def read(known: Names) -> Reading:
        with _pointing_at_headers():
            return told.read(known)

    return replace(told, read=read, key_at=PREFIX + "id", at=lambda name: _header(in_the_body(name)))


@contextmanager
def _pointing_at_headers() -> Iterator[None]:
    try:
        yield
    except Problem as problem:
        problem.errors = [replace(error, pointer=_header(error.pointer)) for error in problem.errors]
        raise


def _header(pointer: str) -> str:
    if pointer == "#/data" or pointer.startswith("#/data/"):
        return "#" + pointer.removeprefix("#/data")
    return PREFIX + pointer.removeprefix("#/")
