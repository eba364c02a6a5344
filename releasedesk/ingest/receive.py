"""One event, taken in: read, claim its key, apply, answer. All of it happens, or none of it."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from django.conf import settings
from django.db import IntegrityError, transaction

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.deliveries import claim, reject, settle
from releasedesk.actions.services import register_service
from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Outcome
from releasedesk.ingest import native
from releasedesk.ingest.apply import Applied, Told, apply, environment_named
from releasedesk.ingest.facts import Fact
from releasedesk.problems.problem import FieldError, Problem, invalid
from releasedesk.releases.models import Deployment


@dataclass(frozen=True, slots=True)
class Answer:
    """What the sender is told. `release_url` in the body is a path; the door knows its own host."""

    status: int
    body: Mapping[str, Any]
    replayed: bool = False


def receive(
    actor: Actor, team_id: int, payload: object, *, now: datetime, idempotency_key: str | None = None
) -> Answer:
    """Take in one native event (DESIGN §5.3). Answers 201 applied, 202 unmatched, 200 seen before.

    Raises 403, 409 (same id, another body) and 422; of a refused message only that it was `rejected` is kept.
    """
    try:
        fact = native.read(payload, now=now, skew=skew())
        _same_key(fact.id, idempotency_key)
        with transaction.atomic(), _one_fact_a_key(fact):
            return _take_in(actor, team_id, payload, fact, now=now)
    except Problem as problem:
        given = payload if isinstance(payload, Mapping) else {}
        key, kind = (str(given.get(name) or "") for name in ("id", "type"))
        reject(actor, team_id, native.SOURCE, key, payload, problem, type_=kind, now=now)
        raise


@contextmanager
def _one_fact_a_key(fact: Fact) -> Iterator[None]:
    """Translate what only a service that changed its team can meet: the former team's message of this id."""
    try:
        yield
    except IntegrityError as error:
        cause = error.__cause__
        name = cause.diag.constraint_name if isinstance(cause, psycopg.IntegrityError) else None
        if name not in {"one_fact_per_key", "one_config_per_key"}:
            raise
        raise Problem(
            "conflict",
            f"Another team has reported '{fact.id}' of {fact.service}. Nothing was stored.",
            [FieldError("#/id", "used", "This id is taken.", "a new id", fact.id)],
        ) from None


def skew() -> timedelta:
    """How far a sender's clock may be ahead of ours."""
    return timedelta(seconds=settings.CLOCK_SKEW_SECONDS)


def _take_in(actor: Actor, team_id: int, payload: object, fact: Fact, *, now: datetime) -> Answer:
    delivery, is_new = claim(
        actor, team_id, native.SOURCE, fact.id, payload, type_=fact.type, keep=True, now=now
    )
    if not is_new:
        return Answer(200, delivery.answer, replayed=True)
    service = _service(actor, team_id, fact.service, now=now)
    if service is None:
        if fact.environment is not None:
            environment_named(fact.environment)
        answer = _answer(fact, Outcome.UNMATCHED, Applied(fact.version, fact.environment), now)
        settle(delivery, Outcome.UNMATCHED, answer, service=None)
        return Answer(202, answer)
    applied = apply(fact, Told(actor, service, native.SOURCE, now))
    answer = _answer(fact, Outcome.APPLIED, applied, now)
    settle(delivery, Outcome.APPLIED, answer, service=service)
    return Answer(201, answer)


def _service(actor: Actor, team_id: int, slug: str, *, now: datetime) -> Service | None:
    """Return the service, registered if need be, or None when the event has to wait for it."""
    service = Service.objects.locked(slug)
    if service is None:
        if actor.service_id is not None or not settings.REGISTER_UNKNOWN_SERVICES:
            return None
        service = register_service(Team.objects.get(pk=team_id), slug, now=now)
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"report on {slug}")
    return service


def _same_key(event_id: str, header: str | None) -> None:
    if header is not None and header != event_id:
        raise invalid(
            FieldError(
                "#/id",
                "differs",
                "The id and the Idempotency-Key header differ.",
                "the same in both, or no header",
                event_id,
            )
        )


def _answer(fact: Fact, outcome: Outcome, applied: Applied, now: datetime) -> dict[str, Any]:
    matched = outcome == Outcome.APPLIED and applied.version
    return {
        "id": fact.id,
        "outcome": outcome.value,
        "service": fact.service,
        "environment": applied.environment,
        "version": applied.version,
        "release_url": f"/services/{fact.service}/releases/{applied.version}/" if matched else None,
        "deployment": _deployment(applied.deployment, now) if applied.deployment else None,
    }


def _deployment(row: Deployment, now: datetime) -> dict[str, Any]:
    return {
        "id": row.pk,
        "status": row.status_at(now).value,
        "mode": row.mode or None,
        "started_at": _time(row.started_at),
        "finished_at": _time(row.finished_at),
    }


def _time(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
