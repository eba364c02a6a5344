"""Keep what came from outside, once."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import JSONField, Value

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Service
from releasedesk.deliveries.masking import digest, storable
from releasedesk.deliveries.models import Delivery, Outcome
from releasedesk.deliveries.parcel import Parcel
from releasedesk.operations.request_line import current_id
from releasedesk.operations.sealed import seal, unseal
from releasedesk.operations.statements import run
from releasedesk.problems.field_errors import shown
from releasedesk.problems.problem import FieldError, Problem

SEALED_AT_MOST = 8_000_000
FORGET_AT_ONCE = 500
DIFFERENCES_SHOWN = 10


def claim(actor: Actor, team_id: int, parcel: Parcel, *, now: datetime) -> tuple[Delivery, bool]:
    """Take a parcel's key, or find who has it. Returns the delivery and whether it is new.

    Call it inside the transaction that applies the parcel: a second sender of the same key waits here until
    the first has committed. Raises 409 when the key was used for another body.
    """
    row = delivery_of(actor, team_id, parcel, now=now)
    run(WAIT_FOR_KEY, [team_id, row.source, row.key])
    Delivery.objects.bulk_create([row], ignore_conflicts=True)
    holders = Delivery.objects.exclude(outcome=Outcome.REJECTED)
    stored = holders.get(team_id=team_id, source=parcel.source, key=parcel.key)
    if bytes(stored.digest) != row.digest:
        raise _conflict(parcel, stored, row)
    return stored, not stored.answer


def _conflict(parcel: Parcel, stored: Delivery, came: Delivery) -> Problem:
    """Say that the key is taken, and by what the two bodies differ, as far as the first is still kept."""
    told = f"The key '{parcel.key}' was already used for another body. Nothing was stored."
    expected = "a new one, or the same body"
    used = FieldError(parcel.key_at, "used", "Another body came with this.", expected, parcel.key)
    return Problem("conflict", told, [used, *_differences(parcel, stored.body, came.body)])


def _differences(parcel: Parcel, first: object, second: object) -> Iterator[FieldError]:
    """The members that differ, with secrets masked as both are stored; none where a body is not kept."""
    if not (isinstance(first, dict) and isinstance(second, dict) and first and second):
        return
    names = [name for name in {**first, **second} if first.get(name) != second.get(name)]
    for name in names[:DIFFERENCES_SHOWN]:
        told, came = (shown(body[name]) if name in body else None for body in (first, second))
        expected = f"{told}, as it came first" if name in first else "nothing, as it came first"
        yield FieldError(parcel.at(name[:100]), "differs", "This differs.", expected, came)


def original(delivery: Delivery) -> Any:
    """The body as it came, as long as it may be needed again; else as it is kept, secrets masked.

    Raises `BrokenSealError` when the desk's key is another one by now.
    """
    if not delivery.sealed:
        return delivery.body
    return json.loads(unseal(delivery.sealed, purpose=delivery.purpose))


def keep_original(delivery: Delivery, body: object) -> None:
    """Keep the body as it came under a key that is not in the database: it waits to be applied."""
    text = json.dumps(body).encode()
    if len(text) <= SEALED_AT_MOST:
        delivery.sealed = seal(text, purpose=delivery.purpose)
        delivery.save(update_fields=["sealed"])


def delivery_of(actor: Actor, team_id: int, parcel: Parcel, *, now: datetime) -> Delivery:
    """Build, and do not store, the row of a parcel that is about to be applied."""
    return Delivery(
        team_id=team_id,
        source=parcel.source,
        key=parcel.key,
        type=parcel.type,
        body=storable(parcel.body) if parcel.kept else {},
        headers=storable(dict(parcel.headers)),
        digest=digest(parcel.body),
        outcome=Outcome.APPLIED,
        answer={},
        actor=actor.label,
        received_at=now,
    )


# Where all is plain, a key is only tried while the service is held (`take_in`): nobody waits in a circle.
WAIT_FOR_KEY = "SELECT pg_advisory_xact_lock(deliveries_key(%s, %s, %s))"


def settle(
    delivery: Delivery,
    outcome: Outcome,
    answer: Mapping[str, Any],
    *,
    service: Service | None,
    waits_for: tuple[str, str] = ("", ""),
) -> None:
    """Write down what became of it and what its sender is told. `waits_for`: what is missing, its name."""
    delivery.outcome, delivery.answer, delivery.service = outcome, dict(answer), service
    delivery.waits_for, delivery.waits_name = waits_for
    if outcome != Outcome.UNMATCHED:
        delivery.sealed = ""
    delivery.save(update_fields=["outcome", "answer", "service", "waits_for", "waits_name", "sealed"])


def reject(actor: Actor, team_id: int, parcel: Parcel, problem: Problem, *, now: datetime) -> None:
    """Keep a message that was refused, with the problem its sender saw. It does not occupy its key."""
    row = Delivery.objects.create(
        team_id=team_id,
        source=storable(parcel.source[:200]),
        key=storable(parcel.key[:500]),
        type=storable(parcel.type[:200]),
        body=_json(parcel.body),
        headers=storable(dict(parcel.headers)),
        digest=digest(parcel.body),
        outcome=Outcome.REJECTED,
        answer=storable(problem.as_json(type_base="", instance="", request_id=current_id())),
        actor=actor.label,
        received_at=now,
    )
    keep_original(row, parcel.body)


def forget_bodies(*, now: datetime, keep: timedelta, keep_unmatched: timedelta) -> int:
    """Delete the bodies and headers of old deliveries, a few at a time. Returns how many were left bare.

    Key, digest, outcome and answer stay: what is sent again is still recognised.
    """
    forgotten = 0
    old = Delivery.objects.grown_old(now - keep, unmatched_before=now - keep_unmatched)
    while batch := list(old.order_by("received_at").values_list("pk", flat=True)[:FORGET_AT_ONCE]):
        rows = Delivery.objects.filter(pk__in=batch)
        forgotten += rows.update(body={}, headers={}, sealed="", forgotten_at=now)
    return forgotten


def _json(body: object) -> Value:
    """What is stored of a body. A bare null is JSON too, and no NULL."""
    return Value(storable(body), JSONField())
