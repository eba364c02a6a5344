"""A post-ship note as it is sent (DESIGN §5.8)."""

from typing import Annotated, ClassVar, Self

from pydantic import Field, model_validator

from releasedesk.problems.body import NULL_IS_EMPTY, Body, FilePath, Text, YesNo, refuse


class NoteBody(Body):
    """PUT replaces the whole note. `draft` keeps it private to the team."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset({"written_by", "written_at", "finished_at"})

    reason: Text | None = None
    files_touched: Annotated[list[FilePath], Field(max_length=5000), NULL_IS_EMPTY] = []
    command_used: Text | None = None
    metric_improved: Text | None = None
    assumptions: Text | None = None
    surprise: Text | None = None
    follow_ups: Text | None = None
    draft: YesNo = False

    EXAMPLE = {
        "reason": "One query a line was 30 too many.",
        "files_touched": ["basket/views.py"],
        "command_used": "./deploy checkout-api production 2026.11.23-2",
        "metric_improved": "DB calls per request: 31 → 2",
        "surprise": "The cache hid it on staging.",
    }

    @model_validator(mode="after")
    def _a_finished_note_has_a_reason(self) -> Self:
        if not self.draft and not (self.reason or "").strip():
            raise refuse(
                "required", "A finished note says why it was done.", "a reason, or a draft", at=("reason",)
            )
        return self
