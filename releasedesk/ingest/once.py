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


def once(
    actor: Actor,
    service: Service,
    source: str,
    key: str | None,
    payload: object,
    perform: Callable[[], Mapping[str, Any]],
    *,
    now: datetime,
) -> Answer:
    """Perform at most once per (team, source, key); without a key, simply perform.

    `perform` returns the body of the answer. Only the digest of the payload is kept. Raises 409 when the key
    came with another body; what `perform` raises leaves the key free.
    """
    if key is None:
        return Answer(201, perform())
    with transaction.atomic():
        parcel = Parcel(
            source=source, key=key, type="request", body=payload, key_at="Idempotency-Key", kept=False
        )
        delivery, is_new = claim(actor, service.team_id, parcel, now=now)
        if not is_new:
            return Answer(200, delivery.answer, replayed=True)
        body = perform()
        settle(delivery, Outcome.APPLIED, body, service=service)
        return Answer(201, body)
