"""Decide an item of a checklist, as a person does."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal

from django.db import transaction
from pydantic import StringConstraints

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Item, Outcome
from releasedesk.problems.body import Body, Text, Url
from releasedesk.problems.problem import FieldError, invalid

NEED_A_REASON = {
    Outcome.WAIVED: FieldError("#/reason", "required", "A waiver needs its reason.", "why it need not be"),
    Outcome.NOT_APPLICABLE: FieldError(
        "#/reason", "required", "This needs its reason.", "why it does not apply to this release"
    ),
}


class Decision(Body):
    """What is known about an item now. Evidence is an address; a waiver needs its reason."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset(
        {"key", "list", "label", "help", "link", "required", "tier", "decided_by", "decided_at"}
    )

    outcome: Literal["open", "passed", "failed", "waived", "not_applicable"]
    evidence: Url | None = None
    reason: Annotated[Text, StringConstraints(strip_whitespace=True)] | None = None

    EXAMPLE = {"outcome": "passed", "evidence": "https://ci.example/8812"}


def decide_item(actor: Actor, item: Item, decision: Decision, *, now: datetime) -> Item:
    """Write down a person's decision; `open` takes one back.

    Raises 403 (to let a required item be, or to waive any, takes a lead) and 422 where a reason is missing.
    """
    service, outcome = item.release.service, Outcome(decision.outcome)
    allow_decision(actor, item, outcome)
    if outcome in NEED_A_REASON and not decision.reason:
        raise invalid(NEED_A_REASON[outcome])
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        item = Item.objects.select_for_update().get(pk=item.pk)
        told = {"evidence": decision.evidence or "", "reason": decision.reason or ""}
        item.follow(item.decisions.create(outcome=outcome, by=actor.label, at=now, **told))
    return item


def allow_decision(actor: Actor, item: Item, outcome: Outcome) -> None:
    """An engineer or a token decides; only a lead says that a required item need not be. Raises 403."""
    service = item.release.service
    lets_be = outcome == Outcome.WAIVED or (outcome == Outcome.NOT_APPLICABLE and item.required)
    verb = {Outcome.WAIVED: "waive", Outcome.NOT_APPLICABLE: "rule out"}.get(outcome, "decide")
    actor.require(
        Role.LEAD if lets_be else Role.ENGINEER,
        team_id=service.team_id,
        service_id=service.pk,
        what=f"{verb if lets_be else 'decide'} {'required ' if item.required and lets_be else ''}"
        f"checklist items of {service.slug}",
    )
