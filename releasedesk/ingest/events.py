"""What `POST /events` reads, told apart by its shape: native events, CloudEvents, CDEvents alone. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar

from pydantic import ConfigDict

from releasedesk.ingest import cloudevents, native
from releasedesk.ingest.cloudevents import Name, Origin
from releasedesk.ingest.facts import Id
from releasedesk.ingest.message import Message, Reading
from releasedesk.ingest.names import Names, part_at
from releasedesk.problems.body import Body
from releasedesk.problems.problem import FieldError, invalid


class Context(Body):
    """What every CDEvent says of itself; what else there is belongs to its release of the specification."""

    model_config = ConfigDict(extra="allow")

    id: Id
    source: Origin
    type: Name


class CDEvent(Body):
    """A CDEvent without an envelope; its type says what it must have."""

    model_config = ConfigDict(extra="allow")

    EXAMPLE: ClassVar[dict[str, Any]] = {
        "context": {
            "version": "0.4.1",
            "id": "5328c37f-bb7e",
            "source": "/ci/payments",
            "type": "dev.cdevents.service.deployed.0.2.0",
            "timestamp": "2026-11-23T12:01:02Z",
        },
        "subject": {
            "id": "checkout-api",
            "content": {
                "environment": {"id": "staging"},
                "artifactId": "pkg:oci/checkout-api@sha256%3A0b31?tag=2026.11.23-2",
            },
        },
    }

    context: Context
    subject: dict[str, Any]


def message(payload: object, *, now: datetime, skew: timedelta) -> Message:
    """Take one event as it came, or as it was kept."""
    if isinstance(payload, Mapping) and (cloudevents.is_envelope(payload) or _is_cdevent(payload)):
        return cdevent(payload, now=now, skew=skew)
    return native.message(payload, now=now, skew=skew)


def _is_cdevent(payload: Mapping[Any, Any]) -> bool:
    return isinstance(payload.get("context"), Mapping) and ("subject" in payload or "type" not in payload)


def with_key(told: Message, idempotency_key: str | None) -> Message:
    """Hold a message to the `Idempotency-Key` that came beside it: the header can only say its id again."""
    return told if idempotency_key is None else replace(told, read=partial(_same_key, told, idempotency_key))


def _same_key(told: Message, idempotency_key: str, known: Names) -> Reading:
    reading = told.read(known)
    if told.key != idempotency_key:
        detail = "The id and the Idempotency-Key header differ."
        raise invalid(FieldError(told.key_at, "differs", detail, "the same in both, or no header", told.key))
    return reading


def cdevent(payload: object, *, now: datetime, skew: timedelta) -> Message:
    """Take a CDEvent, in its envelope or without: then its own context bears the same source, id and type."""
    if isinstance(payload, Mapping) and cloudevents.is_envelope(payload):
        return cloudevents.message(payload, now=now, skew=skew)
    named = part_at(payload, "context")

    def read(known: Names) -> Reading:
        said = CDEvent.read(payload).context
        return cloudevents.translate(said.type, payload, key=said.id, now=now, skew=skew, known=known)

    source, key, kind = (str(named.get(name) or "") for name in ("source", "id", "type"))
    sender = cloudevents.sender(source)
    return Message(
        source=sender, key=key, type=kind, body=payload, read=read, waits=True, key_at="#/context/id"
    )
