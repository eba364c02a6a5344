"""The rollback plan as a release's page shows it: finished where it is live, a template elsewhere."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from releasedesk.catalog.models import Environment
from releasedesk.releases.models import Live, Release
from releasedesk.reports.finished_steps import FinishedStep
from releasedesk.reports.rollback import GoingBack
from releasedesk.reports.ways_back import WayBack, way_back
from releasedesk.rollbacks.commands import Finished
from releasedesk.rollbacks.models import Plan, Rehearsal
from releasedesk.rollbacks.queries import effective_plan, last_rehearsals
from releasedesk.rollbacks.readiness import Code
from releasedesk.rollbacks.triggers import words


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanCard:
    """The plan that holds for a release.

    `way` is None where the release is live nowhere; then the steps are still templates. `rehearsal` is the
    last one of this text; `rehearsals` and `versions` are for the timeline.
    """

    plan: Plan | None
    environment: Environment
    way: WayBack | None
    steps: tuple[FinishedStep, ...]
    triggers: tuple[str, ...]
    rehearsal: Rehearsal | None
    versions: tuple[Plan, ...]
    rehearsals: tuple[Rehearsal, ...]

    @property
    def is_inherited(self) -> bool:
        """Whether it is the service's standing plan."""
        return self.plan is not None and self.plan.release_id is None

    @property
    def data_words(self) -> str:
        """What happens to the data."""
        return Plan.DATA_WORDS.get(self.plan.data, "") if self.plan else ""

    @property
    def is_rehearsed(self) -> bool:
        """Whether this very text was carried out, and well."""
        return self.rehearsal is not None and self.rehearsal.outcome == Rehearsal.Outcome.SUCCEEDED

    @property
    def is_stale(self) -> bool:
        """Whether the rehearsal proves nothing any more of the way back from here."""
        return self.way is not None and any(
            reason.code is Code.REHEARSAL_STALE for reason in self.way.readiness.reasons
        )


def plan_card(
    release: Release,
    live: Live | None,
    environment: Environment,
    versions: Iterable[Plan],
    rehearsals: Iterable[Rehearsal],
    *,
    now: datetime,
) -> PlanCard:
    """Return the plan of a release, its commands finished for `environment` if it is `live` there.

    `versions` are those of its own plan and `rehearsals` theirs, for the timeline.
    """
    way = way_back(release.service, environment, now=now) if live else None
    plan = way.plan if way else effective_plan(release)
    counted = way.rehearsal if way else last_rehearsals([plan]).get(plan.pk) if plan else None
    return PlanCard(
        plan=plan,
        environment=environment,
        way=way,
        steps=GoingBack(way, now).steps if way else _templates(plan),
        triggers=tuple(words(trigger) for trigger in plan.triggers) if plan else (),
        rehearsal=counted,
        versions=tuple(versions),
        # One that counts may have been carried out for another release, for it goes by the text.
        rehearsals=(*rehearsals, *([counted] if counted and counted.plan.release_id != release.pk else ())),
    )


def _templates(plan: Plan | None) -> tuple[FinishedStep, ...]:
    """The steps as they were written: what they go back to is not known yet."""
    steps = plan.steps.all() if plan else ()
    return tuple(FinishedStep(step, Finished(step.command) if step.command else None) for step in steps)
