"""Filters that live in the URL of a list: what cannot be meant is refused by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from releasedesk.accounts.models import Team
from releasedesk.catalog.models import Service
from releasedesk.problems.near import near
from releasedesk.problems.problem import FieldError, invalid
from releasedesk.problems.text import storable

LONGEST_QUESTION = 200


def asked(query: Mapping[str, str], names: Iterable[str], states: Iterable[str] = ()) -> dict[str, str]:
    """Read these filters, empty where nothing was said.

    Raises 422 for a filter or a value that does not exist, naming near ones.
    """
    allowed = [*names, "page"]
    expected = f"one of: {', '.join(allowed)}"
    wrong = [
        FieldError(f"?{name[:100]}", "unknown_field", f"There is no filter '{name[:100]}'.", expected)
        for name in query
        if name not in allowed
    ]
    found = {name: storable(query.get(name, "")).strip() for name in names}
    wrong += _unknown("team", found, lambda: Team.objects.values_list("slug", flat=True))
    wrong += _unknown("service", found, lambda: Service.objects.values_list("slug", flat=True))
    wrong += _unknown("state", found, lambda: states)
    if wrong:
        raise invalid(*wrong)
    return {name: value[:LONGEST_QUESTION] for name, value in found.items()}


def _unknown(name: str, found: Mapping[str, str], known: Callable[[], Iterable[str]]) -> list[FieldError]:
    value = found.get(name, "")
    names = list(known()) if value else []
    if not value or value in names:
        return []
    expected = f"one of: {', '.join(near(value, names))}"
    return [FieldError(f"?{name}", "unknown", f"No {name} is called '{value[:100]}'.", expected, value[:100])]
