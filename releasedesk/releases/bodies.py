"""What the API, the pages and the events may say about a release."""

from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from releasedesk.problems.body import ONE_LINE, Body, Commit, Line, Text, Time, Username, YesNo


class ChangeBody(Body):
    """A commit in the release."""

    sha: Commit
    subject: Line = ""
    author: Annotated[str, StringConstraints(max_length=200), ONE_LINE] = ""
    committed_at: Time | None = None


class ReleaseBody(Body):
    """The plan of a release (DESIGN §5.8). Every field may be missing and is then shown as missing."""

    READ_ONLY: ClassVar[frozenset[str]] = frozenset(
        {"version", "service", "verdict", "state", "deployments", "url", "self", "planned_at", "created_at"}
    )

    title: Line | None = None
    owner: Username | None = None
    reason: Text | None = None
    change: Text | None = None
    expected_result: Text | None = None
    rollback_note: Text | None = None
    route: Line | None = None
    expected_input: Text | None = None
    slow_part: Text | None = None
    users_notice: Text | None = None
    assumptions: Text | None = None
    commit: Commit | None = None
    changes: Annotated[list[ChangeBody], Field(max_length=1000)] | None = None
    irreversible: YesNo = False

    EXAMPLE = {
        "title": "One query for the basket",
        "reason": "The basket is slow when it is full.",
        "change": "One query instead of one a line.",
        "expected_result": "p95 of GET /basket/{id} falls below 100 ms.",
        "rollback_note": "Deploy the previous version; nothing else has to be undone.",
        "route": "GET /basket/{id}",
        "commit": "9f3c1d2e4b5a69788796a5b4c3d2e1f001234567",
    }
