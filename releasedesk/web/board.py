"""The board."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe

from releasedesk.accounts.models import Team
from releasedesk.reports.board import Filters, board, is_current
from releasedesk.reports.verdicts import State
from releasedesk.web.access import actor_of, signed_in


@require_safe
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """Show the board with the filters of the URL; 304 in one query when nothing has changed."""
    actor, now, filters = actor_of(request), timezone.now(), Filters.read(request.GET.dict())
    known = request.headers.get("If-None-Match", "").removeprefix("W/").strip('"')
    if known and is_current(known, filters, actor=actor, now=now):
        return HttpResponse(status=304, headers={"ETag": f'"{known}"'})
    found = board(filters, actor=actor, now=now)
    teams = [(team, list(rows)) for team, rows in groupby(found.rows, key=lambda row: row.service.team)]
    context = {
        "board": found,
        "teams": teams,
        "filters": filters,
        "all_teams": Team.objects.all(),
        "all_states": list(State),
        "nav": "board",
    }
    template = "board.html#live" if request.headers.get("HX-Request") else "board.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    response["ETag"] = f'"{found.version}"'
    response["Cache-Control"] = "private, no-cache"
    return response
