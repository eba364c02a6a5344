"""Say what the checklists of releases to come shall hold: for all services, a team's, or one."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from django.db import transaction
from pydantic import Field, StringConstraints

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.administration import require_administrator
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Template
from releasedesk.problems.body import ONE_LINE, Body, Url, Whole, YesNo

Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}\z", strict=True)]
Label = Annotated[str, StringConstraints(max_length=200, min_length=1, strip_whitespace=True), ONE_LINE]
Help = Annotated[str, StringConstraints(max_length=500), ONE_LINE]


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose releases it is about: a service's, else a team's, else everybody's."""

    team: Team | None = None
    service: Service | None = None


class LineBody(Body):
    """A line of a checklist. `left_out` keeps one that stands further away out of new releases."""

    key: Key
    list: Literal["release", "security"] = "release"
    label: Label
    help: Help | None = None
    link: Url | None = None
    position: Annotated[Whole, Field(ge=0, le=9999)] = 100
    required: YesNo = False
    tier: Literal["development", "testing", "staging", "production"] | None = None
    left_out: YesNo = False


def put_line(actor: Actor, scope: Scope, body: LineBody, *, now: datetime) -> Template:
    """Write a line, or the other words for one of the same key. Releases that are planned keep theirs.

    Raises 403 for whoever does not lead the team; everybody's lines are the administrators'.
    """
    allow_lines(actor, scope)
    fields = {name: value or "" for name, value in body.model_dump(include={"help", "link", "tier"}).items()}
    fields |= body.model_dump(include={"list", "label", "position", "required", "left_out"})
    fields |= {"changed_by": actor.label, "changed_at": now}
    team = None if scope.service else scope.team
    with transaction.atomic():
        return Template.objects.update_or_create(
            team=team, service=scope.service, key=body.key, defaults=fields
        )[0]


def remove_line(actor: Actor, line: Template) -> None:
    """Take a line away; what stands further away under its key counts again. Raises 403."""
    allow_lines(actor, Scope(line.team, line.service))
    line.delete()


def allow_lines(actor: Actor, scope: Scope) -> None:
    """Raise 403 for whoever may not write the lines of this scope."""
    if scope.service:
        service = scope.service
        what = f"change the checklists of {service.slug}"
        actor.require(Role.LEAD, team_id=service.team_id, service_id=service.pk, what=what)
    elif scope.team:
        what = f"change the checklists of {scope.team.slug}"
        actor.require(Role.LEAD, team_id=scope.team.pk, service_id=None, what=what)
    else:
        require_administrator(actor, "change the checklists of all services")
