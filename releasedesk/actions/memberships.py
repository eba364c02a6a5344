"""Who is what in which team."""

from django.db import transaction

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Service
from releasedesk.problems.problem import invalid, unknown


def set_role(actor: Actor, team: Team, user: User, role: str) -> tuple[Membership, bool]:
    """Give a person a role in a team, or another one. Returns the membership and whether it is new.

    Raises 403 for whoever does not lead the team, and 422 for an unknown role.
    """
    _allow(actor, team)
    roles = [str(known) for known in Role]
    if role not in roles:
        raise invalid(unknown("#/role", "role", role, roles))
    with transaction.atomic():
        Service.objects.filter(team=team).changed()
        return Membership.objects.update_or_create(team=team, user=user, defaults={"role": role})


def end_membership(actor: Actor, membership: Membership) -> None:
    """Let a person leave a team. Raises 403 for whoever does not lead it."""
    _allow(actor, membership.team)
    with transaction.atomic():
        Service.objects.filter(team=membership.team).changed()
        membership.delete()


def _allow(actor: Actor, team: Team) -> None:
    actor.require(Role.LEAD, team_id=team.pk, service_id=None, what=f"say who is in {team.slug}")
