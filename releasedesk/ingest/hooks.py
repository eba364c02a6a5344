"""A delivery to a source's address: is it from there, what is it called, and how is it read."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from urllib.parse import parse_qs

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.sources import secrets_of
from releasedesk.deliveries.masking import digest
from releasedesk.deliveries.models import Delivery, Source
from releasedesk.ingest import events, github, gitlab
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.cloudevents import PREFIX, from_headers, in_headers
from releasedesk.ingest.message import Ignored, Message, Reading
from releasedesk.ingest.names import Names, line
from releasedesk.ingest.receive import receive, skew
from releasedesk.ingest.signatures import what_is_wrong
from releasedesk.problems.json_text import parse_json
from releasedesk.problems.problem import Problem

Headers = Mapping[str, str]
FORM = "application/x-www-form-urlencoded"
# What GitLab before 17.4 calls a delivery: all that one request there brings about shares it.
SHARED = "X-Gitlab-Event-UUID"
# What a delivery is called, best first, and where its kind stands; both by kind of source.
DELIVERY = {
    "github": ("X-GitHub-Delivery",),
    "gitlab": ("webhook-id", "Idempotency-Key", SHARED),
}
EVENT = {"github": "X-GitHub-Event", "gitlab": "X-Gitlab-Event"}
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
        "X-Gitlab-Signature",
    ),
    *("Idempotency-Key", "webhook-id", "webhook-timestamp", "webhook-signature"),
)
KEY_AT_MOST = 500


def take_in(source: Source, headers: Headers, raw: bytes, *, now: datetime, why: str = "") -> Answer:
    """Check a delivery's signature over its raw body, then take it in.

    `headers` are asked by any case. `why` is the reason given for one that is ignored, in place of what its
    reader says. Raises 401 for a signature that does not fit or is too old, 403 for a
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
    if why:
        message = replace(message, read=partial(_ignored, message, why))
    return receive(acting_for(source), source.team_id, message, now=now)


def _ignored(message: Message, why: str, known: Names) -> Reading:
    reading = message.read(known)
    return replace(reading, why=why) if isinstance(reading, Ignored) else reading


def acting_for(source: Source) -> Actor:
    """Who acts: an engineer of the source's team, and no more."""
    return Actor(label=f"{source.name} (source)", roles={source.team_id: Role.ENGINEER})


def _payload(raw: bytes, media_type: str) -> bytes:
    """The JSON of a delivery. GitHub can also send it as the field `payload` of a form.

    Who tries the door by hand often says that it is a form, and sends JSON.
    """
    if raw.lstrip().startswith(b"{") or media_type.partition(";")[0].strip().lower() != FORM:
        return raw
    try:
        fields = parse_qs(raw.decode("utf-8", "replace"), max_num_fields=10)
    except ValueError:
        raise Problem("not-json", "The form has more fields than GitHub sends.") from None
    if "payload" not in fields:
        raise Problem("not-json", "The form has no field 'payload', in which GitHub sends its JSON.")
    return fields["payload"][0].encode()


def message_of(source: Source, headers: Headers, payload: object, *, now: datetime) -> Message:
    """Take a delivery as it came. Its key is what its sender calls it, else the digest of its body."""
    kept = {name: headers[name] for name in KEPT if name in headers}
    if source.kind == "cdevents":
        return replace(_of_cdevents(source, _cdevent(headers, payload, now=now)), headers=kept)
    named = [name for name in DELIVERY[source.kind] if headers.get(name, "").strip()]
    key = line(headers[named[0]], KEY_AT_MOST) if named else ""
    event = line(headers.get(EVENT[source.kind], ""), 200)
    if key and named[0] == SHARED:
        key = line(f"{digest(payload).hex()} {key}", KEY_AT_MOST)
    if source.kind == "gitlab" and not (key or event):
        # An external status check has no name, and one that is retried on GitLab's page may be the same body.
        key, event = f"{digest(payload).hex()} {now:%Y-%m-%dT%H:%M}", "External Status Check"
    told = _of_forge(source, event, key or digest(payload).hex(), payload, now=now)
    return replace(told, headers=kept, key_at=named[0] if named else told.key_at)


def message_again(source: Source, delivery: Delivery, body: object, *, now: datetime) -> Message:
    """Make a kept delivery of a source a message again."""
    if source.kind == "cdevents":
        told = _of_cdevents(source, events.cdevent(body, now=now, skew=skew()))
    else:
        came_at = delivery.received_at
        told = _of_forge(source, delivery.type, delivery.key, body, now=now, came_at=came_at)
    return replace(told, headers=delivery.headers)


def _of_forge(
    source: Source, event: str, key: str, payload: object, *, now: datetime, came_at: datetime | None = None
) -> Message:
    """A delivery of GitHub or GitLab, whose event's kind stands beside it."""
    at = {"now": now, "skew": skew(), "came_at": came_at or now}
    return Message(
        source=source.pk,
        key=key,
        type=event,
        body=payload,
        key_at=DELIVERY[source.kind][0],
        read=lambda known: FORGES[source.kind](event, payload, key=key, known=known, **at),
        waits=True,
        guesses=True,
    )


def _cdevent(headers: Headers, payload: object, *, now: datetime) -> Message:
    """A CDEvent as `POST /events` takes it too: its envelope in the headers, around it, or none."""
    named = {name.lower().removeprefix(PREFIX): headers[name] for name in headers if _is_attribute(name)}
    if "id" not in named:
        return events.cdevent(payload, now=now, skew=skew())
    media_type = headers.get("Content-Type", "").partition(";")[0].strip().lower()
    whole = from_headers(named, media_type, payload)
    return in_headers(events.cdevent(whole, now=now, skew=skew()))


def _is_attribute(header: str) -> bool:
    return header.lower().startswith(PREFIX)


def _of_cdevents(source: Source, told: Message) -> Message:
    """The event as this source's. Its own id is unique only to whoever it names as its source."""

    def named(id: str) -> str:  # noqa: A002 - an id is what it is
        return line(f"{told.source} {id}", KEY_AT_MOST)

    def read(known: Names) -> Reading:
        reading = told.read(known)
        if not isinstance(reading, tuple):
            return reading
        return tuple(fact.model_copy(update={"id": named(fact.id)}) for fact in reading)

    key = named(told.key) or digest(told.body).hex()
    return replace(told, source=source.pk, key=key, type=line(told.type, 200), read=read, guesses=True)


FORGES: dict[str, Callable[..., Reading]] = {"github": github.read, "gitlab": gitlab.read}
