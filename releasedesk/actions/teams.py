"""Teams, their clocks and who is in them."""

from django.db import transaction

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Service
from releasedesk.problems.body import check_slug
from releasedesk.problems.zones import ClockBody


def ensure_team(slug: str, *, name: str = "") -> Team:
    """Return the team, creating it when it is new. Raises 422 for what cannot be a slug."""
    check_slug(slug)
    return Team.objects.get_or_create(
        slug=slug, defaults={"name": name or slug.replace("-", " ").capitalize()}
    )[0]


def add_person(username: str, *, password: str | None, roles: dict[Team, Role], full_name: str = "") -> User:
    """Register a person with a role in each of these teams. Without a password nobody can sign in as them."""
    first, _, last = full_name.partition(" ")
    with transaction.atomic():
        user = User.objects.create_user(username, password=password, first_name=first, last_name=last)
        for team, role in roles.items():
            Membership.objects.create(user=user, team=team, role=role)
    return user


def set_clock(actor: Actor, team: Team, clock: ClockBody) -> None:
    """Say where a team's clock hangs; freezes to come go by it. Raises 403 for whoever does not lead it."""
    actor.require(Role.LEAD, team_id=team.pk, service_id=None, what=f"set the clock of {team.slug}")
    with transaction.atomic():
        Service.objects.filter(team=team).changed()
        team.timezone = clock.timezone
        team.save(update_fields=["timezone"])
