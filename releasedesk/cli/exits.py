"""How a command ends: the three exit codes, and what is said when there is no answer.

Imported by the bare install as well: nothing here needs more than Python.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any, NoReturn

YES, NO, COULD_NOT_TELL = 0, 1, 2
INTERRUPTED = 130  # what a shell says of a command that Ctrl-C ended
SIGNALLED = 128  # and the signal's number: of one that any signal ended


class Trouble(Exception):  # noqa: N818 - not every trouble is an error of ours
    """What keeps a command from an answer. `main` says it, as JSON with `--json`, and exits with `code`."""

    @property
    def code(self) -> int:
        """Give the exit code: nobody has answered."""
        return COULD_NOT_TELL

    def as_json(self) -> dict[str, Any]:
        """Give the same for `--json`."""
        return {"trouble": str(self)}


def finish(report: Mapping[str, Any], code: int, *, as_json: bool) -> NoReturn:
    """End the command. With `--json` the report goes to standard output, as the only thing there."""
    if as_json:
        sys.stdout.write(json.dumps(report, indent=1) + "\n")
    raise SystemExit(code)
