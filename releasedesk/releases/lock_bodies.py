"""What the API and the pages may say about a lock or a freeze."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, ClassVar, Literal, Self

from pydantic import ConfigDict, Field, StringConstraints, model_validator

from releasedesk.problems.body import NULL_IS_EMPTY, ONE_LINE, Body, Slug, Text, Time, YesNo, refuse
from releasedesk.problems.zones import TimeZone
from releasedesk.releases.windows import LONGEST_YEARLY, Dates, Weekly, never_ends, window_of

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Clock = Annotated[str, StringConstraints(max_length=40), ONE_LINE]
EARLIEST_YEAR, LATEST_YEAR = 1970, 9000
CLOCK_TIME, CLOCK_DATE = "a time of day, like 16:00", "a date and time without a zone, like 2026-12-20T18:00"


class WindowBody(Body):
    """When a freeze holds: every week, or between two dates, on the clock of `timezone` (the team's own).

    Weekly: from `starts` on each of `days` until the clock next reads `ends`, on `ends_on` if that is said.
    """

    kind: Literal["weekly", "dates"]
    timezone: TimeZone | None = None
    days: Annotated[list[Weekday], Field(max_length=7), NULL_IS_EMPTY] = []
    starts: Clock
    ends: Clock
    ends_on: Weekday | None = None
    yearly: YesNo = False

    @model_validator(mode="after")
    def _can_be(self) -> Self:
        if self.kind == "weekly":
            self._can_be_weekly()
        else:
            self._can_be_dates()
        return self

    def _can_be_weekly(self) -> None:
        for name in ("starts", "ends"):
            _reads_as(name, getattr(self, name), time, CLOCK_TIME)
        if not self.days:
            raise refuse("required", "A weekly window needs its days.", "the days it begins on", at=("days",))
        if self.yearly:
            raise refuse("differs", "A weekly window is not yearly.", "nothing", at=("yearly",))
        window = window_of(self.kept("UTC"))
        if isinstance(window, Weekly) and never_ends(window):
            raise refuse(
                "endless", "This covers the whole week: it is a lock, no freeze.", "a lock", at=("ends",)
            )

    def _can_be_dates(self) -> None:
        for name in ("starts", "ends"):
            _reads_as(name, getattr(self, name), datetime, CLOCK_DATE)
        for name in ("days", "ends_on"):
            if getattr(self, name):
                raise refuse("differs", "Dates have no weekdays.", "nothing", at=(name,))
        window = window_of(self.kept("UTC"))
        assert isinstance(window, Dates)
        if window.ends <= window.starts:
            raise refuse("order", "It ends before it begins.", "a later time", at=("ends",))
        if window.yearly and window.ends - window.starts > LONGEST_YEARLY:
            raise refuse("range", "A yearly window is shorter than a year.", "at most 364 days", at=("ends",))

    def kept(self, timezone: str) -> dict[str, object]:
        """The window as it is kept; `timezone` is the one that holds where none is said."""
        return {**self.model_dump(exclude_none=True), "timezone": self.timezone or timezone}


class LockBody(Body):
    """A lock (DESIGN §5.8). What is left out means all, and no end."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset(
        {"id", "source", "scope", "state", "recurs", "created_by", "created_at", "released_by", "released_at"}
        | {"holds_until", "next", "self", "url"}
    )

    # A form that leaves it empty is told why it is wanted, which pydantic would not say.
    model_config = ConfigDict(json_schema_extra={"required": ["reason"]})

    service: Slug | None = None
    environment: Slug | None = None
    kind: Literal["block", "warn"] = "block"
    reason: Text | None = None
    until: Time | None = None
    window: WindowBody | None = None

    EXAMPLE = {
        "service": "checkout-api",
        "environment": "production",
        "reason": "The payment provider is being moved.",
    }
    MORE_EXAMPLES = {
        "until": {"service": "checkout-api", "reason": "The audit.", "until": "2099-12-31T18:00:00Z"},
        "window": {
            "service": "checkout-api",
            "kind": "warn",
            "reason": "Nobody is there to help.",
            "window": {
                "kind": "weekly",
                "days": ["friday"],
                "starts": "16:00",
                "ends": "08:00",
                "ends_on": "monday",
            },
        },
    }


def _reads_as(name: str, text: str, kind: type[time | datetime], expected: str) -> None:
    """Refuse what the clock on a wall cannot read; a zone stands apart from it."""
    try:
        found = kind.fromisoformat(text)
    except ValueError:
        raise refuse("time", "The clock on the wall cannot read this.", expected, at=(name,)) from None
    if found.tzinfo is not None:
        raise refuse("zone", "A window's times are those of its `timezone`.", expected, at=(name,))
    if isinstance(found, datetime) and not EARLIEST_YEAR <= found.year <= LATEST_YEAR:
        raise refuse(
            "time", "No time to reckon with.", f"a year from {EARLIEST_YEAR} to {LATEST_YEAR}", at=(name,)
        )
