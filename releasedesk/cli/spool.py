"""What could not be handed over while the desk was down: kept in order, sent later, never for ever.

One file a message in `~/.local/state/releasedesk/spool`, readable by its owner alone. No token is kept: what
is sent later is sent with the token of that day, to the desk it was meant for. What the desk refuses is moved
to `rejected/` beside its reason and is not sent again; so is a file that holds no message. Nothing that is
wrong with this place keeps a command from telling the desk what is new.
"""

import fcntl
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from releasedesk.cli.batch import HandOver, Said, told_before
from releasedesk.cli.desk import Desk, Refused, Unreachable
from releasedesk.cli.exits import Trouble
from releasedesk.cli.message import Message, Waiting

MESSAGES_AT_MOST = 1000
FORBIDDEN = 403


class Full(Trouble):
    """The spool takes no more: somebody has to look."""


@dataclass
class Flushed:
    """What became of the messages that waited. `faults`: what is wrong with the place, a sentence each."""

    sent: list[Any] = field(default_factory=list)
    rejected: list[Path] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    waiting: int = 0
    trouble: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the same for `--json`."""
        return {
            "sent": self.sent,
            "rejected": [str(path) for path in self.rejected],
            "faults": self.faults,
            "waiting": self.waiting,
            "trouble": self.trouble,
        }


@dataclass(frozen=True)
class Spool:
    """The messages that wait for one desk."""

    url: str
    place: Path

    @classmethod
    def of(cls, desk: Desk) -> "Spool":
        """Open the person's own (XDG Base Directory: `$XDG_STATE_HOME`, else ~/.local/state)."""
        base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
        return cls(desk.url, Path(base) / "releasedesk" / "spool")

    def keep(self, message: Message) -> Path:
        """Write a message behind those that wait. Raises Full, or Trouble where nothing can be written."""
        try:
            self.place.mkdir(mode=0o700, parents=True, exist_ok=True)
            if len(list(self.place.glob("*.json"))) >= MESSAGES_AT_MOST:
                raise Full(f"{self.place} holds {MESSAGES_AT_MOST} messages already; this one was not kept.")
            path = self.place / f"{time.time_ns():020d}-{os.getpid()}.json"
            Waiting(path, self.url, message).write()
        except OSError as error:
            raise Trouble(f"It could not be kept for later either: {error}.") from None
        except RecursionError:
            raise Trouble("It could not be kept for later either: it is nested too deeply.") from None
        return path

    def elsewhere(self) -> dict[str, int]:
        """Count what waits for other desks, by their addresses."""
        return dict(Counter(one.url for one in self._look()[0] if one.url != self.url))

    def flush(self, over: HandOver, done: Flushed) -> None:
        """Send what waits, in order, and stop where the desk does not answer. `done` is told of each."""
        if any(self._look()):
            try:
                with self._alone():
                    self._flush(over, done)
            except OSError as error:
                done.faults.append(f"What waits in {self.place} was not sent: {error}.")
            finally:
                done.waiting = len(self._mine())

    def _look(self) -> tuple[list[Waiting], dict[Path, str]]:
        """Read all that waits, the oldest first; and of each file that cannot be read, why."""
        found, unreadable = [], {}
        for path in sorted(self.place.glob("*.json")):
            try:
                found.append(Waiting.read(path))
            except FileNotFoundError:
                continue  # another command has just sent it
            except (OSError, ValueError) as error:
                unreadable[path] = str(error)
        return found, unreadable

    def _mine(self) -> list[Waiting]:
        return [one for one in self._look()[0] if one.url == self.url]

    def _flush(self, over: HandOver, done: Flushed) -> None:
        for path, why in self._look()[1].items():
            done.faults.append(self._unreadable(path, why))
        for are_events, waiting in groupby(self._mine(), key=lambda one: one.message.is_event):
            files = list(waiting)
            if are_events:
                said = (answer for _, answer in over.tell([one.message.body for one in files]))
            else:
                said = (_told(one.message, over) for one in files)
            for one, answer in zip(files, said, strict=True):
                self._settle(done, one, answer)

    def _settle(self, done: Flushed, one: Waiting, said: Said) -> None:
        """Do with a file what the answer to its message asks for."""
        refused = isinstance(said, Refused) and not told_before(said, one.message.added)
        # What this token may not say another one may: many share one machine.
        if isinstance(said, Unreachable) or (refused and (said.unjudged or said.status == FORBIDDEN)):
            done.trouble = str(said)
            return
        try:
            if refused:
                done.rejected.append(self._set_aside(one, said))
            else:
                done.sent.append(None if isinstance(said, Refused) else said)
            one.path.unlink(missing_ok=True)
        except OSError as error:
            what = f"was refused ({said})" if refused else "was sent"
            done.faults.append(f"{one.path} {what}, and cannot be put away: {error}.")

    def _set_aside(self, one: Waiting, error: Refused) -> Path:
        aside = replace(one, path=self._rejected() / one.path.name)
        aside.write(refused=error.as_json())
        return aside.path

    def _unreadable(self, path: Path, why: str) -> str:
        """Set a file aside that holds no message; say what was done."""
        try:
            aside = path.replace(self._rejected() / path.name)
        except OSError as error:
            return f"{path} holds no message ({why}), and cannot be set aside: {error}."
        return f"{path} holds no message: {why}. It was set aside: {aside}"

    def _rejected(self) -> Path:
        rejected = self.place / "rejected"
        rejected.mkdir(mode=0o700, exist_ok=True)
        return rejected

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep two commands from sending the same files; the second waits and finds them gone."""
        with (self.place / "lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _told(message: Message, over: HandOver) -> Said:
    """Make the request of a message that is no event, unless the desk is silent."""
    if over.silent:
        return over.silent
    try:
        return message.send(over.desk)
    except Unreachable as error:
        over.silent = error
        return error
    except Refused as error:
        return error
