"""`releasedesk rollback`: can we go back, and how?"""

from typing import Annotated

import typer

from releasedesk.cli import show
from releasedesk.cli.desk import Desk, service_path
from releasedesk.cli.exits import NO, YES, finish


def rollback(
    service: Annotated[str, typer.Argument(help="The service's slug.")],
    *,
    environment: Annotated[str, typer.Option(help="Where to go back.")],
    to: Annotated[str | None, typer.Option(help="To which version; else the desk chooses.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Print whether we can go back and the runbook with its commands finished. Nothing is run.

    Exits 0 when the way back is ready, 1 when it is not, with all reasons, 2 when the desk cannot tell.
    """
    desk, path = Desk.configured(show.say), f"{service_path(service)}/rollback"
    answer = desk.get(path, environment=environment, to=to)
    if not as_json:
        typer.echo(desk.text(path, environment=environment, to=to), nl=False)
    finish(answer, YES if answer["ready"] else NO, as_json=as_json)
