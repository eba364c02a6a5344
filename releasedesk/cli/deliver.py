"""Handing a snapshot to the desk, and what came of it. A snapshot that is not taken is kept in a file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from releasedesk.cli.desk import Desk, Refused, Unreachable
from releasedesk.cli.exits import COULD_NOT_TELL, NO, YES
from releasedesk.cli.snapshot import Snapshot

VERDICT_CODES = {"verified": YES, "suspect": NO}


@dataclass(frozen=True)
class Delivery:
    """What the desk said, and the exit code that follows from it."""

    code: int
    answer: Any = None
    comparison: Any = None
    trouble: str | None = None
    kept_in: Path | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the same for `--json`."""
        return {
            "posted": self.answer is not None,
            "snapshot": self.answer,
            "comparison": self.comparison,
            "trouble": self.trouble,
            "kept_in": None if self.kept_in is None else str(self.kept_in),
        }


def deliver(desk: Desk, snapshot: Snapshot, *, kept_in: Path | None, fail_on_suspect: bool) -> Delivery:
    """Post, and after an `after` ask for the verdict. `kept_in` names the file it is in already, if it is."""
    try:
        answer = desk.post_snapshot(
            snapshot.service, snapshot.version, snapshot.body, snapshot.idempotency_key
        )
    except (Unreachable, Refused) as error:
        return Delivery(COULD_NOT_TELL, trouble=str(error), kept_in=kept_in or snapshot.keep())
    if not snapshot.is_after:
        return Delivery(YES, answer)
    undecided = COULD_NOT_TELL if fail_on_suspect else YES
    place = (snapshot.service, snapshot.version, snapshot.body["environment"], snapshot.body["route"])
    try:
        comparison = desk.comparison(*place)
    except (Unreachable, Refused) as error:
        return Delivery(undecided, answer, trouble=str(error))
    code = VERDICT_CODES.get(comparison.get("verdict"), undecided) if fail_on_suspect else YES
    return Delivery(code, answer, comparison)
