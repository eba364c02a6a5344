"""What the translators of other systems' messages share. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

from releasedesk.ingest.facts import Fact
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

    def _pointer(self, ours: str) -> str:
        field, slash, rest = ours.removeprefix("#/").partition("/")
        return f"{self._at[field]}{slash}{rest}" if field in self._at else ours
