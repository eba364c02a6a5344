"""Write down what follows from the rollbacks of a place: how its runs ended, and its automatic lock.

The caller holds the service's lock. Like the fold it goes by all facts and never by the order in which they
came, so a fact that arrives late may end a run, lock, or lift a lock after the event. What people said stays:
that a run was given up, and that a lock was released.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from releasedesk.actions.notices import News, announce
from releasedesk.catalog.models import Environment, Service
from releasedesk.deliveries.notices import Event
from releasedesk.releases.history import Fact, History
from releasedesk.releases.models import DeploymentFact, Lock
from releasedesk.rollbacks.following import Back, Begun, backs, joined, locks
from releasedesk.rollbacks.models import Run

Key = tuple[str, str]  # source and id of a fact


def follow_rollbacks(service: Service, environment: Environment, history: History) -> None:
    """Bring runs and locks of a (service, environment) up to date with its whole folded history."""
    rollbacks = backs(history)
    facts = _stored(service, environment, rollbacks)
    reasons = _write_runs(service, environment, rollbacks, facts)
    _write_locks(service, environment, rollbacks, facts, reasons)


def _stored(
    service: Service, environment: Environment, rollbacks: Sequence[Back]
) -> dict[Key, DeploymentFact]:
    named = [fact for back in rollbacks for fact in (back.fact, back.ended_by) if fact]
    rows = DeploymentFact.objects.of_place(service.pk, environment.pk).filter(
        key__in={fact.id for fact in named}
    )
    return {(row.source, row.key): row for row in rows}


def _write_runs(
    service: Service, environment: Environment, rollbacks: Sequence[Back], facts: dict[Key, DeploymentFact]
) -> dict[Key, str]:
    """Join the runs with the successes that ended them. Returns by success why its run had been begun."""
    runs = list(
        Run.objects.filter(service=service, environment=environment)
        .select_related("from_release", "lock", "restored")
        .order_by("-started_at", "-pk")
    )
    ended = joined((_begun(run) for run in runs), rollbacks)
    changed = []
    for number, run in enumerate(runs):
        fact = facts[_key(ended[run.pk])] if run.pk in ended else None
        outcome = outcome_of(run, restored=fact is not None, newest=number == 0)
        if (run.restored_id, run.outcome) != (fact.pk if fact else None, outcome):
            run.restored, run.outcome = fact, outcome
            changed.append(run)
    # In two strokes: a success may pass from one run to another, and only one may run.
    Run.objects.filter(pk__in=[run.pk for run in changed]).update(restored=None, outcome=Run.Outcome.STOPPED)
    for run in changed:
        run.save(update_fields=["restored", "outcome"])
        lift_with(run)
    return {_key(ended[run.pk]): run.reason for run in runs if run.pk in ended}


def outcome_of(run: Run, *, restored: bool, newest: bool) -> Run.Outcome:
    """What CI reported counts, then what a person said; a run that a later one overtook is given up."""
    if restored:
        return Run.Outcome.DONE
    if run.closed:
        return Run.Outcome(run.closed)
    return Run.Outcome.RUNNING if newest else Run.Outcome.STOPPED


def lift_with(run: Run) -> None:
    """Let the lock of a run end with it, and hold again if it turns out to go on."""
    lock = run.lock
    if lock is None or (lock.released_at is not None and lock.lifted_by_id is None):
        return
    at, by = run.ended_at, run.ended_by or "the desk"
    _release(lock, at=at, by=by if at else "", fact=run.restored)


def _write_locks(
    service: Service,
    environment: Environment,
    rollbacks: Sequence[Back],
    facts: dict[Key, DeploymentFact],
    reasons: dict[Key, str],
) -> None:
    """One lock a rollback, open as long as what is live came by it. One that a person released stays so."""
    rows = Lock.objects.filter(service=service, environment=environment, rollback__isnull=False)
    stored = {row.rollback_id: row for row in rows}
    wanted: set[int] = set()
    for back in rollbacks:
        fact = facts[_key(back.fact)]
        if not locks(back, fact.received_at):
            continue
        wanted.add(fact.pk)
        if fact.pk not in stored and back.ended_by is None:
            announce(
                service, _news(service, environment, back, fact), now=fact.received_at or fact.occurred_at
            )
        lock = stored.get(fact.pk) or Lock(service=service, environment=environment, rollback=fact)
        _write_lock(lock, back, fact, reasons.get(_key(back.fact), ""))
        _lift(lock, facts[_key(back.ended_by)] if back.ended_by else None)
    unfounded = [row.pk for pk, row in stored.items() if pk not in wanted and not _released_by_person(row)]
    Lock.objects.filter(pk__in=unfounded).delete()


def _news(service: Service, environment: Environment, back: Back, fact: DeploymentFact) -> News:
    return News(
        event=Event.ROLLED_BACK,
        key=f"{Event.ROLLED_BACK} {fact.pk}",
        title=f"{service.slug}: rolled back in {environment.name}",
        text=f"{back.left} was rolled back to {back.fact.version}, as {fact.actor} reports. "
        "Shipping is locked.",
        path=f"/services/{service.slug}/rollback/{environment.name}/",
        data={"environment": environment.name, "from": back.left, "to": back.fact.version},
    )


def _write_lock(lock: Lock, back: Back, fact: DeploymentFact, why: str) -> None:
    because = f": {why.rstrip('.')}" if why else ""
    reason = (
        f"{back.left} was rolled back to {back.fact.version}{because}. Find the cause before you ship again."
    )
    _change(
        lock,
        source=Lock.Source.ROLLBACK,
        reason=reason,
        created_by=fact.actor,
        created_at=fact.occurred_at,
    )


def _lift(lock: Lock, fact: DeploymentFact | None) -> None:
    if not _released_by_person(lock):
        _release(lock, at=fact.occurred_at if fact else None, by=fact.actor if fact else "", fact=fact)


def _released_by_person(lock: Lock) -> bool:
    return lock.released_at is not None and lock.lifted_by_id is None


def _release(lock: Lock, *, at: datetime | None, by: str, fact: DeploymentFact | None) -> None:
    _change(lock, released_at=at, released_by=by, lifted_by_id=fact.pk if fact else None)


def _change(lock: Lock, **fields: Any) -> None:
    """Store what differs; a lock that is new is stored whole."""
    differs = [name for name, value in fields.items() if getattr(lock, name) != value]
    for name in differs:
        setattr(lock, name, fields[name])
    if lock.pk is None:
        lock.save()
    elif differs:
        lock.save(update_fields=differs)


def _begun(run: Run) -> Begun:
    stopped = run.closed_at if run.closed == Run.Outcome.STOPPED else None
    return Begun(run.pk, run.from_release.version, run.started_at, stopped)


def _key(fact: Fact) -> Key:
    return fact.source, fact.id
