"""Teams and who is in them."""

from django.db import transaction

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import Role
from releasedesk.problems.body import check_slug


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
