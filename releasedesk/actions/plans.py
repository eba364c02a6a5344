"""Write a rollback plan, and record that it was rehearsed."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.services import find_user
from releasedesk.catalog.models import Environment, Service, Tier
from releasedesk.problems.problem import FieldError, Problem, invalid
from releasedesk.releases.models import Release
from releasedesk.rollbacks.bodies import PlanBody, RehearsalBody
from releasedesk.rollbacks.models import Plan, Rehearsal, Step
from releasedesk.rollbacks.queries import effective_plan
from releasedesk.rollbacks.text import digest


def write_plan(
    actor: Actor, service: Service, release: Release | None, body: PlanBody, *, now: datetime
) -> tuple[Plan, bool]:
    """Write a release's plan, or without release the service's standing one.

    Returns it and whether it is new: an equal text makes no new version, only the people may then differ.
    Raises 403 and, for an unknown person, 422.
    """
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"write plans of {service.slug}"
    )
    people = {"owner": find_user(body.owner, "#/owner"), "stand_in": find_user(body.stand_in, "#/stand_in")}
    text = digest(body.model_dump())
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        newest = Plan.objects.filter(service=service, release=release).order_by("-version").first()
        if newest is not None and newest.digest == text:
            if any(getattr(newest, name) != person for name, person in people.items()):
                Plan.objects.filter(pk=newest.pk).update(**people)
                newest.owner, newest.stand_in = people["owner"], people["stand_in"]
            return newest, False
        plan = Plan.objects.create(
            service=service,
            release=release,
            version=newest.version + 1 if newest else 1,
            digest=text,
            **people,
            data=body.data or "",
            data_note=body.data_note or "",
            triggers=[trigger.model_dump(exclude_none=True) for trigger in body.triggers],
            created_by=actor.label,
            created_at=now,
        )
        Step.objects.bulk_create(
            Step(
                plan=plan,
                position=position,
                instruction=step.instruction,
                command=step.command or "",
                expected=step.expected or "",
                check_text=step.check or "",
                seconds=step.seconds,
                irreversible=step.irreversible,
            )
            for position, step in enumerate(body.steps, start=1)
        )
    return plan, True


def record_rehearsal(
    actor: Actor,
    release: Release,
    environment: Environment,
    body: RehearsalBody,
    *,
    now: datetime,
) -> Rehearsal:
    """Keep that a plan was carried out. Raises 403, 409 without a plan, 422 for what the plan never had."""
    service = release.service
    actor.require(
        Role.ENGINEER,
        team_id=service.team_id,
        service_id=service.pk,
        what=f"rehearse rollbacks of {service.slug}",
    )
    _refuse_production(environment)
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        plan = _plan(release, body.plan_version)
        _refuse_steps_of_another_plan(plan, body)
        return Rehearsal.objects.create(
            plan=plan,
            environment=environment,
            started_at=body.started_at,
            finished_at=body.finished_at,
            outcome=body.outcome,
            command=body.command or "",
            steps=[step.model_dump() for step in body.steps],
            rehearsed_by=actor.label,
            recorded_at=now,
        )


def _refuse_production(environment: Environment) -> None:
    if environment.tier == Tier.PRODUCTION:
        others = Environment.objects.exclude(tier=Tier.PRODUCTION).values_list("name", flat=True)
        raise invalid(
            FieldError(
                "#/environment",
                "production",
                "A rehearsal is carried out before production, not in it.",
                f"one of: {', '.join(others)}",
                environment.name,
            )
        )


def _refuse_steps_of_another_plan(plan: Plan, body: RehearsalBody) -> None:
    """Raise 422 unless these can be its steps; what has no command, or comes after a failure, may lack."""
    commands = [bool(step.command) for step in plan.steps.all()]
    least = sum(commands) if body.outcome == "succeeded" else 0
    if not body.steps or least <= len(body.steps) <= len(commands):
        return
    expected = f"{least} to {len(commands)}" if least < len(commands) else str(least)
    detail = f"Version {plan.version} of the plan has {len(commands)} steps, {sum(commands)} with a command."
    raise invalid(FieldError("#/steps", "steps", detail, f"{expected} steps", len(body.steps)))


def _plan(release: Release, version: int | None) -> Plan:
    current = effective_plan(release)
    if current is None:
        raise Problem("conflict", f"{release} has no rollback plan yet. Write one, then rehearse it.")
    if version is None or version == current.version:
        return current
    plans = Plan.objects.filter(service=release.service, release=current.release)
    plan = plans.filter(version=version).first()
    if plan is None:
        newest = max(plans.values_list("version", flat=True))
        known = f"1 to {newest}" if newest > 1 else "1"
        detail = f"There is no version {version} of the plan."
        raise invalid(FieldError("#/plan_version", "unknown", detail, known, version))
    return plan
