"""All that the gates go by, as plain values. Pure: read by `read.py`, judged by the conditions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from releasedesk.checklists.unmet import Standing as Checklist
from releasedesk.releases.fingerprints import Comparison as Configurations
from releasedesk.releases.lock_times import Standing as Locks
from releasedesk.releases.one_change import Size
from releasedesk.rollbacks.readiness import Readiness


class Fix(StrEnum):
    """Where a condition is mended. `fixes.py` turns it into a path."""

    PLAN = "plan"
    CHECKLIST = "checklist"
    MEASURE = "measure"
    ROLLBACK_PLAN = "rollback_plan"
    REHEARSALS = "rehearsals"
    DEPLOYMENTS = "deployments"
    CONFIGURATION = "configuration"
    LOCKS = "locks"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one gate found: a sentence a colleague would say, and where it is mended if it is not met."""

    met: bool
    detail: str
    fix: Fix | None = None


@dataclass(frozen=True, slots=True)
class Ran:
    """A success on the way here: where, and which commit was reported with it."""

    environment: str
    commit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GateFacts:
    """A release in front of an environment. What rooms below know of their own comes as they say it.

    `live` is the version that is there now, None before the first. `stages` are the environments the release
    has to run in first, `ran` its last success in one of them, `suspect` the judge's sentence where its
    numbers there are suspect. `way_back` is the readiness to go back from this release to what is live.
    """

    version: str
    commit: str
    environment: str
    answerable: str
    expected_result: str
    size: Size
    checklist: Checklist
    measured: Sequence[str]
    live: str | None
    way_back: Readiness
    rehearsed_seconds: float | None
    stages: Sequence[str]
    ran: Ran | None
    suspect: str
    config: Configurations
    locks: Locks
