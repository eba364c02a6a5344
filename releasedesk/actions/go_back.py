"""Go back for real: begin, tick a step, end. Never stopped by a lock, a gate, a freeze or a missing plan."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.follow_rollbacks import lift_with, outcome_of
from releasedesk.actions.notices import News, announce
from releasedesk.catalog.models import Environment, Service
from releasedesk.deliveries.notices import Event
from releasedesk.problems.problem import FieldError, Problem, invalid
from releasedesk.releases.models import Lock
from releasedesk.reports.ways_back import WayBack, way_back
from releasedesk.rollbacks.models import Run, Tick
from releasedesk.rollbacks.run_bodies import EndBody, TickBody
from releasedesk.rollbacks.wording import moment


def start_run(
    actor: Actor,
    service: Service,
    environment: Environment,
    *,
    now: datetime,
    to: str | None = None,
    reason: str = "",
    instead_of: int | None = None,
) -> tuple[Run, bool]:
    """Begin to go back. Returns the run and whether it is new: who comes second joins the one that runs.

    `instead_of` is the run that this one replaces, because its target cannot be had: it is given up. Raises
    403, 409 where there is nothing to go back to, 422 for a `to` that never stood there.
    """
    _allow(actor, service)
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        here = Run.objects.filter(service=service, environment=environment)
        running = here.running().with_names().first()
        if running and running.pk != instead_of:
            return running, False
        way = _way(service, environment, to=to, now=now)
        assert way.live is not None
        assert way.target is not None
        if running:
            _close(running, actor, "stopped", f"{way.target.version} instead.", now=now)
        run = Run.objects.create(
            service=service,
            environment=environment,
            from_release=way.live.release,
            to_release=way.target,
            plan=way.plan,
            reason=reason.strip(),
            started_by=actor.label,
            started_at=now,
            lock=_lock(actor, way, reason, now=now),
        )
        announce(service, _started(run), now=now)
    return run, True


def tick_step(actor: Actor, run: Run, body: TickBody, *, now: datetime) -> Run:
    """Mark a step as done, or as not done. The last steps may be ticked after CI has ended the run.

    Raises 403, 409 for a run that was given up, 422 for a step that the plan has not.
    """
    _allow(actor, run.service)
    with transaction.atomic():
        held = _held(run)
        if held.outcome == Run.Outcome.STOPPED:
            raise Problem("conflict", f"{_over(held)} Its steps cannot be ticked any more.")
        steps = max(held.plan.steps.count() if held.plan else 0, 1)
        if body.step > steps:
            detail = "The plan has 1 step." if steps == 1 else f"The plan has {steps} steps."
            raise invalid(FieldError("#/step", "unknown", detail, f"1 to {steps}", body.step))
        ticks = Tick.objects.filter(run=held, position=body.step)
        if not body.done:
            ticks.delete()
        elif not ticks.exists():
            Tick.objects.create(
                run=held,
                position=body.step,
                done_by=actor.label,
                done_at=now,
                exit_code=body.exit_code,
                seconds=body.seconds,
            )
    return held


def end_run(actor: Actor, run: Run, body: EndBody, *, now: datetime) -> Run:
    """End a run. One that has ended this way stays as it is.

    Raises 403, and 409 for one that ended otherwise.
    """
    _allow(actor, run.service)
    with transaction.atomic():
        held = _held(run)
        if not held.running and held.outcome != body.outcome:
            raise Problem("conflict", _over(held))
        if not held.closed:
            _close(held, actor, body.outcome, body.reason or "", now=now)
    return held


def _allow(actor: Actor, service: Service) -> None:
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"roll back {service.slug}"
    )


def _way(service: Service, environment: Environment, *, to: str | None, now: datetime) -> WayBack:
    try:
        way = way_back(service, environment, now=now, to=to)
    except Problem as problem:  # what is a 404 where it stands in a URL is a wrong field of a body
        raise invalid(
            *(FieldError("#/to", e.code, e.detail, e.expected, e.received) for e in problem.errors)
        ) from None
    if way.live is None:
        raise Problem("conflict", f"Nothing is live in {environment}, so there is nothing to go back from.")
    if way.target is None:
        others = ", ".join(way.choice.may_name)
        what = f"Name one of these with `to`: {others}." if others else "Nothing was live there before it."
        raise Problem("conflict", f"The desk knows no good release before {way.live.release.version}. {what}")
    return way


def _lock(actor: Actor, way: WayBack, reason: str, *, now: datetime) -> Lock:
    """While it runs nobody ships: the lock ends with the run, and what then is live may bring its own."""
    assert way.live is not None
    assert way.target is not None
    because = f": {reason.strip().rstrip('.')}" if reason.strip() else ""
    return Lock.objects.create(
        service=way.service,
        environment=way.environment,
        source=Lock.Source.ROLLBACK,
        reason=f"{way.live.release.version} is being rolled back to {way.target.version}{because}.",
        created_by=actor.label,
        created_at=now,
    )


def _held(run: Run) -> Run:
    """The run as it is now, its service locked until the transaction ends."""
    Service.objects.filter(pk=run.service_id).changed()
    return Run.objects.with_names().select_related("lock").get(pk=run.pk)


def _close(run: Run, actor: Actor, how: str, why: str, *, now: datetime) -> None:
    run.closed, run.closed_by, run.closed_at, run.closed_because = how, actor.label, now, why.strip()
    run.outcome = outcome_of(run, restored=run.restored_id is not None, newest=True)
    run.save(update_fields=["closed", "closed_by", "closed_at", "closed_because", "outcome"])
    lift_with(run)
    if run.outcome == Run.Outcome.STOPPED:
        announce(run.service, _stopped(run), now=now)


def _started(run: Run) -> News:
    left, to = run.from_release.version, run.to_release.version
    why = f": {run.reason}" if run.reason else ", without a reason"
    return _news(
        run,
        Event.RUN_STARTED,
        f"{run.service.slug}: rolling back in {run.environment.name}",
        f"{run.started_by} started to go back from {left} to {to}{why}.",
    )


def _stopped(run: Run) -> News:
    why = f": {run.closed_because}" if run.closed_because else ""
    return _news(
        run,
        Event.RUN_STOPPED,
        f"{run.service.slug}: rollback in {run.environment.name} stopped",
        f"{run.closed_by} stopped going back to {run.to_release.version}{why}",
    )


def _news(run: Run, event: Event, title: str, text: str) -> News:
    return News(
        event=event,
        key=f"{event} {run.pk}",
        title=title,
        text=f"{text.rstrip('.')}.",
        path=f"/services/{run.service.slug}/rollback/{run.environment.name}/",
        data={
            "environment": run.environment.name,
            "from": run.from_release.version,
            "to": run.to_release.version,
            "run": run.pk,
        },
    )


def _over(run: Run) -> str:
    at = f" on {moment(run.ended_at)}" if run.ended_at else ""
    by = f" by {run.ended_by}" if run.ended_by else ""
    return f"This rollback is {run.outcome}{at}{by}."
