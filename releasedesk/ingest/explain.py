"""Say what a name of the senders means, and apply all that waited for it: one way behind every door."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.actions.aliases import NAME_AT_MOST, name_check, name_environment, name_service
from releasedesk.actions.services import add_service
from releasedesk.catalog.models import Environment, Service
from releasedesk.checklists.models import Template
from releasedesk.deliveries.families import beginning
from releasedesk.deliveries.models import Alias
from releasedesk.ingest.again import Tried, apply_waiting
from releasedesk.ingest.names import place, slug
from releasedesk.problems.problem import FieldError, invalid, unknown

REGISTER, NOTHING = "+register", "-nothing"  # what no slug can be


@dataclass(frozen=True, slots=True)
class Explained:
    """What was said, also in one sentence, what came of all that waited for it, and how many are left."""

    kind: str
    name: str
    meant: str
    said: str
    tried: Sequence[Tried]
    left: int

    @property
    def last(self) -> int:
        """The last that was tried: after it come those that are left."""
        return max((each.delivery.pk for each in self.tried), default=0)


def explain(
    actor: Actor, team: Team, kind: str, theirs: str, meant: str, *, now: datetime, after: int = 0
) -> Explained:
    """Say what `theirs` means: a slug, an environment or an item of the checklist, `REGISTER` or `NOTHING`.

    Then apply what waited for it, of many those that come `after` another. Raises 403, and 422 for a choice
    that is none.
    """
    if not meant:
        raise invalid(FieldError("#/meant", "required", "Choose what is meant.", "one of the choices"))
    name = _say(actor, team, kind, theirs, meant, now=now)
    tried, left = apply_waiting(actor, team, kind, name, now=now, after=after)
    return Explained(kind, name, meant, _in_words(team, name, meant), tried, left)


def new_slug(name: str) -> str:
    """What a new service of this name is called; a repository is named by all of its path."""
    return slug(name) if "/" in name else name


def _in_words(team: Team, name: str, meant: str) -> str:
    if meant == REGISTER:
        return f"{new_slug(name)} is a service of {team.name}"
    shown = f"{begins}…" if (begins := beginning(name)) else name
    return f"“{shown}” is left alone from now on" if meant == NOTHING else f"“{shown}” is {meant}"


def _say(actor: Actor, team: Team, kind: str, theirs: str, meant: str, *, now: datetime) -> str:
    """Write it down. Returns the name as it is kept."""
    if kind == Alias.Kind.SERVICE and meant == REGISTER:
        new = add_service(actor, team, new_slug(theirs), now=now)
        return theirs if new.slug == theirs else name_service(actor, team, theirs, new, now=now).theirs
    if kind == Alias.Kind.SERVICE:
        return name_service(actor, team, theirs, _service(team, meant), now=now).theirs
    if kind == Alias.Kind.ENVIRONMENT:
        # A name that is too long for any is refused, not cut.
        kept = place(theirs) if len(theirs) <= NAME_AT_MOST else theirs
        return name_environment(actor, team, kept, _environment(meant), now=now).theirs
    if kind == Alias.Kind.CHECK:
        return name_check(actor, team, theirs, _item(team, meant), now=now).theirs
    raise invalid(unknown("#/waits_for", "kind of name", kind[:100], Alias.Kind.values))


def _service(team: Team, meant: str) -> Service | None:
    rows = Service.objects.filter(team=team)
    found = None if meant == NOTHING else rows.filter(slug=meant).first()
    if found is None and meant != NOTHING:
        raise invalid(unknown("#/meant", "service", meant[:100], list(rows.values_list("slug", flat=True))))
    return found


def _environment(meant: str) -> Environment | None:
    found = None if meant == NOTHING else Environment.objects.filter(name=meant).first()
    if found is None and meant != NOTHING:
        places = Environment.objects.values_list("name", flat=True)
        raise invalid(unknown("#/meant", "environment", meant[:100], list(places)))
    return found


def _item(team: Team, meant: str) -> str:
    items = Template.objects.items_of(team)
    if meant != NOTHING and meant not in items:
        raise invalid(unknown("#/meant", "item", meant[:100], list(items)))
    return "" if meant == NOTHING else meant
