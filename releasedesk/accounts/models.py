"""People, teams and who is what in which team."""

from __future__ import annotations

from django.contrib.auth.models import AbstractUser
from django.db import models

from releasedesk.accounts.roles import Actor, Role
from releasedesk.operations.statements import run

# Nearly every page asks it. In the order of the teams' names in addresses.
ROLES = """
    SELECT membership.team_id, membership.role
    FROM accounts_membership membership JOIN accounts_team team ON team.id = membership.team_id
    WHERE membership.user_id = %s ORDER BY team.slug
"""


class TeamQuerySet(models.QuerySet["Team"]):
    """Questions about sets of teams."""

    def of(self, actor: Actor) -> TeamQuerySet:
        """The teams an asker may hear of: a token its own, a person all."""
        if actor.user_id is not None or actor.superuser:
            return self
        return self.filter(pk__in=actor.team_ids)


class Team(models.Model):
    """A group of people that owns services."""

    slug = models.SlugField(max_length=64, unique=True)
    name = models.CharField(max_length=200)
    timezone = models.CharField(
        max_length=64, default="UTC", help_text="Where its clock hangs: Europe/Berlin. Its freezes go by it."
    )

    objects = TeamQuerySet.as_manager()

    class Meta:
        ordering = ["slug"]
        constraints = [
            models.CheckConstraint(condition=models.Q(slug__regex=r"^[a-z0-9-]{1,64}$"), name="team_slug"),
            models.CheckConstraint(
                condition=models.Q(timezone__regex=r"^[A-Za-z0-9_+/-]{1,64}$"), name="team_timezone"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class User(AbstractUser):
    """A person who signs in. Superusers administer the desk."""

    def as_actor(self) -> Actor:
        """Return who acts, with the roles as they are now."""
        roles = {team: Role(role) for team, role in run(ROLES, [self.pk])}
        return Actor(
            label=self.get_username(),
            user_id=self.pk,
            roles=roles,
            superuser=self.is_superuser and self.is_active,
        )


class Membership(models.Model):
    """A person's role in a team."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=16, choices=Role.choices())
    team_id: int

    class Meta:
        ordering = ["team", "user"]
        constraints = [
            models.UniqueConstraint(fields=["team", "user"], name="one_role_per_team"),
            models.CheckConstraint(condition=models.Q(role__in=list(Role)), name="membership_role"),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.role} of {self.team}"
