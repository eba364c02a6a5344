"""A delivery to a source's address: is it from there, what is it called, and how is it read."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import parse_qs

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.sources import secrets_of
from releasedesk.deliveries.masking import digest
from releasedesk.deliveries.models import Source
from releasedesk.ingest import cdevents, github, gitlab
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.message import Ignored, Message, Reading
from releasedesk.ingest.names import line, part_at, text_at
from releasedesk.ingest.our_words import names_of
from releasedesk.ingest.receive import receive, skew
from releasedesk.ingest.signatures import what_is_wrong
from releasedesk.problems.json_text import parse_json
from releasedesk.problems.problem import Problem

Headers = Mapping[str, str]
FORM = "application/x-www-form-urlencoded"
# What a delivery is called, best first, and where its kind stands; both by kind of source.
DELIVERY = {
    "github": ("X-GitHub-Delivery",),
    "gitlab": ("webhook-id", "Idempotency-Key", "X-Gitlab-Event-UUID"),
    "cdevents": (),
}
EVENT = {"github": "X-GitHub-Event", "gitlab": "X-Gitlab-Event", "cdevents": "Ce-Type"}
KEPT = (
    *("Content-Type", "User-Agent", "Authorization", "Cookie"),
    *("Ce-Id", "Ce-Source", "Ce-Type", "Ce-Specversion", "Ce-Time", "Ce-Subject"),
    *("X-GitHub-Event", "X-GitHub-Delivery", "X-GitHub-Hook-ID", "X-Hub-Signature-256"),
    *(
        "X-Gitlab-Event",
        "X-Gitlab-Event-UUID",
        "X-Gitlab-Webhook-UUID",
        "X-Gitlab-Instance",
        "X-Gitlab-Token",
    ),
    *("Idempotency-Key", "webhook-id", "webhook-timestamp", "webhook-signature"),
)
KEY_AT_MOST = 500
NO_MESSAGE = Ignored("Nothing was read.")


def take_in(source: Source, headers: Headers, raw: bytes, *, now: datetime) -> Answer:
    """Check a delivery's signature over its raw body, then take it in.

    `headers` are asked by any case. Raises 401 for a signature that does not fit or is too old, 403 for a
    paused source, 400 for no JSON, and what `receive` raises.
    """
    wrong = what_is_wrong(source.kind, headers, raw, secrets_of(source, now=now), now=now)
    if wrong is not None:
        told = {"WWW-Authenticate": 'Signature realm="releasedesk"'}
        raise Problem("not-authenticated", wrong, headers=told)
    if source.paused_at is not None:
        raise Problem("forbidden", f"'{source.name}' is paused. Nothing was stored.")
    payload = parse_json(_payload(raw, headers.get("Content-Type", "")))
    message = message_of(source, headers, payload, now=now)
    return receive(acting_for(source), source.team_id, message, now=now)


def acting_for(source: Source) -> Actor:
    """Who acts: an engineer of the source's team, and no more."""
    return Actor(label=f"{source.name} (source)", roles={source.team_id: Role.ENGINEER})


def _payload(raw: bytes, media_type: str) -> bytes:
    """The JSON of a delivery. GitHub can also send it as the field `payload` of a form."""
    if media_type.partition(";")[0].strip().lower() != FORM:
        return raw
    try:
        fields = parse_qs(raw.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        raise Problem("not-json", "The form has more fields than GitHub sends.") from None
    return fields.get("payload", [""])[0].encode()


def message_of(source: Source, headers: Headers, payload: object, *, now: datetime) -> Message:
    """Take a delivery as it came. Its key is what its sender calls it, else the digest of its body."""
    named = (headers.get(name, "").strip() for name in DELIVERY[source.kind])
    key, type_ = next(filter(None, named), ""), headers.get(EVENT[source.kind], "")
    key_at = next(iter(DELIVERY[source.kind]), "#/context/id")
    if source.kind == "cdevents":
        named_in = _envelope(headers, payload)
        key = f"{text_at(named_in, 'source')} {text_at(named_in, 'id')}".strip()
        type_ = text_at(named_in, "type")
    message = Message(
        source=source.pk,
        key=line(key, KEY_AT_MOST) or digest(payload).hex(),
        type=line(type_, 200),
        body=payload,
        key_at=key_at,
        headers={name: headers[name] for name in KEPT if name in headers},
        read=lambda: NO_MESSAGE,
        waits=True,
        guesses=True,
    )
    return with_reader(source, message, now=now)


def _envelope(headers: Headers, payload: object) -> Mapping[str, object]:
    """What names a CDEvent: its CloudEvents envelope, as headers or around it, else its own context."""
    in_headers = {name: headers.get(f"Ce-{name}", "") for name in ("source", "id", "type")}
    if in_headers["id"]:
        return in_headers
    whole = payload if isinstance(payload, Mapping) else {}
    return whole if "specversion" in whole else part_at(whole, "context")


def _cdevent(payload: object) -> object:
    """The event itself, out of its CloudEvents envelope if it has one."""
    inner = payload.get("data") if isinstance(payload, Mapping) and "specversion" in payload else None
    return payload if inner is None else inner


def with_reader(source: Source, message: Message, *, now: datetime) -> Message:
    """Give a message the reader of its source. What the team has said about names counts as it is now."""
    return replace(message, read=partial(READERS[source.kind], source, message, now))


def _cdevents(source: Source, message: Message, now: datetime) -> Reading:
    known = names_of(source.team_id)
    return cdevents.read(_cdevent(message.body), key=message.key, now=now, skew=skew(), known=known)


def _github(source: Source, message: Message, now: datetime) -> Reading:
    known = names_of(source.team_id)
    return github.read(message.type, message.body, key=message.key, now=now, skew=skew(), known=known)


def _gitlab(source: Source, message: Message, now: datetime) -> Reading:
    known = names_of(source.team_id)
    return gitlab.read(message.type, message.body, key=message.key, now=now, skew=skew(), known=known)


READERS: dict[str, Callable[[Source, Message, datetime], Reading]] = {
    "github": _github,
    "gitlab": _gitlab,
    "cdevents": _cdevents,
}
