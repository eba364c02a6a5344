"""A POST that may be sent again: `Idempotency-Key` for everything that is not an event."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from releasedesk.accounts.roles import Actor
from releasedesk.actions.deliveries import claim, settle
from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Outcome
from releasedesk.deliveries.parcel import Parcel
from releasedesk.ingest.answer import Answer
from releasedesk.problems.problem import FieldError, invalid


def once(
    actor: Actor,
    service: Service | None,
    source: str,
    key: str | None,
    payload: object,
    perform: Callable[[], Mapping[str, Any]],
    *,
    now: datetime,
) -> Answer:
    """Perform at most once per (team, source, key); without a key, simply perform.

    `perform` returns the body of the answer. Only the digest of the payload is kept. What is about no service
    is kept for the actor's own team. Raises 409 when the key came with another body, 422 where nobody's team
    could keep it; what `perform` raises leaves the key free.
    """
    if key is None:
        return Answer(201, perform())
    with transaction.atomic():
        parcel = Parcel(
            source=source, key=key, type="request", body=payload, key_at="Idempotency-Key", kept=False
        )
        delivery, is_new = claim(actor, _keeper(actor, service), parcel, now=now)
        if not is_new:
            return Answer(200, delivery.answer, replayed=True)
        body = perform()
        settle(delivery, Outcome.APPLIED, body, service=service)
        return Answer(201, body)


def _keeper(actor: Actor, service: Service | None) -> int:
    """The team in whose name the key is kept."""
    if service is not None:
        return service.team_id
    if not actor.team_ids:
        told = "Who is in no team has nobody to keep the key for."
        raise invalid(FieldError("Idempotency-Key", "unused", told, "none, or somebody of a team"))
    return min(actor.team_ids)
