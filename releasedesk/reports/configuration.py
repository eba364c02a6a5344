"""Whether staging rehearses with production's configuration: names and digests, never values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import Problem, not_found
from releasedesk.releases.fingerprints import Comparison, compare
from releasedesk.releases.models import MeantDifference, ReportedConfig


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """Two environments side by side. `outdated` were reported with a key that counts no more."""

    here: Environment
    there: Environment
    comparison: Comparison
    reports: tuple[ReportedConfig, ...]
    meant: tuple[MeantDifference, ...]
    outdated: tuple[ReportedConfig, ...]


def configuration(
    service: Service,
    *,
    here: str | None = None,
    there: str | None = None,
    places: Sequence[Environment] | None = None,
) -> Configuration:
    """Compare an environment (the one nearest to users) with another (the one before it), in three queries.

    Who has read all environments gives them as `places`, and saves one.
    Raises 404 for an unknown one, and 409 where the desk has only one.
    """
    one, other = _pair(list(places or Environment.objects.all()), here, there)
    rows = ReportedConfig.objects.filter(service=service, environment__in=[one, other])
    newest = list(rows.newest().select_related("environment"))
    known = {row.environment_id: row for row in newest if not row.outdated}
    meant = tuple(service.meant_differences.all())
    compared = compare(
        (one.name, known[one.pk].digests if one.pk in known else None),
        (other.name, known[other.pk].digests if other.pk in known else None),
        {row.name for row in meant},
    )
    reports = tuple(known[place.pk] for place in (one, other) if place.pk in known)
    return Configuration(
        here=one,
        there=other,
        comparison=compared,
        reports=reports,
        meant=meant,
        outdated=tuple(row for row in newest if row.outdated),
    )


def _pair(places: list[Environment], here: str | None, there: str | None) -> tuple[Environment, Environment]:
    """The two that were named; else the one nearest to users, and the next one of a lower tier."""
    places.sort(key=lambda place: place.rank)
    other = _named(there, places) if there else places[-1]
    if here:
        return _named(here, places), other
    lower = [place for place in places if place.rank[0] < other.rank[0]] or [
        place for place in places if place != other
    ]
    if not lower:
        raise Problem("conflict", f"There is no environment to compare {other} with.")
    return lower[-1], other


def _named(name: str, places: list[Environment]) -> Environment:
    found = next((place for place in places if place.name == name), None)
    if found is None:
        raise not_found("environment", name, [place.name for place in places])
    return found
