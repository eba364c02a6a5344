"""Time zones by their IANA names. Pure."""

from typing import Annotated
from zoneinfo import available_timezones

from pydantic import AfterValidator, StringConstraints

from releasedesk.problems.body import ONE_LINE, Body, refuse
from releasedesk.problems.near import near


def known_zone(name: str) -> str:
    """Let an IANA name pass. Refuses any other with the nearest ones."""
    known = available_timezones()
    if name not in known:
        meant = ", ".join(near(name, sorted(known))[:3])
        raise refuse("unknown", f"No time zone is called '{name}'.", f"an IANA name, like {meant}")
    return name


TimeZone = Annotated[str, StringConstraints(max_length=64), ONE_LINE, AfterValidator(known_zone)]


class ClockBody(Body):
    """Where a team's clock hangs."""

    timezone: TimeZone
