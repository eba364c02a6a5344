"""Who acts, and what a role allows. Pure: no Django, no database."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from releasedesk.problems.problem import Problem


class Role(StrEnum):
    """A member's role in one team. Each includes the one before it."""

    VIEWER = "viewer"
    ENGINEER = "engineer"
    LEAD = "lead"

    @classmethod
    def choices(cls) -> list[tuple[str, str]]:
        """Give Django's form of the three."""
        return [(role.value, role.value) for role in cls]


RANK = {Role.VIEWER: 0, Role.ENGINEER: 1, Role.LEAD: 2}


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, a token or the desk itself, as the actions see it.

    `roles` maps team ids to roles. A token is an engineer of its team; one made for a single service
    (`service_id`) is so for that service alone. `admin_scope` lets it set up environments besides.
    """

    label: str
    user_id: int | None = None
    token_id: str | None = None
    roles: Mapping[int, Role] = field(default_factory=dict, hash=False)
    service_id: int | None = None
    superuser: bool = False
    admin_scope: bool = False

    @property
    def team_ids(self) -> list[int]:
        """The teams the actor belongs to, in any role."""
        return list(self.roles)

    def is_at_least(self, role: Role, team_id: int, service_id: int | None = None) -> bool:
        """Say whether the actor has this role (or a higher one) for a team's service."""
        if self.superuser:
            return True
        if self.service_id is not None and self.service_id != service_id:
            return False
        own = self.roles.get(team_id)
        return own is not None and RANK[own] >= RANK[role]

    def require(self, role: Role, *, team_id: int, service_id: int | None, what: str) -> None:
        """Raise the 403 `Problem` unless the actor has the role. `what` completes "may not …"."""
        if not self.is_at_least(role, team_id, service_id):
            needed = f"Ask {'an' if role is Role.ENGINEER else 'a'} {role} of the team that owns it."
            raise Problem("forbidden", f"{self.label} may not {what}. {needed}")


DESK = Actor(label="desk", superuser=True)
