"""The commands, as typer knows them."""

from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from releasedesk.cli.configuration import config
from releasedesk.cli.fails_closed import FailsClosed
from releasedesk.cli.gate import gate
from releasedesk.cli.measure import measure
from releasedesk.cli.migrations import migrations
from releasedesk.cli.rehearse import rehearse
from releasedesk.cli.rollback import rollback
from releasedesk.cli.send import send

app = typer.Typer(
    name="releasedesk",
    help="Tell ReleaseDesk and ask it. RELEASEDESK_URL and RELEASEDESK_TOKEN, or a file, say where and who. "
    "Exit codes: 0 yes, 1 no, 2 could not tell.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
# One command is one file and one line here.
app.add_typer(config, name="config")
app.command(cls=FailsClosed)(gate)
app.command()(measure)
app.command()(migrations)
app.command()(rehearse)
app.command()(rollback)
app.command()(send)


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
