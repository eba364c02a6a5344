"""What a release needs next, in the order in which it needs it. One line a need in the table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from releasedesk.catalog.models import Tier
from releasedesk.releases.models import Release
from releasedesk.reports.before_after import Measured
from releasedesk.reports.plan_card import PlanCard
from releasedesk.reports.post_ship import PostShip
from releasedesk.reports.verdicts import Judged, State


@dataclass(frozen=True, slots=True)
class NextStep:
    """One thing to do. `page` is the name of the page where it is done."""

    words: str
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What decides what is next."""

    release: Release
    standing: Judged
    plan: PlanCard
    measured: Sequence[Measured]
    note: PostShip

    @property
    def shipped(self) -> bool:
        """Whether it has succeeded in production."""
        return any(row.environment.tier == Tier.PRODUCTION for row in self.standing.standings)

    def has(self, phase: str) -> bool:
        """Whether production was measured on this side."""
        here = [card for card in self.measured if card.environment.tier == Tier.PRODUCTION]
        return any(getattr(card, phase) for card in here)


def next_steps(known: Known) -> tuple[NextStep, ...]:
    """Return what is open, the first to be done first; what shipping has overtaken is not asked for."""
    return tuple(step for needed, step in STEPS if needed(known))


def _unplanned(known: Known) -> bool:
    return not known.shipped and not (known.release.change and known.release.expected_result)


def _without_way_back(known: Known) -> bool:
    live = not known.shipped or known.standing.state != State.ROLLED_BACK
    return live and (known.plan.plan is None or not known.plan.steps)


def _not_rehearsed(known: Known) -> bool:
    return not known.shipped and bool(known.plan.steps) and not known.plan.is_rehearsed


def _not_measured_before(known: Known) -> bool:
    return not known.shipped and not known.has("before")


def _suspect(known: Known) -> bool:
    return known.shipped and known.standing.state == State.SUSPECT and known.plan.way is not None


def _not_measured_after(known: Known) -> bool:
    return known.shipped and known.standing.state != State.ROLLED_BACK and not known.has("after")


def _undecided(known: Known) -> bool:
    return (
        known.shipped and known.has("after") and known.standing.verdict in {"inconclusive", "not_comparable"}
    )


def _not_noted(known: Known) -> bool:
    return known.shipped and not known.note.is_finished


STEPS: tuple[tuple[Callable[[Known], bool], NextStep], ...] = (
    (_suspect, NextStep("Go back, or say why not", "runbook")),
    (_unplanned, NextStep("Write what changes and what is expected", "edit_plan")),
    (_without_way_back, NextStep("Write the rollback plan", "rollback_plan")),
    (_not_rehearsed, NextStep("Rehearse the way back on staging", "rehearsal")),
    (_not_measured_before, NextStep("Measure before", "measure")),
    (_not_measured_after, NextStep("Measure after", "measure")),
    (_undecided, NextStep("Measure again", "measure")),
    (_not_noted, NextStep("Finish the note", "note")),
)
