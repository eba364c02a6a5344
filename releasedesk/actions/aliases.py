"""Say what a team's senders mean by their names."""

from datetime import datetime

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Environment, Service
from releasedesk.deliveries.families import beginning
from releasedesk.deliveries.models import Alias
from releasedesk.problems.problem import FieldError, Problem, invalid
from releasedesk.problems.text import has_control

NAME_AT_MOST = 200


def name_service(actor: Actor, team: Team, theirs: str, service: Service | None, *, now: datetime) -> Alias:
    """Say which service a name means; None: leave it alone. Raises 403, and 422 for no name."""
    if service is not None and service.team_id != team.pk:
        raise Problem("forbidden", f"{service.slug} belongs to another team than {team.slug}.")
    return _say(actor, team, Alias.Kind.SERVICE, theirs, {"service": service}, now=now)


def name_environment(
    actor: Actor, team: Team, theirs: str, environment: Environment | None, *, now: datetime
) -> Alias:
    """Say which environment a name means; None: leave it alone. Raises 403, and 422 for no name."""
    return _say(actor, team, Alias.Kind.ENVIRONMENT, theirs, {"environment": environment}, now=now)


def name_check(actor: Actor, team: Team, theirs: str, item: str, *, now: datetime) -> Alias:
    """Say which item of the checklist a job decides; empty for none. Raises 403, and 422 for no name."""
    return _say(actor, team, Alias.Kind.CHECK, theirs, {"item": item}, now=now)


def forget_alias(actor: Actor, alias: Alias) -> None:
    """Take a meaning back. What was applied by it stays. Raises 403."""
    _allow(actor, alias.team_id)
    alias.delete()


def _say(
    actor: Actor, team: Team, kind: Alias.Kind, theirs: str, meant: dict[str, object], *, now: datetime
) -> Alias:
    _allow(actor, team.pk)
    theirs = theirs.strip().lower()
    if not theirs or len(theirs) > NAME_AT_MOST or has_control(theirs):
        expected = f"1 to {NAME_AT_MOST} characters, as the other side writes it"
        raise invalid(FieldError("#/theirs", "format", "This cannot be a name.", expected, theirs[:100]))
    if theirs.endswith("*") and not (beginning(theirs) and kind == Alias.Kind.ENVIRONMENT):
        told = "Only environments go by families, and by what stands before a '/'."
        raise invalid(FieldError("#/theirs", "format", told, "such as review/*, or one name", theirs))
    said = {"created_by": actor.label, "created_at": now, **meant}
    return Alias.objects.update_or_create(team=team, kind=kind, theirs=theirs, defaults=said)[0]


def _allow(actor: Actor, team_id: int) -> None:
    actor.require(Role.ENGINEER, team_id=team_id, service_id=None, what="say what this team's senders mean")
