"""One box for everything: services, versions, notes. What is called exactly so comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Case, IntegerField, Q, QuerySet, Value, When

from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Service
from releasedesk.problems.text import storable
from releasedesk.releases.models import Release
from releasedesk.reports.filters import LONGEST_QUESTION
from releasedesk.reports.knowledge import Found, NoteFilters, found, notes
from releasedesk.reports.releases_list import Listed, listed

AT_MOST = 10  # of each kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """What was found of each kind, at most `AT_MOST`; `more` says of which kinds there is more."""

    q: str
    services: Sequence[Service]
    releases: Sequence[Listed]
    notes: Sequence[Found]
    more: frozenset[str]

    def __bool__(self) -> bool:
        """Whether anything was found."""
        return bool(self.services or self.releases or self.notes)


def search(text: str, *, actor: Actor) -> Results:
    """Look for every word of the text in names and versions, and for its words in the notes."""
    q = storable(text).strip()[:LONGEST_QUESTION]
    words = q.split()
    if not words:
        return Results(q="", services=(), releases=(), notes=(), more=frozenset())
    services = list(_services(q, words).select_related("team", "owner")[: AT_MOST + 1])
    releases = list(_releases(words).select_related("service__team", "owner")[: AT_MOST + 1])
    written = list(notes(NoteFilters(q=q), actor=actor)[: AT_MOST + 1])
    sizes = {"services": len(services), "releases": len(releases), "notes": len(written)}
    return Results(
        q=q,
        services=services[:AT_MOST],
        releases=listed(releases[:AT_MOST]),
        notes=found(written[:AT_MOST]),
        more=frozenset(kind for kind, size in sizes.items() if size > AT_MOST),
    )


def _services(q: str, words: Sequence[str]) -> QuerySet[Service]:
    holds = Q()
    for word in words:
        holds &= Q(slug__icontains=word) | Q(name__icontains=word)
    closeness = _closeness(Q(slug__iexact=q) | Q(name__iexact=q), Q(slug__istartswith=words[0]))
    return Service.objects.filter(holds).annotate(closeness=closeness).order_by("closeness", "slug")


def _releases(words: Sequence[str]) -> QuerySet[Release]:
    """Every word in version, title or service, and one at least in the first two: no service in full."""
    holds, own, exact, begins = Q(), Q(), Q(), Q()
    for word in words:
        here = Q(version__icontains=word) | Q(title__icontains=word)
        holds &= here | Q(service__slug__icontains=word)
        own |= here
        exact |= Q(version__iexact=word)
        begins |= Q(version__istartswith=word)
    found = Release.objects.filter(holds & own).annotate(closeness=_closeness(exact, begins))
    return found.order_by("closeness", "-created_at", "-id")


def _closeness(exact: Q, begins: Q) -> Case:
    return Case(
        When(exact, then=Value(0)),
        When(begins, then=Value(1)),
        default=Value(2),
        output_field=IntegerField(),
    )
