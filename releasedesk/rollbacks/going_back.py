"""Can we go back from what is live in one environment, and to what? Pure, over plain values.

The board asks for a hundred services and has tuples, a page asks for one and has rows: both ask here, so that
they never answer differently.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from releasedesk.rollbacks.readiness import (
    PlanBrief,
    Readiness,
    RehearsalBrief,
    Running,
    Situation,
    readiness,
    when_stale,
)
from releasedesk.rollbacks.target import Candidate, Choice, Why, choose

Rank = tuple[datetime, str, str]  # of the first success: when, source, id


@dataclass(frozen=True, slots=True)
class Stood:
    """A release that has succeeded in the environment. `marked`: it was rolled back, and is so still."""

    version: str
    rank: Rank
    marked: bool
    suspect: bool
    irreversible: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """All there is to know. `stood` is in any order; `plan` is the one that holds for what is live."""

    environment: str
    live: str | None
    stood: Sequence[Stood]
    plan: PlanBrief | None
    rehearsal: RehearsalBrief | None
    older_rehearsal: RehearsalBrief | None
    running: Running | None


@dataclass(frozen=True, slots=True)
class Answer:
    """The target, what lies between it and what is live (the newest first), and whether one is ready."""

    choice: Choice
    target: str | None
    between: tuple[str, ...]
    readiness: Readiness
    stale_at: datetime | None


def answer(known: Known, *, now: datetime, max_age_days: int, to: str | None = None) -> Answer:
    """Answer for one place. `to` names another target, one of `choice.may_name`."""
    points = sorted((s for s in known.stood if s.irreversible), key=lambda s: s.rank, reverse=True)
    # A migration has run, whatever became of its release: one that was rolled back is a point as well.
    choice = choose(_candidates(known.stood, points[0].rank if points else None), known.live)
    by_version = {stood.version: stood for stood in known.stood}
    target = by_version.get(to or choice.target or "")
    live = by_version.get(known.live or "")
    point = next((point.version for point in points if _stands_in_the_way(point, target, choice)), None)
    situation = Situation(
        now=now,
        environment=known.environment,
        live=known.live,
        target=target.version if target else None,
        suspect_only=choice.suspects if target is None else (),
        point_of_no_return=point,
        plan=known.plan,
        rehearsal=known.rehearsal,
        older_rehearsal=known.older_rehearsal,
        irreversible_migration=target is not None and point is not None,
        running=known.running,
        max_age_days=max_age_days,
    )
    return Answer(
        choice=choice,
        target=target.version if target else None,
        between=_between(known.stood, target, live),
        readiness=readiness(situation),
        stale_at=when_stale(known.rehearsal, max_age_days),
    )


def _candidates(stood: Sequence[Stood], point: Rank | None) -> list[Candidate]:
    return [
        Candidate(one.version, one.rank, one.marked, one.suspect, point is not None and one.rank < point)
        for one in stood
    ]


def _stands_in_the_way(point: Stood, target: Stood | None, choice: Choice) -> bool:
    """Say whether this migration stands in the way of the target, or of there being one."""
    if target is not None:
        return target.rank < point.rank
    return any(other.why is Why.POINT_OF_NO_RETURN for other in choice.passed_over)


def _between(stood: Sequence[Stood], target: Stood | None, live: Stood | None) -> tuple[str, ...]:
    if target is None or live is None:
        return ()
    inside = [one for one in stood if target.rank < one.rank < live.rank]
    return tuple(one.version for one in sorted(inside, key=lambda one: one.rank, reverse=True))
