"""`releasedesk send`: tell the desk what happened, now or as soon as it answers again."""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from releasedesk.cli import events, show
from releasedesk.cli.ci import Run, detect
from releasedesk.cli.desk import Desk, Refused, Unreachable
from releasedesk.cli.exits import COULD_NOT_TELL, NO, YES, Trouble, finish
from releasedesk.cli.spool import Flushed, Message, Spool

EVENTS = "/api/v1/events"
CONFLICT = 409


@dataclass(frozen=True)
class Told:
    """What became of one event."""

    id: str
    answer: Any = None
    kept_in: Path | None = None
    trouble: Trouble | None = None
    repeated: bool = False

    def as_json(self) -> dict[str, Any]:
        """Give the same for `--json`."""
        return {
            "id": self.id,
            "answer": self.answer,
            "kept_in": None if self.kept_in is None else str(self.kept_in),
            **(self.trouble.as_json() if self.trouble else {"trouble": None}),
        }

    def in_words(self) -> str:
        """Say it in one line, and below it what was wrong."""
        if self.repeated:
            return f"{self.id}: this run has told it before; the desk keeps what came first."
        if self.kept_in:
            return f"{self.id}: kept in {self.kept_in}. {self.trouble}."
        if self.trouble:
            return f"{self.id}: {self.trouble}"
        what = " ".join(filter(None, (self.answer.get(name) for name in ("service", "version"))))
        where = f" in {self.answer['environment']}" if self.answer.get("environment") else ""
        link = f"  {self.answer['release_url']}" if self.answer.get("release_url") else ""
        return f"{self.answer.get('outcome')}: {what}{where}{link}"


@dataclass
class Sender:
    """Hands events over in order. Once the desk is silent, all that follow are kept without asking again."""

    desk: Desk
    spool: Spool
    flushed: Flushed = field(default_factory=Flushed)
    told: list[Told] = field(default_factory=list)

    def flush(self) -> Flushed:
        """Send what waits from earlier."""
        self.flushed = self.spool.flush(self.desk)
        return self.flushed

    def tell(self, event: events.Event, *, derived: bool) -> None:
        """Send one event, or keep it. `derived`: its id is this run's, so that a conflict is a repetition."""
        message, told = Message(EVENTS, event), Told(str(event["id"]))
        try:
            self._refuse_to_overtake()
            told = replace(told, answer=message.send(self.desk))
        except Unreachable as error:
            told = replace(told, trouble=error, kept_in=self.spool.keep(message))
        except Refused as error:
            repeated = derived and error.status == CONFLICT
            told = replace(told, repeated=True) if repeated else replace(told, trouble=error)
        self.told.append(told)

    def _refuse_to_overtake(self) -> None:
        """Raise Unreachable where an earlier event of this command still waits."""
        silent = self.flushed.trouble if self.flushed.silent else None
        waits = next((str(told.trouble) for told in self.told if told.kept_in), silent)
        if waits:
            raise Unreachable(waits)

    def code(self, *, later_is_fine: bool) -> int:
        """Choose the exit code: 1 when anything was refused, 2 when anything was kept, else 0."""
        if self.flushed.rejected or any(told.trouble and not told.kept_in for told in self.told):
            return NO
        waits = self.flushed.waiting or any(told.kept_in for told in self.told)
        return COULD_NOT_TELL if waits and not later_is_fine else YES


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
    id_: Annotated[str | None, typer.Option("--id", help="Sent twice under one id, it counts once.")] = None,
    flush: Annotated[bool, typer.Option("--flush", help="Only send what waits from earlier.")] = False,
    later_is_fine: Annotated[
        bool, typer.Option("--later-is-fine", help="Exit 0 also when the desk is down and it was kept.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of lines.")] = False,
) -> None:
    """Tell the desk what happened. While it is down, events are kept and sent by the next `send`.

    Exits 0 when the desk has everything, 1 when it refused something, 2 when something is kept for later.
    """
    desk = Desk.configured(show.say)
    sender = Sender(desk, Spool.of(desk))
    options = {
        "type": type_, "service": service, "environment": environment, "version": version, "commit": commit,
        "run": run, "url": url, "command": command, "files_touched": file_touched or None, "key": key,
        "outcome": outcome, "incident": incident, "title": title, "occurred_at": occurred_at, "id": id_,
    }  # fmt: skip
    said = [] if flush else _said(file, options)
    sender.flush()
    ci, now = detect(os.environ), datetime.now(UTC)
    for event in said:
        whole = events.complete(event, options, ci, now)
        sender.tell(whole, derived=_derived(event, options, ci))
    if not as_json:
        _show(sender)
    report = {"flushed": sender.flushed.as_json(), "events": [told.as_json() for told in sender.told]}
    finish(report, sender.code(later_is_fine=later_is_fine), as_json=as_json)


def _said(file: str | None, options: Mapping[str, Any]) -> list[events.Event]:
    """Read the events, or the one that the options alone describe."""
    if file is None:
        if not options["type"]:
            raise Trouble("Say what happened: --type, a FILE, or - for standard input.")
        return [{}]
    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Trouble(f"{file} cannot be read: {error}.") from None
    return events.read(text, "standard input" if file == "-" else file)


def _derived(event: events.Event, options: Mapping[str, Any], ci: Run | None) -> bool:
    return ci is not None and "id" not in event and options["id"] is None


def _show(sender: Sender) -> None:
    flushed = sender.flushed
    if flushed.sent:
        typer.echo(f"{len(flushed.sent)} that waited were sent.")
    for path in flushed.rejected:
        show.say(f"One that waited was refused and set aside, with the reason: {path}")
    if flushed.waiting:
        show.say(f"{flushed.waiting} still wait. {flushed.trouble}")
    for told in sender.told:
        show.say(told.in_words()) if told.trouble else typer.echo(told.in_words())
