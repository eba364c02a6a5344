"""What happened to a release, told from the facts themselves, the newest first."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from releasedesk.checklists.models import Item, Outcome
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.notes.models import Note
from releasedesk.releases.history import Mode, Status
from releasedesk.releases.models import Deployment, GateAnswer, Override, Release
from releasedesk.reports.gates.table import missing
from releasedesk.reports.wording import Tone
from releasedesk.rollbacks.models import Plan, Rehearsal
from releasedesk.rollbacks.wording import duration, listed

VERDICTS: dict[str, tuple[str, Tone]] = {
    "suspect": ("suspect", "bad"),
    "verified": ("verified", "good"),
    "inconclusive": ("not decided", "warn"),
    "not_comparable": ("not comparable", "warn"),
}


@dataclass(frozen=True, slots=True)
class Moment:
    """One thing that happened: when, in a few words, by whom."""

    at: datetime
    words: str
    who: str
    tone: Tone = "idle"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that was recorded of one release, as the page has read it."""

    release: Release
    deployments: Iterable[Deployment]
    snapshots: Iterable[Snapshot]
    comparisons: Iterable[Comparison]
    rehearsals: Iterable[Rehearsal]
    items: Iterable[Item]
    plans: Iterable[Plan]
    overrides: Iterable[Override]
    answers: Iterable[GateAnswer]
    note: Note | None
    now: datetime


def timeline(facts: Facts) -> tuple[Moment, ...]:
    """Return everything that happened, the newest first; of one instant, the later step first."""
    told = [moment for kind in KINDS for moment in kind(facts)]
    told.sort(key=lambda moment: moment.at)
    return tuple(told[::-1])


def _planned(facts: Facts) -> Iterator[Moment]:
    release = facts.release
    if release.planned_at != release.created_at:
        yield Moment(release.created_at, "first heard of", release.created_by)
    if release.planned_at:
        who = release.created_by if release.planned_at == release.created_at else ""
        yield Moment(release.planned_at, "planned", who)


def _plans(facts: Facts) -> Iterator[Moment]:
    for plan in facts.plans:
        yield Moment(plan.created_at, f"rollback plan, version {plan.version}", plan.created_by)


def _checks(facts: Facts) -> Iterator[Moment]:
    """What one report decided is told as one thing."""
    together: dict[tuple[datetime, str, str], list[str]] = {}
    for item in facts.items:
        if item.decided_at:
            key = item.decided_at, item.decided_by, item.outcome
            together.setdefault(key, []).append(item.label)
    for (at, who, outcome), labels in together.items():
        words = f"{listed(labels)}: {Outcome(outcome).label.lower()}"
        yield Moment(at, words, who, "bad" if outcome == Outcome.FAILED else "idle")


def _rehearsals(facts: Facts) -> Iterator[Moment]:
    for row in facts.rehearsals:
        good = row.outcome == Rehearsal.Outcome.SUCCEEDED
        ended = f"in {duration(row.seconds)}" if good else "and it failed"
        yield Moment(
            row.finished_at,
            f"rollback rehearsed on {row.environment.name} {ended}",
            row.rehearsed_by,
            "good" if good else "bad",
        )


def _snapshots(facts: Facts) -> Iterator[Moment]:
    for row in facts.snapshots:
        other = f", {row.route}" if row.route != facts.release.route else ""
        words = f"measured {row.phase} in {row.environment.name}{other}"
        yield Moment(row.taken_until, words, row.recorded_by)


def _comparisons(facts: Facts) -> Iterator[Moment]:
    for row in facts.comparisons:
        words, tone = VERDICTS.get(row.verdict, ("not measured", "idle"))
        again = "" if row.is_current else ", replaced by a newer one"
        yield Moment(row.judged_at, f"judged in {row.environment.name}: {words}{again}", "desk", tone)


def _deployments(facts: Facts) -> Iterator[Moment]:
    for row in facts.deployments:
        left = row.release_id != facts.release.pk
        if left:
            yield Moment(
                row.at,
                f"rolled back in {row.environment.name}, to {row.release.version}",
                row.fact.actor,
                "warn",
            )
            continue
        words, tone = _standing(row, facts.now)
        if row.is_past_the_gate and row.finish:
            words, tone = f"{words}, past the gate: {missing(row.finish.passage.unmet)} missing", "bad"
        yield Moment(row.at, words, row.fact.actor, tone)


def _standing(row: Deployment, now: datetime) -> tuple[str, Tone]:
    place = row.environment.name
    match row.status_at(now):
        case Status.SUCCEEDED:
            again = {Mode.ROLLBACK: " again, by a rollback", Mode.REDEPLOY: " once more"}
            return f"live in {place}{again.get(Mode(row.mode), '')}", "good"
        case Status.FAILED:
            return f"deployment to {place} failed", "bad"
        case Status.LOST:
            return f"deployment to {place} was never heard of again", "warn"
    return f"deployment to {place} began", "idle"


def _overrides(facts: Facts) -> Iterator[Moment]:
    for row in facts.overrides:
        words = f"{row.gate.replace('_', ' ')} overridden for {row.environment.name}: {row.reason}"
        yield Moment(row.made_at, words, row.made_by, "warn")


def _answers(facts: Facts) -> Iterator[Moment]:
    for row in facts.answers:
        said = f"closed: {missing(row.unmet)}" if row.unmet else "open"
        words = f"asked to ship to {row.environment.name}: {said}"
        yield Moment(row.asked_at, words, row.asked_by, "idle" if row.is_open else "warn")


def _note(facts: Facts) -> Iterator[Moment]:
    note = facts.note
    if note and note.finished_at:
        yield Moment(note.finished_at, "note finished", note.written_by)
    elif note:
        yield Moment(note.written_at, "note begun", note.written_by)


# In the order in which they come about, so that things of one instant are told in it.
KINDS = (
    _planned,
    _plans,
    _checks,
    _rehearsals,
    _snapshots,
    _overrides,
    _answers,
    _deployments,
    _comparisons,
    _note,
)
