"""Keep what came from outside, once."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import JSONField, Value

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Service
from releasedesk.deliveries.masking import digest, storable
from releasedesk.deliveries.models import Delivery, Outcome
from releasedesk.deliveries.parcel import Parcel
from releasedesk.problems.problem import FieldError, Problem


def claim(actor: Actor, team_id: int, parcel: Parcel, *, now: datetime) -> tuple[Delivery, bool]:
    """Take a parcel's key, or find who has it. Returns the delivery and whether it is new.

    Call it inside the transaction that applies the parcel: a second sender of the same key waits here until
    the first has committed. Raises 409 when the key was used for another body.
    """
    row = Delivery(
        team_id=team_id,
        source=parcel.source,
        key=parcel.key,
        type=parcel.type,
        body=_json(parcel.body) if parcel.kept else {},
        digest=digest(parcel.body),
        outcome=Outcome.APPLIED,
        answer={},
        actor=actor.label,
        received_at=now,
    )
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    holders = Delivery.objects.exclude(outcome=Outcome.REJECTED)
    stored = holders.get(team_id=team_id, source=parcel.source, key=parcel.key)
    if bytes(stored.digest) != row.digest:
        raise Problem(
            "conflict",
            f"The key '{parcel.key}' was already used for another body. Nothing was stored.",
            [
                FieldError(
                    parcel.key_at,
                    "used",
                    "Another body came with this.",
                    "a new one, or the same body",
                    parcel.key,
                )
            ],
        )
    return stored, not stored.answer


def settle(
    delivery: Delivery, outcome: Outcome, answer: Mapping[str, Any], *, service: Service | None
) -> None:
    """Write down what became of it and what the sender is told."""
    delivery.outcome, delivery.answer, delivery.service = outcome, dict(answer), service
    delivery.save(update_fields=["outcome", "answer", "service"])


def reject(actor: Actor, team_id: int, parcel: Parcel, problem: Problem, *, now: datetime) -> None:
    """Keep a message that was refused, with the problem its sender saw. It does not occupy its key."""
    Delivery.objects.create(
        team_id=team_id,
        source=storable(parcel.source[:200]),
        key=storable(parcel.key[:500]),
        type=storable(parcel.type[:200]),
        body=_json(parcel.body),
        digest=digest(parcel.body),
        outcome=Outcome.REJECTED,
        answer=storable(problem.as_json(type_base="", instance="", request_id="")),
        actor=actor.label,
        received_at=now,
    )


def _json(body: object) -> Value:
    """What is stored of a body. A bare null is JSON too, and no NULL."""
    return Value(storable(body), JSONField())
