"""`POST /api/v1/hooks/{source_id}`: where GitHub, GitLab and senders of CDEvents deliver."""

from __future__ import annotations

from typing import IO, cast

from django.conf import settings
from django.utils import timezone
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.sources import refuse_guessing
from releasedesk.api.answers.events import EventAnswer
from releasedesk.api.parsers import read_limited
from releasedesk.api.schema.event_bodies import HookPayload
from releasedesk.api.schema.operation import operation
from releasedesk.api.served import Served
from releasedesk.api.unwrap import unwrap
from releasedesk.deliveries.models import Source
from releasedesk.ingest.hooks import take_in
from releasedesk.operations.address import address_of
from releasedesk.problems.problem import Problem


class Hooks(Served):
    """Take in a webhook. Its signature is all the authentication there is."""

    authentication_classes = []
    permission_classes = []
    renderer_classes = [JSONRenderer]

    @operation(
        "deliverWebhook",
        "Events",
        {200: EventAnswer, 201: EventAnswer, 202: EventAnswer},
        body=HookPayload,
        who=("github_signature", "gitlab_token", "gitlab_signature", "webhook_signature", "source_secret"),
        conflicts=True,
    )
    def post(self, request: Request, source_id: str) -> Response:
        """Answer as events are answered (DESIGN §5.3). GitHub may deliver a form: its field `payload`.

        Problems: 400 not JSON, 401 signature, 403 paused, 404 no such source, 409, 413, 422, 429, 503.
        """
        raw_request = request._request  # noqa: SLF001 - DRF has no public name for it
        unwrap(raw_request, settings.LIMIT_HOOK_BYTES)
        raw = read_limited(cast("IO[bytes]", raw_request), settings.LIMIT_HOOK_BYTES)
        try:
            answer = take_in(_source(source_id), request.headers, raw, now=timezone.now())
        except Problem as problem:
            if problem.kind in {"not-authenticated", "not-found"}:
                refuse_guessing(address_of(raw_request))
            raise
        path = answer.body["release_url"]
        body = {**answer.body, "release_url": raw_request.build_absolute_uri(path) if path else None}
        replayed = {"Idempotent-Replayed": "true"} if answer.replayed else {}
        return Response(body, status=answer.status, headers=replayed)


def _source(source_id: str) -> Source:
    source = Source.objects.there().filter(pk=source_id).first()
    if source is None:
        raise Problem("not-found", "There is no source at this address.")
    return source
