"""What the command says at the end, as tables or as one JSON object, and its exit code."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from releasedesk.cli import show
from releasedesk.cli.deliver import deliver
from releasedesk.cli.desk import Desk
from releasedesk.cli.exits import COULD_NOT_TELL, NO, YES, finish
from releasedesk.cli.snapshot import Snapshot
from releasedesk.cli.taken import Taken


class Report:
    """Tables and sentences for a person, or one JSON object for a program."""

    def __init__(self, *, as_json: bool, fail_on_suspect: bool) -> None:
        self.as_json, self.fail_on_suspect = as_json, fail_on_suspect

    def say(self, text: str) -> None:
        """Tell a person."""
        if not self.as_json:
            show.say(text)

    def show(self, taken: Sequence[Taken]) -> None:
        """Print the numbers."""
        if not self.as_json:
            show.summaries(taken)

    def hand_over(
        self, desk: Desk, snapshots: Sequence[tuple[Snapshot, Path | None, dict[str, Any]]]
    ) -> NoReturn:
        """Post each snapshot and tell what came of it: "no" of one is "no" of all."""
        reports, codes = [], []
        for snapshot, kept_in, said in snapshots:
            delivery = deliver(desk, snapshot, kept_in=kept_in, fail_on_suspect=self.fail_on_suspect)
            if not self.as_json:
                if len(snapshots) > 1:
                    show.say(f"{snapshot.body['route']}, {snapshot.body['phase']}:")
                show.delivery(delivery)
            reports.append({**said, **delivery.as_json()})
            codes.append(delivery.code)
        self.finish(reports, next((code for code in (NO, COULD_NOT_TELL) if code in codes), YES))

    def finish(self, reports: Sequence[dict[str, Any]], code: int) -> NoReturn:
        """Print the JSON if that is wanted: one route as itself, several as a list. Then leave."""
        report = reports[0] if len(reports) == 1 else {"results": list(reports)}
        finish(report, code, as_json=self.as_json)
