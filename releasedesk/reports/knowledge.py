"""What the teams have learnt: their notes, found by their words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from django.utils.safestring import SafeString

from releasedesk.accounts.roles import Actor
from releasedesk.notes.full_text import excerpt_for, highlighted
from releasedesk.notes.models import Note, NoteQuerySet
from releasedesk.reports.filters import asked

EXCERPT = 240  # characters


@dataclass(frozen=True, slots=True)
class NoteFilters:
    """Which notes are asked for. They live in the URL."""

    q: str = ""
    team: str = ""
    service: str = ""

    @classmethod
    def read(cls, query: Mapping[str, str], actor: Actor) -> NoteFilters:
        """Read the query string. Raises 422 for a filter or a value that does not exist."""
        return cls(**asked(query, ("q", "team", "service"), actor))

    @property
    def are_set(self) -> bool:
        """Whether anything is left out."""
        return any(asdict(self).values())


@dataclass(frozen=True, slots=True)
class Found:
    """A note in a list, with the words around what was looked for, else its first ones."""

    note: Note
    excerpt: SafeString | str


def notes(filters: NoteFilters, *, actor: Actor) -> NoteQuerySet:
    """The notes these filters leave, of those the actor may read: best match first, else newest first."""
    chosen: NoteQuerySet = Note.objects.visible_to(actor).select_related("release__service__team")
    if filters.team:
        chosen = chosen.filter(release__service__team__slug=filters.team)
    if filters.service:
        chosen = chosen.filter(release__service__slug=filters.service)
    if filters.q:
        return chosen.matching(filters.q).annotate(excerpt=excerpt_for(filters.q))
    return chosen.order_by("-written_at", "-id")


def found(rows: Iterable[Note]) -> list[Found]:
    """Give each note the words a list shows of it."""
    return [Found(note, _excerpt(note)) for note in rows]


def _excerpt(note: Note) -> SafeString | str:
    hits = getattr(note, "excerpt", None)
    if hits is not None:
        return highlighted(hits)
    words = next(filter(None, (getattr(note, name) for name in Note.TEXT_FIELDS)), "")
    return words if len(words) <= EXCERPT else f"{words[:EXCERPT].rstrip()} …"
