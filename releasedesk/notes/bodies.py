"""A post-ship note as it is sent (DESIGN §5.8)."""

from typing import Annotated, ClassVar

from pydantic import Field

from releasedesk.problems.body import Body, FilePath, Text


class NoteBody(Body):
    """PUT replaces the whole note. `draft` keeps it private to the team."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"written_by", "written_at", "finished_at"})

    reason: Text | None = None
    files_touched: Annotated[list[FilePath], Field(max_length=5000)] = []
    command_used: Text | None = None
    metric_improved: Text | None = None
    assumptions: Text | None = None
    surprise: Text | None = None
    follow_ups: Text | None = None
    draft: bool = False
