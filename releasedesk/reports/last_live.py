"""When a release was live somewhere the last time, and for how long."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from releasedesk.catalog.models import Environment
from releasedesk.releases.history import Status
from releasedesk.releases.models import Deployment, Release
from releasedesk.rollbacks.wording import duration, moment

NEWEST = 500


@dataclass(frozen=True, slots=True)
class Span:
    """From the success that made it live until that of another release."""

    since: datetime
    until: datetime

    @property
    def seconds(self) -> float:
        """How long that was."""
        return (self.until - self.since).total_seconds()

    @property
    def words(self) -> str:
        """In words: "live 9 d 4 h, until 2026-11-23 12:03 UTC"."""
        return f"live {duration(self.seconds)}, until {moment(self.until)}"


def last_time_live(release: Release, environment: Environment) -> Span | None:
    """Look through the successes of the place, the newest first, in one query; redeploys count as one time.

    None for a release that is live now, or was not among the newest.
    """
    rows = Deployment.objects.filter(
        service=release.service_id, environment=environment, status=Status.SUCCEEDED
    ).newest_first()
    since = until = None
    for which, at in rows.values_list("release_id", "finished_at")[:NEWEST]:
        if which == release.pk:
            since = at
        elif since is not None:
            break
        else:
            until = at
    return Span(since, until) if since and until else None
