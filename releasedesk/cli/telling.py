"""Handing events over: what waits first, then what is new; and what became of each."""

import signal
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from releasedesk.cli.batch import EVENTS, HandOver, Said, told_before
from releasedesk.cli.desk import Desk, Hopeless, Refused, Unreachable
from releasedesk.cli.events import Complete, Event, text
from releasedesk.cli.exits import COULD_NOT_TELL, NO, SIGNALLED, YES, Trouble
from releasedesk.cli.message import Message
from releasedesk.cli.spool import Flushed, Spool

TOLD_BEFORE = "it was told before; the desk keeps what came first. If it happened again, give --occurred-at."


class Stopped(BaseException):
    """Somebody has ended the command, by Ctrl-C or `kill`; `number` is the signal's."""

    def __init__(self, number: int) -> None:
        super().__init__(f"It was ended by {signal.Signals(number).name} before the desk had answered")
        self.number = number


@dataclass(frozen=True)
class Told:
    """What became of one event."""

    event: Event
    answer: Any = None
    kept_in: Path | None = None
    trouble: Trouble | None = None
    repeated: bool = False

    @property
    def id(self) -> str:
        """What the event is called."""
        return text(self.event, "id") or f"an event whose id is no text, of {text(self.event, 'service')}"

    @property
    def refused(self) -> bool:
        """Whether it has to be mended."""
        return isinstance(self.trouble, Refused) and not self.trouble.unjudged

    @property
    def lost(self) -> bool:
        """Whether it is neither told nor kept nor refused."""
        return self.trouble is not None and self.kept_in is None and not self.refused

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
    stopped: Stopped | None = None

    @classmethod
    def to(cls, desk: Desk) -> "Sender":
        """Send to this desk."""
        return cls(HandOver(desk), Spool.of(desk))

    def tell(self, whole: Sequence[Complete]) -> None:
        """Send what waits from earlier, then these; keep what cannot be sent, also when somebody stops it."""
        left = list(whole)
        with _told_of_signals():
            try:
                self.spool.flush(self.over, self.flushed)
                for _, answer in self.over.tell([one.event for one in whole]):
                    self.told.append(self._told(left[0], answer))
                    left.pop(0)
            except Stopped as stopped:
                self.stopped = stopped
                if self.flushed.waiting:
                    self.flushed.trouble = f"{stopped}."
                self.told += [self._kept(one, Unreachable(str(stopped))) for one in left]

    def refuse(self, name: str, trouble: Trouble) -> None:
        """Say of something that is no event why it is none."""
        self.told.append(Told({"id": name}, trouble=trouble))

    def _told(self, one: Complete, answer: Said) -> Told:
        if isinstance(answer, Unreachable):
            return self._kept(one, answer)
        if not isinstance(answer, Refused):
            return Told(one.event, answer)
        if answer.unjudged:  # with another token or at another address it may be taken
            return self._kept(one, answer)
        repeated = told_before(answer, one.added)
        return Told(one.event, repeated=True) if repeated else Told(one.event, trouble=answer)

    def _kept(self, one: Complete, why: Trouble) -> Told:
        try:
            kept_in = self.spool.keep(Message(EVENTS, one.event, added=sorted(one.added)))
        except Trouble as error:
            return Told(one.event, trouble=Trouble(f"{str(why).rstrip('.')}. {error}"))
        return Told(one.event, trouble=why, kept_in=kept_in)

    def code(self, *, later_is_fine: bool) -> int:
        """Choose the exit code: 1 when anything was refused, 2 when anything was kept or lost, else 0."""
        if self.stopped:
            return SIGNALLED + self.stopped.number
        if self.flushed.rejected or any(told.refused for told in self.told):
            return NO
        if self.flushed.faults or any(told.lost for told in self.told):
            return COULD_NOT_TELL
        if later_is_fine:
            return COULD_NOT_TELL if any(_never_passes(told.trouble) for told in self.told) else YES
        waits = self.flushed.waiting or any(told.kept_in for told in self.told)
        return COULD_NOT_TELL if waits else YES


def _never_passes(error: Trouble | None) -> bool:
    """Whether it is mended by somebody, and not by time: a wrong token, address or proxy."""
    return isinstance(error, Hopeless) or (isinstance(error, Refused) and not error.passing)


@contextmanager
def _told_of_signals() -> Iterator[None]:
    """Raise Stopped once, at SIGINT or SIGTERM; later ones change nothing. Only the main thread is told."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    former = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def stop(number: int, _frame: FrameType | None) -> None:
        for each in former:
            signal.signal(each, signal.SIG_IGN)
        raise Stopped(number)

    for number, handler in former.items():
        if handler is not signal.SIG_IGN:  # as for what a shell runs in the background
            signal.signal(number, stop)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)
