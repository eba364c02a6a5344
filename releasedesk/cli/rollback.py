"""`releasedesk rollback`: can we go back, and how? With `--run`: go."""

from typing import Annotated

import typer

from releasedesk.cli import show
from releasedesk.cli.desk import Desk, expect, service_path
from releasedesk.cli.exits import NO, YES, finish
from releasedesk.cli.go_back import go_back


def rollback(  # noqa: PLR0913 - one parameter for each option
    service: Annotated[str, typer.Argument(help="The service's slug.")],
    *,
    environment: Annotated[str, typer.Option(help="Where to go back.")],
    to: Annotated[str | None, typer.Option(help="To which version; else the desk chooses.")] = None,
    run: Annotated[bool, typer.Option("--run", help="Carry it out, step by step.")] = False,
    reason: Annotated[str, typer.Option(help="With --run: why.")] = "",
    plan_version: Annotated[int | None, typer.Option(help="With --run: the version you have read.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Ask nothing; needs --plan-version.")] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on behind the last step that went well.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")] = False,
) -> None:
    """Print whether we can go back and the runbook with its commands finished; with --run, carry it out.

    Exits 0 when the way back is ready, or was carried out; 1 when it is not, with all reasons, a step failed,
    or the desk refuses the question; 2 when it cannot be told or begun. Nothing is run without --run.
    """
    desk, path = Desk.configured(show.say), f"{service_path(service)}/rollback"
    if run:
        report, code = go_back(
            desk,
            service,
            environment,
            to=to,
            reason=reason,
            plan_version=plan_version,
            yes=yes,
            resume=resume,
        )
        finish(report, code, as_json=as_json)
    answer = desk.get(path, environment=environment, to=to)
    expect(answer, ready=bool)
    if not as_json:
        typer.echo(desk.text(path, environment=environment, to=to), nl=False)
    finish(answer, YES if answer["ready"] else NO, as_json=as_json)
