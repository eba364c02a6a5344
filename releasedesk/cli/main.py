"""The `releasedesk` command. Exit codes: 0 yes, 1 no, 2 could not tell, 130 interrupted."""

import sys
import traceback
from collections.abc import Sequence
from io import TextIOWrapper

from releasedesk.cli.exits import COULD_NOT_TELL, INTERRUPTED, Trouble, finish


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    _say_whatever_it_holds()
    try:
        # Imported here: the bare install has this script too, and nothing that the commands need.
        from releasedesk.cli.app import app  # noqa: PLC0415

        app(args=typed, obj=typed, prog_name="releasedesk")
    except Trouble as trouble:
        sys.stderr.write(f"{trouble}\n")
        finish(trouble.as_json(), trouble.code, as_json="--json" in typed)
    except ModuleNotFoundError as missing:
        if str(missing.name).startswith("releasedesk"):
            traceback.print_exc()
        else:
            sys.stderr.write('The command needs its extra: pip install "releasedesk[cli]"\n')
        sys.exit(COULD_NOT_TELL)
    except KeyboardInterrupt:  # before a command began; a command's own is typer's, with the same code
        sys.exit(INTERRUPTED)
    except Exception:  # noqa: BLE001 - Python would exit with 1, "no", and a fault of ours is not an answer
        traceback.print_exc()
        sys.exit(COULD_NOT_TELL)


def _say_whatever_it_holds() -> None:
    """Let no letter that the terminal cannot show end a command that has done its work."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
