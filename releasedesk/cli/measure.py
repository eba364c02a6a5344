"""`releasedesk measure`: send requests, read what the responses say, hand the snapshot to the desk."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal, NoReturn
from urllib.parse import urlsplit

import typer

from releasedesk.cli import show
from releasedesk.cli.deliver import deliver
from releasedesk.cli.desk import Desk
from releasedesk.cli.exits import COULD_NOT_TELL, YES
from releasedesk.cli.load import Plan, addresses, default_route, send
from releasedesk.cli.snapshot import Snapshot, body
from releasedesk.cli.summary import Summary
from releasedesk.cli.typed import command_as_typed

ROWS_AT_MOST = 20_000  # of one snapshot, as the desk takes it


def measure(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    url: Annotated[str | None, typer.Argument(help="What to ask for; [1-200] in it takes turns.")] = None,
    *,
    requests: Annotated[
        int,
        typer.Option(
            min=1,
            max=ROWS_AT_MOST,
            help="How many to send; at least 765 a side decide an error rate of 0.",
        ),
    ] = 1000,
    concurrency: Annotated[int, typer.Option(min=1, max=256, help="How many at a time.")] = 4,
    phase: Annotated[
        Literal["before", "after"] | None, typer.Option(help="Which side of the change.")
    ] = None,
    service: Annotated[str | None, typer.Option(help="The service's slug.")] = None,
    version: Annotated[str | None, typer.Option(help="The release's version.")] = None,
    environment: Annotated[str | None, typer.Option(help="Where it runs.")] = None,
    route: Annotated[str | None, typer.Option(help='As in "GET /basket/{id}"; else method and path.')] = None,
    method: Annotated[str, typer.Option(help="The HTTP method.")] = "GET",
    header: Annotated[list[str] | None, typer.Option("--header", "-H", help='As in "Accept: */*".')] = None,
    cache_state: Annotated[Literal["cold", "warm"] | None, typer.Option(help="How the caches were.")] = None,
    cache_cleared: Annotated[str | None, typer.Option(help='Which were cleared before: "basket:*".')] = None,
    assumptions: Annotated[str | None, typer.Option(help="What must hold for the numbers to.")] = None,
    timeout: Annotated[float, typer.Option(min=0.001, max=3600, help="Seconds until no answer.")] = 10.0,
    output: Annotated[Path | None, typer.Option(help="Also write the snapshot to this file.")] = None,
    no_post: Annotated[bool, typer.Option("--no-post", help="Measure only; the desk is not told.")] = False,
    post_file: Annotated[Path | None, typer.Option(help="Send a snapshot that was kept in a file.")] = None,
    fail_on_suspect: Annotated[
        bool, typer.Option("--fail-on-suspect", help="After: 0 if verified, 1 if suspect, 2 if undecided.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of tables.")] = False,
) -> None:
    """Measure a route and post the snapshot to the desk.

    Exits 0 when it was measured and the desk took it, 2 when not; 1 only with --fail-on-suspect.
    """
    if post_file is not None:
        _hand_over(_desk(), _kept(post_file), post_file, {}, fail_on_suspect=fail_on_suspect, as_json=as_json)
    plan = _plan(url, method, header or [], requests, concurrency, timeout)
    if output or not no_post:
        _need(phase=phase, service=service, version=version, environment=environment)
    if fail_on_suspect and (no_post or phase != "after"):
        _stop("--fail-on-suspect needs --phase after and a desk that is told.")
    # Asked for now, so that nobody learns after ten minutes of measuring that the token is not set.
    desk = None if no_post else _desk()
    route = route or default_route(plan.method, url or "")
    with show.progress(plan.requests) as sent:
        measurement = send(plan, sent)
    numbers = Summary.of(measurement)
    report = {"route": route, "summary": numbers.as_json()}
    if not as_json:
        show.summary(numbers, route)
    if not measurement.answered:
        trouble = f"Nothing was measured: {url} answered none of {plan.requests} requests."
        show.say(trouble)
        _finish({**report, "trouble": trouble}, COULD_NOT_TELL, as_json=as_json)
    said = {"phase": phase, "environment": environment, "route": route, "cache_state": cache_state}
    said |= {"cache_cleared": cache_cleared, "assumptions": assumptions}
    taken = body(measurement, **said, command=command_as_typed(context.obj or []))
    snapshot = Snapshot(service or "", version or "", taken)
    kept_in = snapshot.keep(output) if output else None
    if kept_in:
        show.say(f"The snapshot is in {kept_in}.")
    if desk is None:
        _finish(report, YES, as_json=as_json)
    _hand_over(desk, snapshot, kept_in, report, fail_on_suspect=fail_on_suspect, as_json=as_json)


def _hand_over(
    desk: Desk,
    snapshot: Snapshot,
    kept_in: Path | None,
    report: dict[str, Any],
    *,
    fail_on_suspect: bool,
    as_json: bool,
) -> NoReturn:
    delivery = deliver(desk, snapshot, kept_in=kept_in, fail_on_suspect=fail_on_suspect)
    if not as_json:
        show.delivery(delivery)
    _finish({**report, **delivery.as_json()}, delivery.code, as_json=as_json)


def _finish(report: dict[str, Any], code: int, *, as_json: bool) -> NoReturn:
    if as_json:
        typer.echo(json.dumps(report, indent=1))
    raise typer.Exit(code)


def _stop(reason: str) -> NoReturn:
    show.say(reason)
    raise typer.Exit(COULD_NOT_TELL)


def _plan(
    url: str | None, method: str, headers: list[str], requests: int, concurrency: int, timeout: float
) -> Plan:
    """Check what was typed, before anything is sent."""
    if url is None:
        _stop("Name the URL to ask for, or a kept file with --post-file.")
    try:
        parts, numbers = urlsplit(url), addresses(url)
    except ValueError as error:
        _stop(f"'{url}' cannot be asked for: {error}.")
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        _stop(f"'{url}' is not an http:// or https:// address.")
    return Plan(numbers, method.upper(), [_header(text) for text in headers], requests, concurrency, timeout)


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not (colon and name.strip() and text.isascii() and text.isprintable()):
        # The text is not repeated: it may hold a secret, and this ends up in CI's log.
        _stop("A --header is one line of plain text with a colon, like 'Accept: */*'.")
    return name.strip(), value.strip()


def _need(**options: str | None) -> None:
    if missing := [f"--{name}" for name, value in options.items() if not value]:
        _stop(f"A snapshot needs {', '.join(missing)}. To measure only, give --no-post.")


def _desk() -> Desk:
    return Desk.configured(show.say, ", or give --no-post")


def _kept(path: Path) -> Snapshot:
    try:
        return Snapshot.read(path)
    except ValueError as error:
        _stop(str(error))
