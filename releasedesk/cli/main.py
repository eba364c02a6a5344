"""The `releasedesk` command. Exit codes: 0 yes, 1 no, 2 could not tell."""

import sys
import traceback
from collections.abc import Sequence
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from releasedesk.cli.measure import measure

COULD_NOT_TELL = 2

app = typer.Typer(
    name="releasedesk",
    help="Measure a service and tell ReleaseDesk. RELEASEDESK_URL and RELEASEDESK_TOKEN say where and who.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command()(measure)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"releasedesk {installed_version('releasedesk')}")
        raise typer.Exit


@app.callback()
def releasedesk(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", callback=_version, is_eager=True)
    ] = False,
) -> None:
    """Hold the options that belong to no command."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one command and exit with its code."""
    typed = list(sys.argv[1:] if arguments is None else arguments)
    try:
        app(args=typed, obj=typed, prog_name="releasedesk")
    except Exception:  # noqa: BLE001 - Python would exit with 1, "no", and a fault of ours is not an answer
        traceback.print_exc()
        sys.exit(COULD_NOT_TELL)
