"""The board."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import date, datetime, timedelta
from functools import lru_cache
from itertools import groupby
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString, mark_safe
from django.views.decorators.http import require_safe

from releasedesk.accounts.models import Team
from releasedesk.reports.board import Board, board, is_current
from releasedesk.reports.board_facts import Listed
from releasedesk.reports.board_filters import ONLY, Filters
from releasedesk.reports.board_rows import Row
from releasedesk.reports.kept_rows import KEPT
from releasedesk.reports.verdicts import State
from releasedesk.web.access import actor_of, signed_in

NEEDS_AT_MOST = 40


@require_safe
@signed_in
def show(request: HttpRequest) -> HttpResponse:
    """Show the board with the filters of the URL; 304 in one query when nothing has changed."""
    actor, now, filters = actor_of(request), timezone.now(), Filters.read(request.GET.dict())
    known = request.headers.get("If-None-Match", "").removeprefix("W/").strip('"')
    if known and is_current(known, filters, actor=actor, now=now):
        return HttpResponse(status=304, headers={"ETag": f'"{known}"'})
    found = board(filters, actor=actor, now=now)
    context = {
        "board": found,
        "groups": list(_groups(found, filters)),
        "links": _links(filters),
        "needs": found.needs[:NEEDS_AT_MOST],
        "more": max(len(found.needs) - NEEDS_AT_MOST, 0),
        "filters": filters,
        "all_teams": Team.objects.all(),
        "all_states": list(State),
        "all_only": list(ONLY),
        "nav": "board",
    }
    template = "board.html#live" if request.headers.get("HX-Request") else "board.html"
    response = render(request, template, context)
    patch_vary_headers(response, ["HX-Request"])
    response["ETag"] = f'"{found.version}"'
    response["Cache-Control"] = "private, no-cache"
    return response


def _groups(found: Board, filters: Filters) -> Iterator[tuple[Listed | None, list[SafeString]]]:
    """The rows under the names of their teams, or in one group without a name, sorted across teams.

    A team is named by the first of its services.
    """
    if filters.sort == "attention":
        rows = [drawn(row, _tick(row, found.at)) for row in found.rows]
        yield from [(None, rows)] if rows else []
        return
    for _, group in groupby(found.rows, key=lambda row: row.service.team_slug):
        rows = list(group)
        yield rows[0].service, [drawn(row, _tick(row, found.at)) for row in rows]


@lru_cache(maxsize=KEPT)
def drawn(row: Row, _worded: datetime | date) -> SafeString:
    """Render a row once as long as it is kept and its times are worded the same."""
    return mark_safe(get_template("parts/board_row.html").render({"row": row}))  # noqa: S308 - a template's own


def _tick(row: Row, now: datetime) -> datetime | date:
    """What the words of the times depend on: the minute within the first hour, then the day."""
    fresh = any(place.live and now - place.live.since < timedelta(hours=1) for place in row.places)
    return now.replace(second=0, microsecond=0) if fresh else now.date()


def _links(filters: Filters) -> dict[str, str]:
    """Addresses that set one filter and keep the others: what a tally counts is what it leads to."""
    wanted = {name: {"only": name, "state": ""} for name in ONLY}
    wanted |= {"suspect": {"only": "", "state": State.SUSPECT.value}}
    wanted |= {"by_team": {"sort": ""}, "by_attention": {"sort": "attention"}}
    now = {**asdict(filters), "mine": "1" if filters.mine else ""}
    return {
        name: "/?" + urlencode({key: value for key, value in {**now, **change}.items() if value})
        for name, change in wanted.items()
    }
