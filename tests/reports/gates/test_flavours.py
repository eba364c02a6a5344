"""The answer as GitHub and GitLab take it."""

from __future__ import annotations

from releasedesk.reports.gates.flavours import COMMENT_AT_MOST, github, gitlab

MET = {"label": "Owner", "level": "required", "state": "met", "detail": "alice answers for it.", "fix": None}
UNMET = {
    "label": "Checklist",
    "level": "required",
    "state": "unmet",
    "detail": "Linting failed.",
    "fix": "https://d/x",
}
OPEN = {"open": True, "environment": "production", "sentence": "a 1 may ship.", "conditions": [MET]}
CLOSED = {**OPEN, "open": False, "sentence": "a 1 may not ship yet: Checklist.", "conditions": [MET, UNMET]}


def test_github_is_told_approved_or_rejected_with_what_is_missing() -> None:
    assert github(OPEN) == {
        "environment_name": "production",
        "state": "approved",
        "comment": "a 1 may ship.",
    }
    assert github(CLOSED) == {
        "environment_name": "production",
        "state": "rejected",
        "comment": "a 1 may not ship yet: Checklist.\n"
        "- **Checklist** (required, unmet): Linting failed. ([mend it](https://d/x))",
    }


def test_a_comment_has_room_for_whole_lines_only() -> None:
    comment = github({**CLOSED, "conditions": [{**UNMET, "detail": "x" * 200}] * 9})["comment"]
    assert len(comment) <= COMMENT_AT_MOST
    assert comment.endswith("\n- …")


def test_gitlab_is_told_passed_or_failed() -> None:
    assert (gitlab(OPEN), gitlab(CLOSED)) == ({"status": "passed"}, {"status": "failed"})
