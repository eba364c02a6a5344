"""Decide an item of a checklist, as a person does."""

from datetime import datetime
from typing import Annotated, Literal

from django.db import transaction
from pydantic import StringConstraints

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Item, Outcome
from releasedesk.problems.body import Body, Text, Url
from releasedesk.problems.problem import FieldError, invalid


class Decision(Body):
    """What is known about an item now. Evidence is an address; a waiver needs its reason."""

    outcome: Literal["open", "passed", "failed", "waived", "not_applicable"]
    evidence: Url | None = None
    reason: Annotated[Text, StringConstraints(strip_whitespace=True)] | None = None


def decide_item(actor: Actor, item: Item, decision: Decision, *, now: datetime) -> Item:
    """Write down a person's decision; `open` takes one back.

    Raises 403 (to waive takes a lead) and 422 for a waiver without a reason.
    """
    service, outcome = item.release.service, Outcome(decision.outcome)
    waived = outcome == Outcome.WAIVED
    actor.require(
        Role.LEAD if waived else Role.ENGINEER,
        team_id=service.team_id,
        service_id=service.pk,
        what=f"{'waive' if waived else 'decide'} checklist items of {service.slug}",
    )
    if waived and not decision.reason:
        raise invalid(FieldError("#/reason", "required", "A waiver needs its reason.", "why it need not be"))
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        item = Item.objects.select_for_update().get(pk=item.pk)
        is_open = outcome == Outcome.OPEN
        item.outcome, item.evidence = outcome, decision.evidence or ""
        item.reason = decision.reason or ""
        item.decided_by, item.decided_at = ("", None) if is_open else (actor.label, now)
        item.decided_source = item.decided_key = ""
        item.save()
    return item
