"""`POST /api/v1/events`: where CI reports facts."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.api.answers.events import EventAnswer
from releasedesk.api.door import Door
from releasedesk.api.schema.event_bodies import NativeEvent
from releasedesk.api.schema.operation import operation
from releasedesk.catalog.models import Scope, Token
from releasedesk.ingest import native
from releasedesk.ingest.receive import receive, skew
from releasedesk.problems.problem import Problem


class Events(Door):
    """Take in one native event (DESIGN §5.3)."""

    write_scope = Scope.EVENTS_WRITE
    limit = "LIMIT_EVENT_BYTES"

    @operation(
        "reportEvent",
        "Events",
        {200: EventAnswer, 201: EventAnswer, 202: EventAnswer},
        body=NativeEvent,
        keyed=True,
        session=False,
    )
    def post(self, request: Request) -> Response:
        """Answer 201 applied, 202 kept until it can be, 200 seen before (`Idempotent-Replayed: true`).

        Problems: 400 not JSON, 401, 403, 409 same id with another body, 413, 415, 422 wrong fields, 429, 503.
        """
        if not isinstance(request.auth, Token):
            raise Problem(
                "forbidden", "Events come from machines: send a token with the scope 'events:write'."
            )
        message = native.message(self.sent, now=self.now, skew=skew(), idempotency_key=self.idempotency_key)
        answer = receive(self.actor, request.auth.team_id, message, now=self.now)
        path = answer.body["release_url"]
        body = {**answer.body, "release_url": self.absolute(path) if path else None}
        return Response(body, status=answer.status, headers=self.replayed(answer.replayed))
