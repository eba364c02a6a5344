"""The steps of a plan with their commands finished for one place, and what helps where there is no plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q

from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.history import Kind, Status
from releasedesk.releases.models import Deployment, DeploymentFact, Release
from releasedesk.rollbacks.commands import Finished, finish
from releasedesk.rollbacks.models import Plan, Step


@dataclass(frozen=True, slots=True)
class FinishedStep:
    """A step with its command ready to be copied."""

    step: Step
    command: Finished | None


def finished_steps(plan: Plan | None, values: Mapping[str, str | None]) -> tuple[FinishedStep, ...]:
    """The steps of a plan, their commands finished with these values."""
    if plan is None:
        return ()
    return tuple(
        FinishedStep(step, finish(step.command, values) if step.command else None)
        for step in plan.steps.all()
    )


def values_of(
    service: Service, environment: Environment, live: Release | None, target: Release | None
) -> dict[str, str | None]:
    """What the six names stand for in one place."""
    return {
        "service": service.slug,
        "environment": environment.name,
        "version": live.version if live else None,
        "target_version": target.version if target else None,
        "commit": live.sha if live else None,
        "target_commit": target.sha if target else None,
    }


def last_command_of(release: Release | None, environment: Environment) -> DeploymentFact | None:
    """The last reported command that put a release there: all the help there is without a plan.

    A sender may tell it with the start or with the success.
    """
    if release is None:
        return None
    done = Deployment.objects.filter(release=release, environment=environment, status=Status.SUCCEEDED)
    told = Q(pk__in=done.values("finish")) | Q(pk__in=done.values("start"))
    facts = DeploymentFact.objects.filter(told, release=release, kind__in=[Kind.STARTED, Kind.SUCCEEDED])
    return facts.exclude(command="").order_by("-occurred_at", "-source", "-key").first()


def step_json(finished: FinishedStep) -> dict[str, Any]:
    """A step as the API shows it."""
    step, command = finished.step, finished.command
    return {
        "instruction": step.instruction,
        "command": command.command if command else None,
        "missing": list(command.missing) if command else [],
        "expected": step.expected or None,
        "check": step.check_text or None,
        "seconds": step.seconds,
        "irreversible": step.irreversible,
    }
