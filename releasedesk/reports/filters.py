"""Filters that live in the URL of a list: what cannot be meant is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Service
from releasedesk.problems.near import near
from releasedesk.problems.problem import FieldError, invalid
from releasedesk.problems.text import storable

LONGEST_QUESTION = 200


def asked(
    query: Mapping[str, str], names: Iterable[str], actor: Actor, states: Iterable[str] = ()
) -> dict[str, str]:
    """Read these filters, empty where nothing was said.

    Raises 422 for a filter or a value that does not exist, naming near ones that the actor may hear of.
    """
    allowed = [*names, "page"]
    expected = f"one of: {', '.join(allowed)}"
    wrong = [
        FieldError(f"?{name[:100]}", "unknown_field", f"There is no filter '{name[:100]}'.", expected)
        for name in query
        if name not in allowed
    ]
    found = {name: storable(query.get(name, "")).strip() for name in names}
    wrong += unknown_places(actor, found.get("team", ""), found.get("service", ""))
    wrong += unknown_value("state", found.get("state", ""), lambda: states)
    if wrong:
        raise invalid(*wrong)
    return {name: value[:LONGEST_QUESTION] for name, value in found.items()}


def unknown_places(actor: Actor, team: str, service: str) -> list[FieldError]:
    """What is wrong with a team and a service that were asked for, by what the actor may hear of."""
    return [
        *unknown_value("team", team, lambda: Team.objects.of(actor).values_list("slug", flat=True)),
        *unknown_value("service", service, lambda: Service.objects.of(actor).values_list("slug", flat=True)),
    ]


def unknown_value(name: str, value: str, known: Callable[[], Iterable[str]]) -> list[FieldError]:
    """What is wrong with the value of a filter; `known` is asked only where there is one."""
    names = [str(each) for each in known()] if value else []
    if not value or value in names:
        return []
    expected = f"one of: {', '.join(near(value[:100], names))}" if names else f"no {name} exists here yet"
    return [FieldError(f"?{name}", "unknown", f"No {name} is called '{value[:100]}'.", expected, value[:100])]
