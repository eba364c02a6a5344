"""Keep what came from outside, once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import JSONField, Value

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Service
from releasedesk.deliveries.masking import digest, storable
from releasedesk.deliveries.models import Delivery, Outcome
from releasedesk.problems.problem import FieldError, Problem


def claim(
    actor: Actor,
    team_id: int,
    source: str,
    key: str,
    payload: object,
    *,
    type_: str,
    keep: bool,
    now: datetime,
) -> tuple[Delivery, bool]:
    """Take a key for this payload, or find who has it. Returns the delivery and whether it is new.

    Call it inside the transaction that applies the payload: a second sender of the same key waits here until
    the first has committed. With `keep` the payload is an event that bears its key itself, else a request
    with the key in its header, of which only the digest stays. Raises 409 when the key was used for another
    body.
    """
    row = Delivery(
        team_id=team_id,
        source=source,
        key=key,
        type=type_,
        body=storable(payload) if keep else {},
        digest=digest(payload),
        outcome=Outcome.APPLIED,
        answer={},
        actor=actor.label,
        received_at=now,
    )
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    stored = Delivery.objects.exclude(outcome=Outcome.REJECTED).get(team_id=team_id, source=source, key=key)
    if bytes(stored.digest) != row.digest:
        pointer, detail = "#/id" if keep else "Idempotency-Key", "Another body came with this."
        raise Problem(
            "conflict",
            f"The key '{key}' was already used for another body. Nothing was stored.",
            [FieldError(pointer, "used", detail, "a new one, or the same body", key)],
        )
    return stored, not stored.answer


def settle(
    delivery: Delivery, outcome: Outcome, answer: Mapping[str, Any], *, service: Service | None
) -> None:
    """Write down what became of it and what the sender is told."""
    delivery.outcome, delivery.answer, delivery.service = outcome, dict(answer), service
    delivery.save(update_fields=["outcome", "answer", "service"])


def reject(
    actor: Actor,
    team_id: int,
    source: str,
    key: str,
    payload: object,
    problem: Problem,
    *,
    type_: str,
    now: datetime,
) -> None:
    """Keep a message that was refused, with the problem its sender saw. It does not occupy its key."""
    Delivery.objects.create(
        team_id=team_id,
        source=source,
        key=storable(key[:500]),
        type=storable(type_[:200]),
        body=Value(storable(payload), JSONField()),  # a bare null is JSON too, and no NULL
        digest=digest(payload),
        outcome=Outcome.REJECTED,
        answer=storable(problem.as_json(type_base="", instance="", request_id="")),
        actor=actor.label,
        received_at=now,
    )
