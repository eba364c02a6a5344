"""`POST /api/v1/events`: where CI reports facts."""

from __future__ import annotations

import json
from datetime import datetime
from typing import IO, Any, cast

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.utils import timezone

from releasedesk.api.answers.events import EventAnswer, EventAnswers
from releasedesk.api.authentication import remembered_token_of, token_of
from releasedesk.api.door import Door, idempotency_key, require_scope
from releasedesk.api.media import BATCH, JSON, STRUCTURED, Media, media_of
from releasedesk.api.parsers import discard, read_limited, refuse_longer
from releasedesk.api.schema.event_bodies import EnvelopeList, EventOrEvents
from releasedesk.api.schema.operation import operation, operation_of
from releasedesk.api.straight import origin
from releasedesk.api.unwrap import unwrap
from releasedesk.catalog.models import Scope, Token
from releasedesk.ingest import cloudevents, events
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.cloudevents import Envelope
from releasedesk.ingest.lists import receive_all
from releasedesk.ingest.message import Message
from releasedesk.ingest.receive import skew
from releasedesk.problems.json_text import parse_json
from releasedesk.problems.problem import FieldError, Problem, invalid
from releasedesk.problems.render import as_problem, problem_document, problem_response

BATCH_AT_MOST = 500
ATTRIBUTE = "HTTP_CE_"  # how WSGI spells `ce-`, the headers of a CloudEvent in binary mode
OF_AN_EVENT = frozenset(ATTRIBUTE + name.upper() for name in cloudevents.REQUIRED)


class Events(Door):
    """Take in events (DESIGN §5.3): the desk's own, CloudEvents, CDEvents; one, or up to 500 in a list."""

    write_scope = Scope.EVENTS_WRITE

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a POST without the framework's machinery, which costs as much as the rest; same words."""
        if request.method != "POST":
            return super().dispatch(request, *args, **kwargs)
        try:
            return self.post(request)
        except Exception as error:  # noqa: BLE001 - translated, and logged if nobody foresaw it
            discard(request, error)
            return problem_response(request, as_problem(error))

    @operation(
        "reportEvent",
        "Events",
        {200: EventAnswer, 201: EventAnswer, 202: EventAnswer, 207: EventAnswers},
        body={JSON: EventOrEvents, STRUCTURED: Envelope, BATCH: EnvelopeList},
        keyed=True,
        who=("token",),
    )
    def post(self, request: HttpRequest) -> HttpResponse:
        """Answer 201 applied, 202 kept until it can be or ignored, 200 seen before; a list always 207.

        Problems: 400 not JSON, 401, 403, 409 same id with another body, 411, 413, 415, 422 wrong fields, 429,
        503. In a list each element has its own.
        """
        sender = _Sender(request)
        try:
            return self._taken_in(request, sender)
        except Problem:
            sender.make_sure()
            raise

    def _taken_in(self, request: HttpRequest, sender: _Sender) -> HttpResponse:
        if request.META.get("QUERY_STRING") and (said := operation_of(self, "POST")):
            said.refuse_unknown(request.GET)
        unwrap(request, settings.LIMIT_BATCH_BYTES)
        now = timezone.now()
        messages, is_list = _messages(request, now)
        answers = receive_all(sender.actor, sender.team_id, messages, now=now, make_sure=sender.make_sure)
        return _each(request, messages, answers) if is_list else _one(request, answers[0])


class _Sender:
    """Who sends: a token that may have been remembered until `make_sure`."""

    def __init__(self, request: HttpRequest) -> None:
        """Raises 401, 403 for a person or a missing scope, 429."""
        self.request = request
        remembered = remembered_token_of(request)
        self.is_sure = remembered is None
        self.token = remembered or _sender(request)
        self.actor, self.team_id = self.token.as_actor(), self.token.team_id

    def make_sure(self) -> None:
        """Ask whether a remembered token may still send. Raises 401, 403 and 429."""
        if not self.is_sure:
            self.is_sure = True
            _sender(self.request)


def _messages(request: HttpRequest, now: datetime) -> tuple[list[Message], bool]:
    """Read what was sent, and whether as a list. Raises 400, 413, 415 and 422."""
    media = media_of(request)
    attributes = _attributes(request) if media.may_be_data else {}
    if attributes:
        event = _in_binary(request, media, attributes)
        told = cloudevents.in_headers(cloudevents.message(event, now=now, skew=skew()))
        return [events.with_key(told, idempotency_key(request))], False
    media.refuse_unless(media.type in {JSON, STRUCTURED, BATCH})
    sent = _body(request)
    if media.is_list(sent):
        return [_message(media, one, now) for one in _few(sent)], True
    return [events.with_key(_message(media, sent, now), idempotency_key(request))], False


def _in_binary(request: HttpRequest, media: Media, attributes: dict[str, str]) -> dict[str, Any]:
    """The event whose attributes are headers and whose data is the body.

    What nobody here reads may hold anything. Raises 415 for what is read and is no JSON.
    """
    if media.is_json_data:
        return cloudevents.from_headers(attributes, media.type, _body(request, may_be_empty=True))
    media.refuse_unless(not cloudevents.is_read(attributes.get("type", "")))
    raw = read_limited(cast("IO[bytes]", request), settings.LIMIT_EVENT_BYTES)
    return cloudevents.with_bytes(attributes, media.type, raw)


def _sender(request: HttpRequest) -> Token:
    """Find the token that sends. Raises 401, 403 for a person or a missing scope, 429."""
    token = token_of(request)
    if token is None:
        if request.user.is_authenticated:
            told = "Events come from machines: send a token with the scope 'events:write'."
            raise Problem("forbidden", told)
        raise Problem(
            "not-authenticated",
            "Send a token: `Authorization: Bearer rdk_…`.",
            headers={"WWW-Authenticate": 'Bearer realm="releasedesk"'},
        )
    require_scope(token, Scope.EVENTS_WRITE)
    return token


def _attributes(request: HttpRequest) -> dict[str, str]:
    """The attributes of an event in binary mode, be it one that lacks some; none where there is no event."""
    if OF_AN_EVENT.isdisjoint(request.META):
        return {}
    return {
        name.removeprefix(ATTRIBUTE).lower(): value
        for name, value in request.META.items()
        if name.startswith(ATTRIBUTE)
    }


def _body(request: HttpRequest, *, may_be_empty: bool = False) -> Any:
    """Read and parse the body. Raises 400 and 413; only a list may be as long as a batch."""
    raw = read_limited(cast("IO[bytes]", request), settings.LIMIT_BATCH_BYTES)
    if not raw and may_be_empty:
        return None
    if not raw:
        raise Problem("not-json", "The body is empty. Send JSON.")
    if not raw.lstrip().startswith(b"["):
        refuse_longer(len(raw), settings.LIMIT_EVENT_BYTES)
    return parse_json(raw)


def _message(media: Media, sent: object, now: datetime) -> Message:
    """Take one event: by its shape, unless the media type says what it is."""
    if media.is_envelope:
        return cloudevents.message(sent, now=now, skew=skew())
    return events.message(sent, now=now, skew=skew())


def _few(sent: list[Any]) -> list[Any]:
    """Raise 422 for more than a batch may hold."""
    if len(sent) > BATCH_AT_MOST:
        told = "These are too many events for one request."
        raise invalid(FieldError("#", "too_long", told, f"at most {BATCH_AT_MOST}", f"a list of {len(sent)}"))
    return sent


def _one(request: HttpRequest, answer: Answer | Problem) -> HttpResponse:
    if isinstance(answer, Problem):
        raise answer
    path = answer.body["release_url"]
    body = {**answer.body, "release_url": path and origin(request) + path}
    headers = {"Idempotent-Replayed": "true"} if answer.replayed else {}
    # What was stored as JSON needs no encoder of Django's, which is slow to begin.
    return HttpResponse(json.dumps(body), "application/json", answer.status, headers=headers)


def _each(request: HttpRequest, messages: list[Message], answers: list[Answer | Problem]) -> JsonResponse:
    results = [
        {"index": index, "id": message.key or None, **_result(request, answer)}
        for index, (message, answer) in enumerate(zip(messages, answers, strict=True))
    ]
    return JsonResponse({"results": results}, status=207)


def _result(request: HttpRequest, answer: Answer | Problem) -> dict[str, Any]:
    if isinstance(answer, Problem):
        problem = problem_document(request, answer)
        return {"status": answer.status, "outcome": "rejected", "problem": problem}
    return {"status": answer.status, "outcome": answer.body["outcome"], "problem": None}
