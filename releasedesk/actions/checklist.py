"""Decide an item of a release's checklist."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Item
from releasedesk.problems.problem import invalid, unknown
from releasedesk.releases.models import Release


def report_check(
    actor: Actor,
    release: Release,
    key: str,
    outcome: str,
    *,
    evidence: str,
    at: datetime,
    source: str,
    event: str,
) -> Item:
    """Tick an item with what CI found. Of two reports the later one counts, in whatever order they arrive.

    Raises 403, and 422 for a key the release's lists do not have.
    """
    service = release.service
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"check {service.slug}")
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        item = release.items.select_for_update().filter(key=key).first()
        if item is None:
            raise invalid(
                unknown("#/key", "checklist item", key, list(release.items.values_list("key", flat=True)))
            )
        # Kept also where a later one is known: what counted at a time that has passed is asked of these.
        decision = item.decisions.create(
            outcome=outcome, evidence=evidence, by=actor.label, at=at, source=source, key=event
        )
        # A decision by a person carries no event and counts from its time on.
        order = (at, source.encode(), event.encode())
        if item.decided_at and order <= (
            item.decided_at,
            item.decided_source.encode(),
            item.decided_key.encode(),
        ):
            return item
        item.follow(decision)
    return item
