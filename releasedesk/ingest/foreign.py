"""What the translators of other systems' messages share. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from releasedesk.ingest import names
from releasedesk.ingest.facts import CommitCheckFact, Fact
from releasedesk.problems.problem import Problem

F = TypeVar("F", bound=Fact)
FOUND = {  # what senders call an outcome → ours; whatever else there is decides nothing
    "pass": "passed",
    "passed": "passed",
    "success": "passed",
    "successful": "passed",
    "fail": "failed",
    "failed": "failed",
    "failure": "failed",
    "error": "failed",
    "timed_out": "failed",
    "startup_failure": "failed",
}


class Reader:
    """Builds facts from what a translator has found, and says in the sender's own terms what is wrong.

    `at` is where in the message each of our fields comes from, as JSON pointers.
    """

    def __init__(self, at: Mapping[str, str], *, now: datetime, skew: timedelta) -> None:
        self._at, self._context = at, {"now": now, "skew": skew}

    def fact(self, kind: type[F], **fields: Any) -> F:
        """Build a fact. Raises the 422 `Problem` whose pointers lead into the message."""
        given = {name: value for name, value in fields.items() if value not in (None, "")}
        try:
            return kind.read(given, context=self._context)
        except Problem as problem:
            problem.errors = [
                replace(error, pointer=self._pointer(error.pointer)) for error in problem.errors
            ]
            raise

    def checks(self, found: Mapping[str, str], *, id: str, **fields: Any) -> tuple[CommitCheckFact, ...]:  # noqa: A002 - the field's name
        """Build one fact a checklist item; each has an id of its own."""
        return tuple(
            self.fact(
                CommitCheckFact, id=f"{id}/{key}", type="commit.checked", key=key, outcome=outcome, **fields
            )
            for key, outcome in found.items()
        )

    def _pointer(self, ours: str) -> str:
        field, slash, rest = ours.removeprefix("#/").partition("/")
        return f"{self._at[field]}{slash}{rest}" if field in self._at else ours


def commits_in_line(listed: object, *, before: str) -> list[dict[str, Any]]:
    """Read a push's commits, the oldest first: each stands on the one before it, the first on `before`."""
    commits, parent = [], names.commit(before)
    for each in listed if isinstance(listed, list) else []:
        sha = names.commit(names.text_at(each, "id"))
        if sha is None:
            continue
        author = names.text_at(each, "author", "username") or names.text_at(each, "author", "name")
        commits.append(
            {
                "sha": sha,
                "parent": parent,
                "subject": names.line(names.text_at(each, "message")),
                "author": names.line(author, 200),
                "committed_at": names.time_of(each.get("timestamp")),
            }
        )
        parent = sha
    return commits
