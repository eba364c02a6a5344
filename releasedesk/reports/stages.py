"""How far a release has come: planned, rehearsed, shipped, measured, noted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from releasedesk.catalog.models import Tier
from releasedesk.releases.models import Release
from releasedesk.reports.before_after import Measured
from releasedesk.reports.plan_card import PlanCard
from releasedesk.reports.post_ship import PostShip
from releasedesk.reports.timeline import VERDICTS
from releasedesk.reports.verdicts import Judged, State

Progress = Literal["done", "now", "missed", "to_come"]


@dataclass(frozen=True, slots=True)
class Stage:
    """One stage. `missed` is what a later stage has overtaken."""

    name: str
    progress: Progress
    words: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Stage:
    name: str
    done: bool
    words: str
    at: datetime | None = None


def stages(
    release: Release, standing: Judged, plan: PlanCard, measured: Sequence[Measured], note: PostShip
) -> tuple[Stage, ...]:
    """Return the five, of which the first that is open after the last that is done is the one to do now."""
    found = [
        _planned(release),
        _rehearsed(plan),
        _shipped(standing),
        _measured(standing, measured),
        _noted(note),
    ]
    last = max((number for number, stage in enumerate(found) if stage.done), default=-1)
    return tuple(
        Stage(stage.name, _progress(stage.done, number, last), stage.words, stage.at)
        for number, stage in enumerate(found)
    )


def _progress(done: bool, number: int, last: int) -> Progress:
    if done:
        return "done"
    if number < last:
        return "missed"
    return "now" if number == last + 1 else "to_come"


def _planned(release: Release) -> _Stage:
    if release.planned_at:
        return _Stage("Planned", done=True, words="", at=release.planned_at)
    return _Stage("Planned", done=False, words="nobody wrote a plan")


def _rehearsed(plan: PlanCard) -> _Stage:
    row = plan.rehearsal
    if row is None:
        words = "not rehearsed" if plan.plan else "no rollback plan"
        return _Stage("Rehearsed", done=False, words=words)
    words = row.environment.name if plan.is_rehearsed else "the rehearsal failed,"
    return _Stage("Rehearsed", done=plan.is_rehearsed, words=words, at=row.finished_at)


def _shipped(standing: Judged) -> _Stage:
    places = sorted(standing.standings, key=lambda row: row.environment.rank)
    if not places:
        return _Stage("Shipped", done=False, words="not deployed yet")
    top = places[-1]
    name = top.environment.name
    if standing.state == State.ROLLED_BACK:
        return _Stage("Shipped", done=True, words=f"{name}, rolled back", at=top.rolled_back_at)
    if top.environment.tier == Tier.PRODUCTION:
        return _Stage("Shipped", done=True, words=name, at=top.first_at)
    return _Stage("Shipped", done=False, words=f"so far on {name},", at=top.first_at)


def _measured(standing: Judged, measured: Sequence[Measured]) -> _Stage:
    verdict = standing.verdict
    if verdict == "verified":
        return _Stage("Measured", done=True, words="verified")
    if verdict in VERDICTS:
        words = VERDICTS[verdict][0]
        if standing.state == State.ROLLED_BACK:
            return _Stage("Measured", done=True, words=words)
        todo = "decide" if verdict == "suspect" else "measure again"
        return _Stage("Measured", done=False, words=f"{words}, {todo}")
    phases = {side.phase for card in measured for side in card.sides}
    return _Stage(
        "Measured", done=False, words=f"only {phases.pop()}" if len(phases) == 1 else "not measured"
    )


def _noted(note: PostShip) -> _Stage:
    if note.is_finished and note.note:
        return _Stage("Noted", done=True, words="", at=note.note.finished_at)
    if note.due_at:
        words = "overdue since" if note.is_overdue else "due"
        return _Stage("Noted", done=False, words=words, at=note.due_at)
    return _Stage("Noted", done=False, words="after shipping")
