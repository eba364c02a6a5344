"""Where a team wants to be told: add a target, try it, end it."""

import base64
import secrets
from datetime import datetime
from urllib.parse import urlsplit

from django.db import transaction

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.notices import enqueue
from releasedesk.deliveries.notices import Event, Notice, Target
from releasedesk.operations import outgoing, outgoing_apprise
from releasedesk.operations.outgoing import OutgoingError
from releasedesk.problems.problem import FieldError, invalid

CHECKS = {
    Target.Kind.WEBHOOK: outgoing.check,
    Target.Kind.APPRISE: outgoing_apprise.check,
}
EXPECTED = {
    Target.Kind.WEBHOOK: "an https address that OUTGOING_ALLOWED lists",
    Target.Kind.APPRISE: "an address like slack://… or mailto://…",
}


def add_target(
    actor: Actor, team: Team, *, kind: str, name: str, address: str, events: list[str], now: datetime
) -> tuple[Target, str]:
    """Add a target. Returns it and, of a webhook, the secret it is signed with, which is shown this once.

    Raises 403 for anybody but a lead, and 422 that names each wrong field.
    """
    _allow(actor, team)
    wrong = list(_wrong(team, kind, name.strip(), address.strip(), events))
    if wrong:
        raise invalid(*wrong)
    secret = secrets.token_bytes(32) if kind == Target.Kind.WEBHOOK else None
    target = Target(
        team=team,
        kind=kind,
        name=name.strip(),
        place=_place(address.strip()),
        events=events,
        created_by=actor.label,
        created_at=now,
    )
    target.keep(address.strip(), secret)
    target.save()
    return target, f"whsec_{base64.b64encode(secret).decode()}" if secret else ""


def end_target(actor: Actor, target: Target, *, now: datetime) -> None:
    """Tell it nothing more; what it was told stays. Raises 403 for anybody but a lead."""
    _allow(actor, target.team)
    Target.objects.filter(pk=target.pk, ended_at=None).update(ended_by=actor.label, ended_at=now)


def try_target(actor: Actor, target: Target, *, now: datetime) -> Notice:
    """Send it a notice that only says that it works. Raises 403 for anybody but a lead."""
    _allow(actor, target.team)
    with transaction.atomic():
        notice = Notice.objects.create(
            target=target,
            key=f"try {now.isoformat()}",
            event=target.events[0],
            title=f"A try of {target.name}",
            text=f"{actor.label} tried whether {target.team} is told here. Nothing happened.",
            data={"try": True, "path": f"/teams/{target.team.slug}/notifications/"},
            created_at=now,
            due_at=now,
        )
        enqueue(notice)
    return notice


def _allow(actor: Actor, team: Team) -> None:
    actor.require(Role.LEAD, team_id=team.pk, service_id=None, what=f"say where {team.slug} is told")


def _wrong(team: Team, kind: str, name: str, address: str, events: list[str]) -> list[FieldError]:
    wrong = []
    if not name:
        wrong.append(FieldError("#/name", "required", "A target needs a name.", "the channel or the system"))
    elif Target.objects.filter(team=team, name=name, ended_at=None).exists():
        wrong.append(FieldError("#/name", "taken", f"There is a target '{name}' already.", "another name"))
    if kind not in Target.Kind.values:
        wrong.append(
            FieldError("#/kind", "unknown", "There is no such kind.", ", ".join(Target.Kind.values), kind)
        )
        return wrong
    try:
        CHECKS[Target.Kind(kind)](address)
    except OutgoingError as error:
        wrong.append(FieldError("#/address", "not_allowed", error.detail, EXPECTED[Target.Kind(kind)]))
    if not events or set(events) - set(Event.values):
        wrong.append(
            FieldError(
                "#/events", "required", "Say what is to be told.", f"some of: {', '.join(Event.values)}"
            )
        )
    return wrong


def _place(address: str) -> str:
    """What of an address may be shown: how and whom, never what opens the door there."""
    scheme, _, rest = address.partition("://")
    host = urlsplit(address).hostname if scheme in {"http", "https"} else None
    return f"{scheme}://{host}" if host else f"{scheme}://…" if rest else ""
