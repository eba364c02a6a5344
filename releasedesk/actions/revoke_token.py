"""End a token."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Service, Token


def revoke_token(actor: Actor, token: Token, *, now: datetime) -> Token:
    """End a token for good; one that was revoked stays as it is. Raises 403 if not by a lead of its team."""
    actor.require(
        Role.LEAD, team_id=token.team_id, service_id=token.service_id, what=f"revoke tokens of {token.team}"
    )
    with transaction.atomic():
        Service.objects.filter(team=token.team_id).changed()
        token = Token.objects.select_for_update().get(pk=token.pk)
        if token.revoked_at is None:
            token.revoked_at = now
            token.save(update_fields=["revoked_at"])
    return token
