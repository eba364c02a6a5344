"""The way back with its commands finished: as JSON for machines, as text for a terminal at night."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from releasedesk.measurements.models import Comparison
from releasedesk.releases.models import DeploymentFact, Release
from releasedesk.reports.comparisons import triggers_met
from releasedesk.reports.finished_steps import (
    FinishedStep,
    finished_steps,
    last_command_of,
    step_json,
    values_of,
)
from releasedesk.reports.last_live import Span, last_time_live
from releasedesk.reports.runs import RunView, run_json, run_view
from releasedesk.reports.verdicts import Judged, judged
from releasedesk.reports.ways_back import WayBack
from releasedesk.rollbacks import runbook
from releasedesk.rollbacks.models import Plan, Tick
from releasedesk.rollbacks.readiness import Fix
from releasedesk.rollbacks.triggers import words
from releasedesk.rollbacks.wording import duration, moment


@dataclass(frozen=True)
class GoingBack:
    """A way back with what only somebody who goes it wants to know."""

    way: WayBack
    now: datetime

    @cached_property
    def steps(self) -> tuple[FinishedStep, ...]:
        """The plan's steps, their commands finished with the values of this place."""
        way = self.way
        live = way.live.release if way.live else None
        return finished_steps(way.plan, values_of(way.service, way.environment, live, way.target))

    @cached_property
    def judged(self) -> dict[int, Judged]:
        """Verdicts on the live release and the target."""
        live = [self.way.live.release] if self.way.live else []
        return judged([*live, *([self.way.target] if self.way.target else [])])

    @cached_property
    def triggers_met(self) -> list[str]:
        """Which of the plan's own triggers the live release's last numbers meet."""
        if self.way.live is None:
            return []
        rows = Comparison.objects.current().filter(
            release=self.way.live.release, environment=self.way.environment
        )
        return [sentence for row in rows for sentence in triggers_met(self.way.plan, row)]

    @property
    def live_verdict(self) -> str:
        """The verdict on what is live, here."""
        return self.judged[self.way.live.release_id].in_(self.way.environment) if self.way.live else ""

    @property
    def target_verdict(self) -> str:
        """The verdict on the target, here."""
        return self.judged[self.way.target.pk].in_(self.way.environment) if self.way.target else ""

    @cached_property
    def target_live(self) -> Span | None:
        """When the target was live here the last time."""
        return last_time_live(self.way.target, self.way.environment) if self.way.target else None

    @cached_property
    def why_target(self) -> str:
        """Why this release and not another, with the verdict on it and how long it was live."""
        verdict = self.target_verdict.replace("_", " ")
        what, _, passed = self.why_not_others.partition(" (")
        was_live = self.target_live.words if self.target_live else ""
        return ", ".join(filter(None, (what, verdict, was_live))) + (f" ({passed}" if passed else "")

    @cached_property
    def why_not_others(self) -> str:
        """Why this release and not another."""
        target = self.way.target
        if target is None:
            return ""
        newer = [other for other in self.way.choice.passed_over if other.why != "older"]
        what = "the last good one" if target.version == self.way.choice.target else "the one you named"
        passed = "; ".join(f"{other.version} {other.why.words}" for other in newer[:3])
        return what + (f" ({passed})" if passed else "")

    @cached_property
    def last_command(self) -> DeploymentFact | None:
        """The last reported command that put the target here: all the help there is without a plan."""
        return last_command_of(self.way.target, self.way.environment)

    @property
    def owner(self) -> str:
        """Who answers for the way back: the plan's owner, else the release's, else the service's."""
        named = self.way.plan.owner if self.way.plan else None
        owner = named or (self.way.live.release.owner if self.way.live else None) or self.way.service.owner
        return owner.get_username() if owner else ""

    @cached_property
    def run(self) -> RunView | None:
        """The run that goes on, or that brought what is live."""
        return run_view(self.way, now=self.now)


def fix_path(way: WayBack, fix: Fix) -> str:
    """Where a person mends this."""
    service = f"/services/{way.service.slug}/"
    if fix is Fix.ROLLBACK:
        return f"{service}rollback/{way.environment.name}/"
    page = f"{service}releases/{way.live.release.version}/" if way.live else service
    return f"{page}#{'deployments' if fix is Fix.DEPLOYMENTS else 'rollback-plan'}"


def rollback_json(way: WayBack, *, now: datetime, absolute: Callable[[str], str]) -> dict[str, Any]:
    """Return the answer of DESIGN §5.8. `absolute` makes an address of a path."""
    going = GoingBack(way, now)
    live, target, plan = way.live, way.target, way.plan
    return {
        "service": way.service.slug,
        "environment": way.environment.name,
        "ready": way.readiness.ready,
        "reasons": [
            {
                "code": reason.code.value,
                "severity": reason.severity.value,
                "detail": reason.detail,
                "fix": absolute(fix_path(way, reason.fix)),
            }
            for reason in way.readiness.reasons
        ],
        "live": {
            **_release(going, live.release),
            "since": _time(live.since),
            "by": live.deployment.fact.actor,
        }
        if live
        else None,
        "target": {
            **_release(going, target),
            "why": going.why_target,
            "live_from": _time(going.target_live.since) if going.target_live else None,
            "live_until": _time(going.target_live.until) if going.target_live else None,
        }
        if target
        else None,
        "may_name": list(way.choice.may_name),
        "between": [{"version": row.version, "title": row.title or None} for row in way.between],
        "triggers_met": going.triggers_met,
        "plan_version": plan.version if plan else None,
        "steps": [step_json(finished) for finished in going.steps],
        "data": (plan.data or None) if plan else None,
        "data_note": (plan.data_note or None) if plan else None,
        "rehearsed_seconds": way.rehearsed_seconds,
        "rehearsed_at": _time(way.rehearsal.finished_at) if way.rehearsal else None,
        "run": run_json(going.run, absolute=absolute) if going.run else None,
        "last_command": going.last_command.command if not going.steps and going.last_command else None,
    }


def rollback_text(way: WayBack, *, now: datetime, absolute: Callable[[str], str]) -> str:
    """Return the runbook for a terminal: at most 80 columns, commands never wrapped."""
    going = GoingBack(way, now)
    run = going.run if going.run and going.run.run.running else None
    live, target, plan = way.live, way.target, way.plan
    if run:  # then everybody follows this one
        target, plan = run.run.to_release, run.run.plan
    last = run.last_command if run else going.last_command
    return runbook.runbook(
        runbook.Runbook(
            service=way.service.slug,
            environment=way.environment.name,
            now=now,
            readiness=way.readiness,
            fixes={fix: absolute(fix_path(way, fix)) for fix in Fix},
            live=live.release.version if live else None,
            live_since=live.since if live else None,
            live_by=live.deployment.fact.actor if live else "",
            target=target.version if target else None,
            why_target=f"{run.run.started_by} is on the way there" if run else going.why_target,
            may_name=way.choice.may_name,
            between=tuple(f"{row.version} {row.title}".strip() for row in way.between),
            data=Plan.DATA_WORDS.get(plan.data, "") if plan else "",
            data_note=plan.data_note if plan else "",
            triggers=tuple(words(trigger) for trigger in plan.triggers) if plan else (),
            met=tuple(going.triggers_met),
            plan_version=plan.version if plan else None,
            plan_owner=going.owner,
            plan_stand_in=plan.stand_in.get_username() if plan and plan.stand_in else "",
            steps=_written_of(run) if run else tuple(_written(finished) for finished in going.steps),
            running=tuple(_on_the_way(run)) if run else (),
            rehearsed_seconds=way.rehearsed_seconds,
            rehearsed_at=way.rehearsal.finished_at
            if way.rehearsal and way.rehearsed_seconds is not None
            else None,
            last_command=last.command if last else "",
            last_command_at=last.occurred_at if last else None,
        )
    )


def _written(finished: FinishedStep, tick: Tick | None = None) -> runbook.Step:
    return runbook.Step(
        instruction=finished.step.instruction,
        command=finished.command,
        expected=finished.step.expected,
        check=finished.step.check_text,
        seconds=finished.step.seconds,
        irreversible=finished.step.irreversible,
        done=f"{tick.done_by}, {moment(tick.done_at)}" if tick else "",
    )


def _written_of(view: RunView) -> tuple[runbook.Step, ...]:
    return tuple(_written(step.finished, step.tick) for step in view.steps if step.finished)


def _on_the_way(view: RunView) -> Iterator[str]:
    """Who began, when and why, how far they are, and what to do next."""
    run = view.run
    why = f": {run.reason}" if run.reason else ""
    yield f"{run.started_by}, since {moment(run.started_at)}{why}"
    yield f"{view.ticked} of {len(view.steps)} steps done after {duration(view.seconds)}."
    yield from (advice.detail for advice in view.next)


def _release(going: GoingBack, release: Release) -> dict[str, Any]:
    standing = going.judged[release.pk]
    return {
        "version": release.version,
        "title": release.title or None,
        "commit": release.sha or None,
        "verdict": standing.in_(going.way.environment),
        "state": standing.state,
    }


def _time(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
