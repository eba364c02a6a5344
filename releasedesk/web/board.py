"""The board."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import asdict
from datetime import datetime
from functools import lru_cache
from itertools import groupby
from urllib.parse import urlencode

import structlog
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import get_template
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import DESK
from releasedesk.operations.statements import find
from releasedesk.reports.board import Board, board, is_current
from releasedesk.reports.board_facts import Listed
from releasedesk.reports.board_filters import ONLY, Filters
from releasedesk.reports.board_rows import Row
from releasedesk.reports.kept_rows import KEPT
from releasedesk.reports.needs import Need
from releasedesk.reports.verdicts import State
from releasedesk.web.access import actor_of, signed_in
from releasedesk.web.drawn import Drawn

NEEDS_AT_MOST = 40
log = structlog.get_logger("releasedesk.web")


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
        "needs": SafeString("".join(map(_drawn_need, found.needs[:NEEDS_AT_MOST]))),
        "more": max(len(found.needs) - NEEDS_AT_MOST, 0),
        "filters": filters,
        "all_teams": _all_teams,  # asked where the form is drawn: not for a fragment
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


def _all_teams() -> list[Team]:
    return find(Team, "ORDER BY slug")


def _groups(found: Board, filters: Filters) -> Iterator[tuple[Listed | None, SafeString]]:
    """The rows under the names of their teams, or in one group without a name, sorted across teams.

    A team is named by the first of its services.
    """
    if filters.sort == "attention":
        yield from [(None, _drawn_together(found.rows, found.at))] if found.rows else []
        return
    for _, group in groupby(found.rows, key=lambda row: row.service.team_slug):
        of_one = list(group)
        yield of_one[0].service, _drawn_together(of_one, found.at)


def _drawn_together(rows: Iterable[Row], now: datetime) -> SafeString:
    return SafeString("".join(drawn(row).at(now) for row in rows))


def read_ahead() -> None:
    """Read and draw every row, so that a new process answers its first reader as fast as the next.

    Without a database it is left to the first reader: whether there is one, `/ready` says.
    """
    try:
        get_template("board.html")
        list(_groups(board(Filters(), actor=DESK, now=timezone.now()), Filters()))
    except DatabaseError as error:
        log.warning("board_not_read_ahead", error=str(error))


@lru_cache(maxsize=KEPT)
def drawn(row: Row) -> Drawn:
    """Draw a row once as long as it is kept; its times are worded when it is shown."""
    return Drawn(get_template("parts/board_row.html").render({"row": row}))


@lru_cache(maxsize=KEPT)
def _drawn_need(need: Need) -> SafeString:
    return SafeString(get_template("parts/board_need.html").render({"need": need}))


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
