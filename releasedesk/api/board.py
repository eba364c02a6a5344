"""The board as JSON."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.api.answers import board as answers
from releasedesk.api.door import Door, tags
from releasedesk.api.schema.operation import Query, operation
from releasedesk.reports.board import board, is_current
from releasedesk.reports.board_filters import ONLY, Filters
from releasedesk.reports.verdicts import State

TAGS_AT_MOST = 5  # each costs a query


FILTERS = (
    Query("team", "Only this team's services.", example="payments"),
    Query("service", "Only this service.", example="checkout-api"),
    Query("state", "Only services whose release stands so.", {"enum": [*map(str, State)]}),
    Query("only", "Only what this tally counts.", {"enum": [*ONLY]}),
    Query("sort", "By team, or what needs attention first.", {"enum": ["team", "attention"]}),
    Query("mine", "Only what the person who asks owns.", {"enum": ["0", "1"]}),
)


class TheBoard(Door):
    """What is live, is it all right, can we go back, what waits."""

    @operation("getBoard", "Board", {200: answers.Board, 304: None}, query=FILTERS, etag=True)
    def get(self, request: Request) -> Response:
        """Answer the whole board, with the page's filters; 304 when `If-None-Match` still holds."""
        filters = Filters.read(request.query_params.dict())
        header = request.headers.get("If-None-Match", "")
        for known in tags(header)[:TAGS_AT_MOST]:
            if is_current(known, filters, actor=self.actor, now=self.now):
                return Response(status=304, headers={"ETag": f'"{known}"'})
        found = board(filters, actor=self.actor, now=self.now)
        if header.strip() == "*":
            return Response(status=304, headers={"ETag": f'"{found.version}"'})
        return Response(found.as_json(), headers={"ETag": f'"{found.version}"'})
