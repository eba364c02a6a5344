"""What `POST /events` reads, told apart by its shape: native events, CloudEvents, CDEvents alone. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from releasedesk.ingest import cloudevents, native
from releasedesk.ingest.message import Message, Reading
from releasedesk.problems.problem import FieldError, invalid


def message(payload: object, *, now: datetime, skew: timedelta) -> Message:
    """Take one event as it came, or as it was kept."""
    if isinstance(payload, Mapping):
        if cloudevents.is_envelope(payload):
            return cloudevents.message(payload, now=now, skew=skew)
        context = payload.get("context")
        if isinstance(context, Mapping) and "subject" in payload:
            return _bare_cdevent(payload, context, now=now, skew=skew)
    return native.message(payload, now=now, skew=skew)


def with_key(told: Message, idempotency_key: str | None) -> Message:
    """Hold a message to the `Idempotency-Key` that came beside it: the header can only say its id again."""
    return told if idempotency_key is None else replace(told, read=partial(_same_key, told, idempotency_key))


def _same_key(told: Message, idempotency_key: str) -> Reading:
    reading = told.read()
    if told.key != idempotency_key:
        detail = "The id and the Idempotency-Key header differ."
        raise invalid(FieldError(told.key_at, "differs", detail, "the same in both, or no header", told.key))
    return reading


def _bare_cdevent(
    payload: Mapping[str, object],
    context: Mapping[str, object],
    *,
    now: datetime,
    skew: timedelta,
) -> Message:
    """A CDEvent without its envelope: its context bears the same source, id and type."""
    named = {name: context[name] for name in ("source", "id", "type") if name in context}

    def read() -> Reading:
        envelope = cloudevents.Envelope.read({"specversion": "1.0", **named}, at="#/context")
        return cloudevents.translate(envelope.type, payload, key=envelope.id, now=now, skew=skew)

    source, key, kind = (str(named.get(name) or "") for name in ("source", "id", "type"))
    return Message(
        source=source, key=key, type=kind, body=payload, read=read, waits=True, key_at="#/context/id"
    )
