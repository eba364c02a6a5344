"""One release: what was, what was changed, whether it came true, and how to go back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment
from releasedesk.checklists.models import Item
from releasedesk.releases.history import Mode, Status
from releasedesk.releases.models import Change, Deployment, Live, Lock, Release
from releasedesk.releases.one_change import Size
from releasedesk.reports.before_after import Measured, before_and_after
from releasedesk.reports.came_true import Answer, over_routes
from releasedesk.reports.gates.part import GatePart, gate_part
from releasedesk.reports.locks_ahead import Ahead, locks_ahead
from releasedesk.reports.next_steps import Known, NextStep, next_steps
from releasedesk.reports.plan_card import PlanCard, plan_card
from releasedesk.reports.plan_changes import PlanChange, plan_changes
from releasedesk.reports.post_ship import PostShip, post_ship
from releasedesk.reports.recovery import rehearsed_for
from releasedesk.reports.release_rows import rows_of
from releasedesk.reports.source_windows import WindowLine, lines_of
from releasedesk.reports.stages import Stage, stages
from releasedesk.reports.timeline import Facts, Moment, timeline
from releasedesk.reports.verdicts import State

# label → field, and whether it is code.
BASELINE = (
    ("Route", "route", True),
    ("Expected input", "expected_input", False),
    ("Slow part", "slow_part", True),
    ("Users notice", "users_notice", False),
    ("The one change", "change", False),
    ("Reason", "reason", False),
    ("Assumptions", "assumptions", False),
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One deployment. `leaves` means that it took this release back rather than brought it."""

    deployment: Deployment
    status: Status
    leaves: bool
    seconds: float | None
    rehearsed_seconds: float | None


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that was to be written down before the change; an empty text was not."""

    label: str
    text: str
    is_code: bool


@dataclass(frozen=True, slots=True)
class Checklist:
    """One of the two lists."""

    name: str
    items: tuple[Item, ...]

    @property
    def met(self) -> int:
        """How many of its items need nobody any more."""
        return sum(item.is_met for item in self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleasePage:
    """All that the page shows."""

    release: Release
    state: State
    live_in: tuple[Environment, ...]
    stages: tuple[Stage, ...]
    next_steps: tuple[NextStep, ...]
    triggers_met: tuple[str, ...]
    answers: tuple[Answer, ...]
    measured: tuple[Measured, ...]
    routes: str
    plan: PlanCard
    attempts: tuple[Attempt, ...]
    baseline: tuple[Fact, ...]
    checklists: tuple[Checklist, ...]
    note: PostShip
    changes: tuple[Change, ...]
    rewritten: tuple[PlanChange, ...]
    gate: GatePart
    moments: tuple[Moment, ...]
    windows: tuple[WindowLine, ...]
    locks: Ahead
    size: Size

    @property
    def waits_for_windows(self) -> bool:
        """Whether a metric source is still to be read."""
        return any(line.state == "waiting" for line in self.windows)


def release_page(release: Release, *, actor: Actor, now: datetime) -> ReleasePage:
    """Read everything about a release that the actor may see, in a number of queries that does not grow."""
    rows = rows_of(release, actor=actor, locks=Lock.objects.standing(now).on(release.service))
    standing, live = rows.standing, rows.lives
    goal = max(rows.environments, key=lambda place: place.rank)
    place = live[0].environment if live else goal
    plan = plan_card(release, live[0] if live else None, place, rows.plans, rows.rehearsals, now=now)
    deployments = _deployments(release)
    measured = before_and_after(
        release, rows.snapshots, standing.comparisons, deployments, expected_in=goal, plan=plan.plan
    )
    note = post_ship(release, standing, measured, deployments, rows.note, now=now)
    gate = gate_part(release, goal, deployments, rows.overrides, rows.answers, now=now)
    facts = Facts(
        release=release,
        deployments=deployments,
        snapshots=rows.snapshots,
        comparisons=rows.comparisons,
        rehearsals=plan.rehearsals,
        items=rows.items,
        plans=plan.versions,
        overrides=[said.override for said in gate.said],
        answers=gate.answers,
        note=note.note,
        now=now,
    )
    return ReleasePage(
        release=release,
        state=standing.state,
        live_in=tuple(row.environment for row in live),
        stages=stages(release, standing, plan, measured, note),
        next_steps=next_steps(
            Known(release=release, standing=standing, plan=plan, measured=measured, note=note)
        ),
        triggers_met=_triggers_met(measured, live),
        answers=_answers(release, measured),
        measured=measured,
        routes=standing.routes,
        plan=plan,
        attempts=_attempts(release, deployments, now),
        baseline=tuple(Fact(label, getattr(release, name), code) for label, name, code in BASELINE),
        checklists=_checklists(rows.items),
        note=note,
        changes=tuple(rows.changes),
        rewritten=plan_changes(release, deployments),
        gate=gate,
        moments=timeline(facts),
        windows=tuple(lines_of(rows.windows, now=now)),
        locks=locks_ahead(rows.locks, now=now),
        size=gate.size,
    )


def _deployments(release: Release) -> list[Deployment]:
    """Every attempt to bring it somewhere, and the rollbacks that took it back; the newest first."""
    rows = Deployment.objects.filter(
        Q(release=release) | Q(replaced=release, mode=Mode.ROLLBACK), service=release.service_id
    )
    return list(
        rows.select_related("environment", "release", "replaced", "start", "finish__passage").newest_first()
    )


def _answers(release: Release, measured: Sequence[Measured]) -> tuple[Answer, ...]:
    """Hold what was expected against what was measured nearest to users, on the release's route if it was."""
    found = [card for card in measured if card.after]
    top = [card for card in found if card.environment == found[0].environment]
    own = [card for card in top if card.route == release.route]
    results = [card.result for card in own or top]
    return tuple(over_routes(release.expected_result, results or [{"metrics": (), "comparable": False}]))


def _triggers_met(measured: Sequence[Measured], live: Sequence[Live]) -> tuple[str, ...]:
    """The plan's own triggers that the last numbers meet where the release is live and nearest to users."""
    if not live:
        return ()
    here = [card for card in measured if card.environment == live[0].environment]
    return tuple(dict.fromkeys(sentence for card in here for sentence in card.triggers_met))


def _attempts(release: Release, deployments: Sequence[Deployment], now: datetime) -> tuple[Attempt, ...]:
    rehearsed = rehearsed_for(deployments)
    return tuple(
        Attempt(
            deployment=row,
            status=row.status_at(now),
            leaves=row.release_id != release.pk,
            seconds=row.took.total_seconds() if row.took else None,
            rehearsed_seconds=rehearsed.get(row.pk),
        )
        for row in deployments
    )


def _checklists(items: Sequence[Item]) -> tuple[Checklist, ...]:
    return tuple(
        Checklist(kind.value, tuple(item for item in items if item.list == kind)) for kind in Item.List
    )
