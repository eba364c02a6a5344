"""`releasedesk send`: tell the desk what happened, now or as soon as it answers again."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from releasedesk.cli import events, show
from releasedesk.cli.batch import EVENTS, HandOver, Said
from releasedesk.cli.ci import detect
from releasedesk.cli.desk import Desk, Refused, Unreachable
from releasedesk.cli.exits import COULD_NOT_TELL, NO, YES, Trouble, finish
from releasedesk.cli.spool import Flushed, Message, Spool

CONFLICT = 409
TOLD_BEFORE = "it was told before; the desk keeps what came first. If it happened again, give --occurred-at."


@dataclass(frozen=True)
class Told:
    """What became of one event."""

    event: events.Event
    answer: Any = None
    kept_in: Path | None = None
    trouble: Trouble | None = None
    repeated: bool = False

    @property
    def id(self) -> str:
        """What the event is called."""
        return str(self.event["id"])

    def as_json(self) -> dict[str, Any]:
        """Give the same for `--json`."""
        return {
            "id": self.id,
            "answer": self.answer,
            "repeated": self.repeated,
            "kept_in": None if self.kept_in is None else str(self.kept_in),
            **(self.trouble.as_json() if self.trouble else {"trouble": None}),
        }

    def in_words(self) -> str:
        """Say it in one line, and below it what was wrong."""
        if self.repeated:
            return f"{self.id}: {TOLD_BEFORE}"
        if self.kept_in:
            why = str(self.trouble).rstrip(".")
            return f"{self.id}: kept in {self.kept_in}. {why}."
        if self.trouble:
            return f"{self.id}: {self.trouble}"
        known = {**self.event, **self.answer}
        what = " ".join(str(known[name]) for name in ("service", "version") if known.get(name))
        where = f" in {known['environment']}" if known.get("environment") else ""
        link = f"  {known['release_url']}" if known.get("release_url") else ""
        return f"{known.get('outcome')}: {what}{where}{link}"


@dataclass
class Sender:
    """Hands events over in order, many at once. What has to wait is kept."""

    over: HandOver
    spool: Spool
    flushed: Flushed = field(default_factory=Flushed)
    told: list[Told] = field(default_factory=list)

    @classmethod
    def to(cls, desk: Desk) -> "Sender":
        """Send to this desk, first what waits from earlier."""
        spool, over = Spool.of(desk), HandOver(desk)
        return cls(over, spool, spool.flush(over))

    def tell(self, whole: Sequence[events.Complete]) -> None:
        """Send events, or keep them."""
        answers = self.over.tell([one.event for one in whole])
        for (event, answer), one in zip(answers, whole, strict=True):
            self.told.append(self._told(event, answer, one.added))

    def _told(self, event: events.Event, answer: Said, added: frozenset[str]) -> Told:
        if isinstance(answer, Unreachable):
            return Told(event, trouble=answer, kept_in=self.spool.keep(Message(EVENTS, event)))
        if isinstance(answer, Refused):
            if answer.unjudged:  # with another token or at another address it may be taken
                return Told(event, trouble=answer, kept_in=self.spool.keep(Message(EVENTS, event)))
            repeated = _is_repeated(answer, added)
            return Told(event, repeated=True) if repeated else Told(event, trouble=answer)
        return Told(event, answer)

    def code(self, *, later_is_fine: bool) -> int:
        """Choose the exit code: 1 when anything was refused, 2 when anything was kept, else 0."""
        if self.flushed.rejected or any(told.trouble and not told.kept_in for told in self.told):
            return NO
        if later_is_fine:  # a wrong token or address is mended by somebody, not by time
            return COULD_NOT_TELL if any(isinstance(told.trouble, Refused) for told in self.told) else YES
        waits = self.flushed.waiting or any(told.kept_in for told in self.told)
        return COULD_NOT_TELL if waits else YES


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

    Exits 0 when the desk has everything, 1 when it refused something, 2 when something is kept for later: the
    desk is down, or the token or the address is wrong.
    """
    desk = Desk.configured(show.say)
    options = {
        "type": type_, "service": service, "environment": environment, "version": version, "commit": commit,
        "run": run, "url": url, "command": command, "files_touched": file_touched or None, "key": key,
        "outcome": outcome, "incident": incident, "title": title, "occurred_at": occurred_at, "id": id_,
    }  # fmt: skip
    said = [] if flush else _said(file, options)
    sender = Sender.to(desk)
    sender.tell(events.complete(said, options, detect(os.environ), datetime.now(UTC)))
    if not as_json:
        _show(sender)
    if flush:
        for address, count in sender.spool.elsewhere().items():
            show.say(f"{count} wait for another desk, {address}: set RELEASEDESK_URL to it to send them.")
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
    mark = "\N{BYTE ORDER MARK}"  # Windows' tools put one before what they write
    return events.read(text.removeprefix(mark), "standard input" if file == "-" else file)


def _is_repeated(refused: Refused, added: frozenset[str]) -> bool:
    """Whether it was told before: its id was used, and only what the command has added is another now."""
    if refused.status != CONFLICT:
        return False
    pointers = [str(error.get("pointer")) for error in refused.problem.get("errors") or []]
    differs = {pointer.removeprefix("#/") for pointer in pointers}
    if "id" not in differs:
        return False
    # An id that was made holds what was said. Of one that was given, the desk may have forgotten the body.
    return differs - {"id"} <= added and ("id" in added or len(differs) > 1)


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
