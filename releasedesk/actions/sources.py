"""Set up a system that sends webhooks: its address, its secret, and whether it is heard."""

import base64
import logging
import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor, Role
from releasedesk.deliveries.models import Answering, Source
from releasedesk.operations.sealed import BrokenSealError, seal, unseal
from releasedesk.problems.problem import FieldError, Problem, invalid, unknown
from releasedesk.problems.text import has_control
from releasedesk.problems.throttle import refuse_above

log = logging.getLogger(__name__)
NAME_AT_MOST = 150
TRY_AGAIN_SECONDS = 300
SECRET_BYTES, ID_BYTES = 32, 12
# As Standard Webhooks writes secrets; GitHub and GitLab's token take the whole text as it is.
PREFIX = "whsec_"


def set_up_source(actor: Actor, team: Team, *, kind: str, name: str, now: datetime) -> tuple[Source, str]:
    """Add a source. Returns it and its secret, which is shown this once. Raises 403 and 422."""
    _allow(actor, team.pk)
    name, wrong = name.strip(), []
    if kind not in Source.Kind.values:
        wrong.append(unknown("#/kind", "sender", kind, Source.Kind.values))
    if not name or len(name) > NAME_AT_MOST or has_control(name):
        expected = f"1 to {NAME_AT_MOST} characters"
        wrong.append(FieldError("#/name", "format", "This cannot be a name.", expected, name[:100]))
    elif Source.objects.there().filter(team=team, kind=kind, name=name).exists():
        told = "The team has such a source already."
        wrong.append(FieldError("#/name", "used", told, "another name", name))
    if wrong:
        raise invalid(*wrong)
    source = Source(
        id=secrets.token_hex(ID_BYTES),
        team=team,
        kind=kind,
        name=name,
        created_by=actor.label,
        created_at=now,
    )
    secret = _new_secret()
    source.secret = seal(secret.encode(), purpose=source.purpose)
    source.save(force_insert=True)
    return source, secret


def rotate_secret(actor: Actor, source: Source, *, now: datetime, edition: str | None = None) -> str:
    """Give a source another secret and return it; the former stays valid until it is ended, or for days.

    A secret before the former one ends at once: two are valid at most. Raises 403, and 409 where the present
    one is not of the `edition` that was meant: a page that is loaded again must not end what is in use.
    """
    _allow(actor, source.team_id)
    with transaction.atomic():
        row = _held(source)
        if edition not in {None, row.edition}:
            told = "Since this page was opened another secret was made, and shown. Nothing was changed."
            raise Problem("conflict", f"{told} Who has not copied it makes another on the source's page.")
        secret = _new_secret()
        row.former_secret, row.secret = row.secret, seal(secret.encode(), purpose=row.purpose)
        row.former_until = now + timedelta(days=settings.FORMER_SECRET_DAYS)
        row.save(update_fields=["secret", "former_secret", "former_until"])
    return secret


def end_former_secret(actor: Actor, source: Source) -> None:
    """Let only the present secret be valid."""
    _allow(actor, source.team_id)
    Source.objects.there().filter(pk=source.pk).update(former_secret="", former_until=None)


def pause_source(actor: Actor, source: Source, *, paused: bool, now: datetime) -> None:
    """Stop listening, or listen again. What comes meanwhile is refused, and not kept."""
    _allow(actor, source.team_id)
    Source.objects.there().filter(pk=source.pk).update(paused_at=now if paused else None)


def delete_source(actor: Actor, source: Source, *, now: datetime) -> Source:
    """Forget a source's secrets and how it is answered: its address is nobody's from now on. Raises 403, 404.

    What it delivered stays, under its name, and can still be applied.
    """
    _allow(actor, source.team_id)
    with transaction.atomic():
        row = _held(source)
        Answering.objects.filter(source=row).delete()
        row.secret, row.former_secret, row.former_until = "", "", None
        row.deleted_by, row.deleted_at = actor.label, now
        row.save(update_fields=["secret", "former_secret", "former_until", "deleted_by", "deleted_at"])
    return row


def _held(source: Source) -> Source:
    """The source as it is now, held until the transaction ends. Raises 404 for one deleted meanwhile."""
    row = Source.objects.there().select_for_update().filter(pk=source.pk).first()
    if row is None:
        raise Problem("not-found", f"'{source.name}' is deleted.")
    return row


def secrets_of(source: Source, *, now: datetime) -> Sequence[str]:
    """The secrets that are valid now, the present one first. Raises 503 where our key does not open them."""
    try:
        return [unseal(sealed, purpose=source.purpose).decode() for sealed in source.sealed(now)]
    except BrokenSealError as error:
        log.error("the secret of a source cannot be read", extra={"source": source.pk, "why": str(error)})  # noqa: TRY400 - the sentence says it all
        told = f"The secret of '{source.name}' cannot be read. A lead makes another on the source's page."
        raise Problem("unavailable", told, retry_after=TRY_AGAIN_SECONDS) from None


def refuse_guessing(address: str) -> None:
    """Count a failed signature of this address. Raises 429 above what an address may fail a minute."""
    refuse_above(f"failed:{address}", settings.THROTTLE_FAILED_AUTH_PER_MINUTE)


def _new_secret() -> str:
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def _allow(actor: Actor, team_id: int) -> None:
    actor.require(Role.LEAD, team_id=team_id, service_id=None, what="set up what sends to this team")
