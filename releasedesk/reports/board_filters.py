"""What part of the board is asked for. It lives in the URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from django.db.models import Q

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Service, ServiceQuerySet
from releasedesk.problems.problem import FieldError, invalid
from releasedesk.releases.models import Live
from releasedesk.reports.board_rows import Row
from releasedesk.reports.filters import unknown_places, unknown_value
from releasedesk.reports.verdicts import State

NAMES = ("team", "service", "state", "only", "sort", "mine")
# What the tallies count is what they lead to.
ONLY: dict[str, Callable[[Row, datetime], bool]] = {
    "shipped_today": lambda row, now: bool(row.shipped_today(now)),
    "measured_today": lambda row, now: any(shipment.measured for shipment in row.shipped_today(now)),
    "not_ready": lambda row, _: row.is_stuck,
    "notes_due": lambda row, _: bool(row.notes_due),
}
Sort = Literal["", "team", "attention"]


@dataclass(frozen=True, slots=True)
class Filters:
    """The filters of one request. `sort` is by team unless it says `attention`."""

    team: str = ""
    service: str = ""
    state: str = ""
    only: str = ""
    sort: Sort = ""
    mine: bool = False

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Filters:
        """Read the query string without asking the database: whether a version still holds is one query.

        Raises 422 for a filter or a value that cannot exist, naming near ones. Teams and services are looked
        at by `refuse_unknown`.
        """
        wrong = [
            FieldError(
                f"?{name[:100]}",
                "unknown_field",
                f"There is no filter '{name[:100]}'.",
                f"one of: {', '.join(NAMES)}",
            )
            for name in query
            if name not in NAMES
        ]
        said = {name: query.get(name, "").strip() for name in NAMES}
        wrong += unknown_value("state", said["state"], lambda: State)
        wrong += unknown_value("only", said["only"], lambda: ONLY)
        wrong += unknown_value("sort", said["sort"], lambda: ["team", "attention"])
        wrong += unknown_value("mine", said["mine"], lambda: ["0", "1"])
        if wrong:
            raise invalid(*wrong)
        return cls(
            team=said["team"],
            service=said["service"],
            state=said["state"],
            only=said["only"],
            sort=cast("Sort", said["sort"]),
            mine=said["mine"] == "1",
        )

    @property
    def narrow(self) -> bool:
        """Whether anything is left out."""
        return bool(self.team or self.service or self.state or self.only or self.mine)

    def services(self, actor: Actor) -> ServiceQuerySet:
        """The services these filters leave, of those the actor may see. A token owns none."""
        chosen = Service.objects.of(actor)
        if self.team:
            chosen = chosen.filter(team__slug=self.team)
        if self.service:
            chosen = chosen.filter(slug=self.service)
        if self.mine and actor.user_id is None:
            return chosen.none()
        if self.mine:
            released = Live.objects.filter(release__owner=actor.user_id).values("service")
            chosen = chosen.filter(Q(owner=actor.user_id) | Q(pk__in=released))
        return chosen

    def refuse_unknown(self, actor: Actor) -> None:
        """Raise 422 for a team or a service that is not there, naming near ones the actor may see."""
        wrong = unknown_places(actor, self.team, self.service)
        if wrong:
            raise invalid(*wrong)

    def show_row(self, row: Row, now: datetime) -> bool:
        """Say whether the filters leave this row."""
        return self.state in {"", row.state} and (not self.only or ONLY[self.only](row, now))
