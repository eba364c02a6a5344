"""The board as JSON."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.api.door import Door, tags
from releasedesk.reports.board import board, is_current
from releasedesk.reports.board_filters import Filters

TAGS_AT_MOST = 5  # each costs a query


class TheBoard(Door):
    """What is live, is it all right, can we go back, what waits."""

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
