"""A run as it stands: its steps with their commands, who has done which, and what to do next."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from releasedesk.releases.models import Deployment, DeploymentFact
from releasedesk.reports.finished_steps import (
    FinishedStep,
    finished_steps,
    last_command_of,
    step_json,
    values_of,
)
from releasedesk.reports.ways_back import WayBack
from releasedesk.rollbacks.course import Advice, Attempt, Course, next_steps
from releasedesk.rollbacks.following import CLOCKS_DIFFER
from releasedesk.rollbacks.models import Rehearsal, Run, Tick
from releasedesk.rollbacks.queries import last_rehearsals
from releasedesk.rollbacks.target import Why


@dataclass(frozen=True, slots=True)
class RunStep:
    """A step of a run, and who has done it. Without a plan the only step has no text of its own."""

    number: int
    finished: FinishedStep | None
    tick: Tick | None


@dataclass(frozen=True)
class RunView:
    """A run beside the way back as it is now."""

    run: Run
    way: WayBack
    now: datetime

    @cached_property
    def steps(self) -> tuple[RunStep, ...]:
        """The steps of the version of the plan with which it began, finished for where it leads."""
        run, ticks = self.run, {tick.position: tick for tick in self.run.ticks.all()}
        values = values_of(run.service, run.environment, run.from_release, run.to_release)
        steps = finished_steps(run.plan, values)
        if not steps:
            return (RunStep(1, None, ticks.get(1)),)
        return tuple(RunStep(done.step.position, done, ticks.get(done.step.position)) for done in steps)

    @property
    def ticked(self) -> int:
        """How many steps are done."""
        return sum(step.tick is not None for step in self.steps)

    @cached_property
    def rehearsed_seconds(self) -> float | None:
        """How long the version of the plan that is followed took when it was rehearsed."""
        if self.run.plan is None:
            return None
        rehearsal = last_rehearsals([self.run.plan]).get(self.run.plan.pk)
        good = rehearsal is not None and rehearsal.outcome == Rehearsal.Outcome.SUCCEEDED
        return rehearsal.seconds if good and rehearsal else None

    @property
    def seconds(self) -> float:
        """How long it took, or has taken up to now."""
        done = self.run.seconds
        return max((self.now - self.run.started_at).total_seconds(), 0.0) if done is None else done

    @property
    def slower(self) -> bool:
        """Whether it takes longer than it was rehearsed to."""
        return self.rehearsed_seconds is not None and self.seconds > self.rehearsed_seconds

    @cached_property
    def last_command(self) -> DeploymentFact | None:
        """The command that last put the target there."""
        return last_command_of(self.run.to_release, self.run.environment)

    @cached_property
    def attempt(self) -> Deployment | None:
        """The last deployment of the target since it began."""
        rows = Deployment.objects.filter(
            environment=self.run.environment,
            release=self.run.to_release,
            at__gte=self.run.started_at - CLOCKS_DIFFER,
        )
        return rows.newest_first().first()

    @property
    def another(self) -> str | None:
        """The next release to go back to, should the target not be had any more."""
        choice, own = self.way.choice, self.run.to_release.version
        good = [choice.target, *(other.version for other in choice.passed_over if other.why is Why.OLDER)]
        return next((version for version in good if version and version != own), None)

    @cached_property
    def next(self) -> list[Advice]:
        """What to do next."""
        run, live, attempt = self.run, self.way.live, self.attempt
        return next_steps(
            Course(
                now=self.now,
                started_at=run.started_at,
                left=run.from_release.version,
                target=run.to_release.version,
                running=run.running,
                restored=run.restored_id is not None,
                live=live.release.version if live else None,
                live_since=live.since if live else None,
                attempt=Attempt(attempt.status_at(self.now), attempt.at) if attempt else None,
                another=self.another,
                steps=len(self.steps),
                ticked=self.ticked,
            )
        )


def run_view(way: WayBack, *, now: datetime) -> RunView | None:
    """The last run of a place, if it matters still: it runs, or what is live came by it."""
    runs = Run.objects.filter(service=way.service, environment=way.environment)
    run = runs.with_names().prefetch_related("ticks", "plan__steps").first()
    if run is None:
        return None
    return RunView(run, way, now) if run.running or _matters_still(run, way) else None


def _matters_still(run: Run, way: WayBack) -> bool:
    """What is live came by it, or should have, as somebody said, and no report says so yet."""
    if way.live is None or run.outcome == Run.Outcome.STOPPED:
        return False
    if run.restored_id is not None:
        return way.live.deployment.finish_id == run.restored_id
    return way.live.release_id == run.from_release_id


def run_json(view: RunView, *, absolute: Callable[[str], str]) -> dict[str, Any]:
    """A run as the API shows it."""
    run = view.run
    return {
        "id": run.pk,
        "service": run.service.slug,
        "environment": run.environment.name,
        "from": run.from_release.version,
        "to": run.to_release.version,
        "plan_version": run.plan.version if run.plan else None,
        "reason": run.reason or None,
        "started_by": run.started_by,
        "started_at": _stamp(run.started_at),
        "outcome": run.outcome,
        "ended_by": run.ended_by or None,
        "ended_at": _stamp(run.ended_at),
        "ended_because": run.closed_because or None,
        "seconds": run.seconds,
        "rehearsed_seconds": view.rehearsed_seconds,
        "steps": [
            {
                "step": step.number,
                **(step_json(step.finished) if step.finished else _unplanned(view)),
                "done_by": step.tick.done_by if step.tick else None,
                "done_at": _stamp(step.tick.done_at) if step.tick else None,
                "exit_code": step.tick.exit_code if step.tick else None,
            }
            for step in view.steps
        ],
        "next": [
            {"code": advice.word.value, "detail": advice.detail, "to": advice.to} for advice in view.next
        ],
        "page": absolute(f"/services/{run.service.slug}/rollback/{run.environment.name}/"),
    }


def _unplanned(view: RunView) -> dict[str, Any]:
    last = view.last_command
    return {
        "instruction": f"Deploy {view.run.to_release.version}",
        "command": last.command if last else None,
        "missing": [],
        "expected": None,
        "check": None,
        "seconds": None,
        "irreversible": False,
    }


def _stamp(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
