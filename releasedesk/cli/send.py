"""`releasedesk send`: tell the desk what happened, now or as soon as it answers again."""

import os
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from releasedesk.cli import events, show
from releasedesk.cli.ci import detect
from releasedesk.cli.desk import Desk
from releasedesk.cli.exits import Trouble, finish
from releasedesk.cli.spool import Flushed
from releasedesk.cli.telling import Sender


def send(  # noqa: PLR0913 - one parameter for each option
    file: Annotated[
        str | None, typer.Argument(help="JSON: one event, a list, or one a line. - reads standard input.")
    ] = None,
    *,
    type_: Annotated[str | None, typer.Option("--type", help='As in "deployment.succeeded".')] = None,
    service: Annotated[str | None, typer.Option(help="The service's slug.")] = None,
    environment: Annotated[str | None, typer.Option(help="Where it happened.")] = None,
    version: Annotated[str | None, typer.Option(help="The release; in CI else its tag or commit.")] = None,
    commit: Annotated[str | None, typer.Option(help="The commit; CI's own is found.")] = None,
    run: Annotated[str | None, typer.Option(help="The run; CI's own is found.")] = None,
    url: Annotated[str | None, typer.Option(help="Where to look; CI's own is found.")] = None,
    command: Annotated[str | None, typer.Option(help="The command that was run.")] = None,
    file_touched: Annotated[list[str] | None, typer.Option(help="A changed file; may be repeated.")] = None,
    key: Annotated[str | None, typer.Option(help="check.finished: which item.")] = None,
    outcome: Annotated[str | None, typer.Option(help="check.finished: passed or failed.")] = None,
    incident: Annotated[str | None, typer.Option(help="incident.*: its id.")] = None,
    title: Annotated[str | None, typer.Option(help="incident.opened: in one line.")] = None,
    occurred_at: Annotated[str | None, typer.Option(help="When, with a zone; else now.")] = None,
    id_: Annotated[
        str | None, typer.Option("--id", help="Sent again under the same id, it counts once.")
    ] = None,
    flush: Annotated[bool, typer.Option("--flush", help="Only send what waits from earlier.")] = False,
    later_is_fine: Annotated[
        bool, typer.Option("--later-is-fine", help="Exit 0 also when the desk is down and it was kept.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Tell the desk what happened. While it is down, events are kept and sent by the next `send`.

    Exits 0 when the desk has everything, 1 when it refused something, 2 when something is kept for later (the
    desk is down or has failed, or the token or the address is wrong) or could not even be kept.
    """
    desk = Desk.configured(show.say)
    options = {
        "type": type_, "service": service, "environment": environment, "version": version, "commit": commit,
        "run": run, "url": url, "command": command, "files_touched": file_touched or None, "key": key,
        "outcome": outcome, "incident": incident, "title": title, "occurred_at": occurred_at, "id": id_,
    }  # fmt: skip
    read = events.Read([]) if flush else _read(file, options)
    sender = Sender.to(desk)
    sender.tell(events.complete(read.events, options, detect(os.environ), datetime.now(UTC)))
    for name, trouble in read.faults.items():
        sender.refuse(name, trouble)
    if not (flush or sender.told):
        show.say(f"There is no event in {'standard input' if file == '-' else file}: nothing was told.")
    if not as_json:
        show_flushed(sender.flushed)
        for told in sender.told:
            show.say(told.in_words()) if told.trouble else typer.echo(told.in_words())
    if flush:
        for address, count in sender.spool.elsewhere().items():
            show.say(f"{count} wait for another desk, {address}: set RELEASEDESK_URL to it to send them.")
    report = {"flushed": sender.flushed.as_json(), "events": [told.as_json() for told in sender.told]}
    finish(report, sender.code(later_is_fine=later_is_fine), as_json=as_json)


def _read(file: str | None, options: Mapping[str, Any]) -> events.Read:
    """Read the events, or the one that the options alone describe."""
    if file is None:
        if not options["type"]:
            raise Trouble("Say what happened: --type, a FILE, or - for standard input.")
        return events.Read([{}])
    try:
        # Windows' tools put a byte order mark before what they write.
        text = (sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()).decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{file} cannot be read: {error}.") from None
    return events.read(text, "standard input" if file == "-" else file)


def show_flushed(flushed: Flushed) -> None:
    """Tell a person what became of what waited."""
    for fault in flushed.faults:
        show.say(fault)
    if flushed.sent:
        typer.echo(f"{len(flushed.sent)} that waited were sent.")
    for path in flushed.rejected:
        show.say(f"One that waited was refused and set aside, with the reason: {path}")
    if flushed.waiting:
        show.say(f"{flushed.waiting} still wait. {flushed.trouble or ''}".rstrip())
