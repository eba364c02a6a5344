"""`releasedesk measure`: send requests, or read what others measured, and hand snapshots to the desk."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from releasedesk.cli import show
from releasedesk.cli.desk import Desk
from releasedesk.cli.elsewhere import Elsewhere, when
from releasedesk.cli.exits import YES
from releasedesk.cli.plans import Cache, Load, run
from releasedesk.cli.report import Report
from releasedesk.cli.sender import Tls, sender
from releasedesk.cli.snapshot import Snapshot, body
from releasedesk.cli.targets import Mistyped
from releasedesk.cli.typed import command_as_typed
from releasedesk.results.reading import ROWS_AT_MOST

INSECURE = "TLS certificates were not checked (--insecure)."


def measure(  # noqa: PLR0913 - one parameter for each option
    context: typer.Context,
    url: Annotated[str | None, typer.Argument(help="What to ask for; [1-200] in it takes turns.")] = None,
    *,
    requests: Annotated[
        int,
        typer.Option(
            min=1,
            max=ROWS_AT_MOST,
            help="How many to send (with --ab: to each); at least 765 a side decide an error rate of 0.",
        ),
    ] = 1000,
    warm_up: Annotated[int, typer.Option(min=0, max=100_000, help="First send so many, uncounted.")] = 0,
    concurrency: Annotated[
        int | None, typer.Option(min=1, max=256, help="How many at a time; 4, or 64 with --rate.")
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option(
            min=0.01,
            max=10_000,
            help="Requests a second at a constant pace; times count from when each was due.",
        ),
    ] = None,
    routes: Annotated[
        Path | None, typer.Option(help="A file, one route a line: [WEIGHT] METHOD URL [ROUTE].")
    ] = None,
    ab: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="URL_A URL_B", help="Two versions that run, in turns: A is before, B is after."),
    ] = None,
    from_log: Annotated[
        str | None, typer.Option(help="Read the probe's log lines; - is standard input.")
    ] = None,
    import_: Annotated[
        Path | None,
        typer.Option("--import", help="Read a result of hey, wrk, k6, vegeta, locust, or a CSV."),
    ] = None,
    since: Annotated[str | None, typer.Option(help="Read from then on: 2026-11-23T11:38Z.")] = None,
    until: Annotated[str | None, typer.Option(help="Read up to then.")] = None,
    phase: Annotated[
        Literal["before", "after"] | None, typer.Option(help="Which side of the change.")
    ] = None,
    service: Annotated[str | None, typer.Option(help="The service's slug.")] = None,
    version: Annotated[str | None, typer.Option(help="The release's version.")] = None,
    environment: Annotated[str | None, typer.Option(help="Where it runs.")] = None,
    route: Annotated[
        list[str] | None, typer.Option(help='As in "GET /basket/{id}"; else method and path.')
    ] = None,
    method: Annotated[str | None, typer.Option(help="The HTTP method; GET, or POST with a body.")] = None,
    header: Annotated[list[str] | None, typer.Option("--header", "-H", help='As in "Accept: */*".')] = None,
    cookie: Annotated[list[str] | None, typer.Option(help='As in "session=abc".')] = None,
    data: Annotated[str | None, typer.Option(help="The body; @FILE reads it from a file.")] = None,
    json_body: Annotated[str | None, typer.Option(help="The same, as application/json.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Trust this authority (PEM).")] = None,
    cert: Annotated[Path | None, typer.Option(help="Prove who we are (PEM).")] = None,
    key: Annotated[Path | None, typer.Option(help="The certificate's key (PEM).")] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Trust every certificate; the snapshot says so.")
    ] = False,
    clear_cache: Annotated[
        str | None, typer.Option(help="Run this command first; the snapshot says so.")
    ] = None,
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
    report = Report(as_json=as_json, fail_on_suspect=fail_on_suspect)
    if post_file is not None:
        report.hand_over(_desk(), [(_kept(post_file), post_file, {})])
    _one_source(url=url, routes=routes, ab=ab, from_log=from_log, import_=import_)
    _phase_fits(phase, ab=bool(ab), fail_on_suspect=fail_on_suspect, no_post=no_post)
    if output or not no_post:
        _need(phase="both" if ab else phase, service=service, version=version, environment=environment)
    # Asked for now, so that nobody learns after ten minutes of measuring that the token is not set.
    desk = None if no_post else _desk()
    cache = Cache(cache_state, cache_cleared, clear_cache)
    if from_log or import_:
        _sends_nothing(clear_cache=clear_cache, rate=rate, warm_up=warm_up)
        window = when(since, "--since"), when(until, "--until")
        taken = Elsewhere(from_log, import_, route or [], *window).read(phase)
    else:
        tls = Tls(ca, cert, key, insecure)
        asking = sender(header or [], cookie or [], data, json_body, tls, timeout)
        method = (method or ("GET" if asking.content is None else "POST")).upper()
        named = _one_route(route or [])
        load = Load(url, ab, routes, method, named, requests, warm_up, rate, concurrency)
        plan = load.plan(asking)
        cache = cache.clear(warm_up=bool(warm_up))
        phases = ["before", "after"] if ab else [phase] * len(plan.targets)
        taken = run(plan, phases, [INSECURE] if insecure else [])
    report.show(taken)
    if ab and desk is None:
        report.say("Which is better is for the desk to say, which has the limits and the judge.")
    snapshots = []
    for number, one in enumerate(taken, 1):
        sent = body(
            one,
            assumptions=assumptions,
            command=command_as_typed(context.obj or []),
            environment=environment,
            cache_state=cache.state,
            cache_cleared=cache.cleared,
        )
        snapshot = Snapshot(service or "", version or "", sent)
        kept_in = snapshot.keep(_numbered(output, number, len(taken))) if output else None
        if kept_in:
            show.say(f"The snapshot is in {kept_in}.")
        snapshots.append((snapshot, kept_in, one.as_json()))
    if desk is None:
        report.finish([said for _, _, said in snapshots], YES)
    report.hand_over(desk, snapshots)


def _one_source(**sources: object) -> None:
    given = [_option(name) for name, value in sources.items() if value is not None]
    if not given:
        raise Mistyped("Name the URL to ask for, or a kept file with --post-file.")
    if len(given) > 1:
        raise Mistyped(f"Measure one thing at a time: {' or '.join(given)}.")


def _phase_fits(phase: str | None, *, ab: bool, fail_on_suspect: bool, no_post: bool) -> None:
    if ab and phase:
        raise Mistyped("--ab measures both phases: A is before, B is after. Leave --phase out.")
    if fail_on_suspect and (no_post or not (ab or phase == "after")):
        raise Mistyped("--fail-on-suspect needs --phase after and a desk that is told.")


def _sends_nothing(**options: object) -> None:
    if given := [_option(name) for name, value in options.items() if value]:
        raise Mistyped(f"What is only read has been sent already: leave {', '.join(given)} out.")


def _one_route(routes: list[str]) -> str | None:
    if len(routes) > 1:
        raise Mistyped("Name one --route; several are for --from-log, or in a file for --routes.")
    return routes[0] if routes else None


def _need(**options: str | None) -> None:
    if missing := [_option(name) for name, value in options.items() if not value]:
        raise Mistyped(f"A snapshot needs {', '.join(missing)}. To measure only, give --no-post.")


def _option(name: str) -> str:
    return "URL" if name == "url" else "--" + name.strip("_").replace("_", "-")


def _numbered(output: Path, number: int, of: int) -> Path:
    return output if of == 1 else output.with_stem(f"{output.stem}-{number}")


def _desk() -> Desk:
    return Desk.configured(show.say, ", or give --no-post")


def _kept(path: Path) -> Snapshot:
    try:
        return Snapshot.read(path)
    except ValueError as error:
        raise Mistyped(str(error)) from error
