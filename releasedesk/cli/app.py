"""The commands, as typer knows them."""

from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from releasedesk.cli.measure import measure

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
