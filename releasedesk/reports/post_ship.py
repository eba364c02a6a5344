"""The post-ship note: as it was finished, or what of it the desk knows already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from releasedesk.catalog.models import Tier
from releasedesk.notes.models import Note
from releasedesk.releases.models import Deployment, Release
from releasedesk.reports.before_after import Measured
from releasedesk.reports.board_rows import NOTE_DUE_AFTER
from releasedesk.reports.verdicts import Judged
from releasedesk.reports.wording import Mark

LABELS = (
    ("Reason", "reason", False),
    ("Command", "command_used", True),
    ("Improved", "metric_improved", False),
    ("Assumptions", "assumptions", False),
    ("Surprise", "surprise", False),
    ("Follow-ups", "follow_ups", False),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A part of the note. `source` says where the desk has it from while nobody has written the note."""

    label: str
    text: str
    is_code: bool = False
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostShip:
    """The note, or that it is due."""

    note: Note | None
    due_at: datetime | None
    is_overdue: bool
    lines: tuple[Line, ...]
    files: tuple[str, ...]

    @property
    def is_finished(self) -> bool:
        """Whether everybody may read it."""
        return self.note is not None and not self.note.draft

    @property
    def mark(self) -> Mark:
        """Where the note stands."""
        if self.is_finished:
            return Mark("good", "tick", "finished")
        if self.is_overdue:
            return Mark("bad", "ask", "overdue")
        if self.due_at:
            return Mark("warn", "ask", "draft" if self.note else "due")
        return Mark("idle", "", "draft" if self.note else "not due yet")


def post_ship(
    release: Release,
    standing: Judged,
    measured: Sequence[Measured],
    deployments: Sequence[Deployment],
    note: Note | None,
    *,
    now: datetime,
) -> PostShip:
    """Return the note, as far as the reader may see it, and when it is due."""
    shipped = [row.first_at for row in standing.standings if row.environment.tier == Tier.PRODUCTION]
    due_at = min(shipped) + NOTE_DUE_AFTER if shipped and (note is None or note.draft) else None
    return PostShip(
        note=note,
        due_at=due_at,
        is_overdue=due_at is not None and now > due_at,
        lines=_written(note) if note else _known(release, measured, deployments),
        files=tuple((note.files_touched if note else None) or release.files_touched),
    )


def _written(note: Note) -> tuple[Line, ...]:
    lines = (Line(label, getattr(note, name), code) for label, name, code in LABELS)
    return tuple(line for line in lines if line.text)


def _known(
    release: Release, measured: Sequence[Measured], deployments: Sequence[Deployment]
) -> tuple[Line, ...]:
    """What the note begins with, so that only the rest has to be written."""
    commands = [row.fact.command for row in deployments if row.release_id == release.pk and row.fact.command]
    improved = dict.fromkeys(
        f"{line.label} {line.change}"
        for card in measured
        for line in card.lines
        if line.mark.words == "improved"
    )
    found = (
        Line("Reason", release.reason, source="from the plan"),
        Line("Command", commands[0] if commands else "", is_code=True, source="as reported"),
        Line("Improved", ", ".join(improved), source="as measured"),
        Line("Assumptions", release.assumptions, source="from the plan"),
    )
    return tuple(line for line in found if line.text)
