"""What could not be handed over while the desk was down: kept in order, sent later, never for ever.

One file a message in `~/.local/state/releasedesk/spool`, readable by its owner alone. No token is kept: what
is sent later is sent with the token of that day, to the desk it was meant for. What the desk refuses is moved
to `rejected/` beside its reason and is not sent again.
"""

import fcntl
import json
import os
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import groupby
from pathlib import Path
from typing import Any

from releasedesk.cli.batch import EVENTS, HandOver, Said
from releasedesk.cli.desk import Desk, Refused, Unreachable, parsed
from releasedesk.cli.exits import Trouble

MESSAGES_AT_MOST = 1000
FORBIDDEN = 403


class Full(Trouble):
    """The spool takes no more: somebody has to look."""


@dataclass(frozen=True)
class Message:
    """One request to be made; `key` makes it safe to repeat, and is empty where the body bears its own."""

    path: str
    body: Any
    key: str = ""
    method: str = "POST"

    def send(self, desk: Desk) -> Any:
        """Make the request. Raises Unreachable or Refused."""
        headers = {"Idempotency-Key": self.key} if self.key else {}
        return parsed(desk.ask(self.method, self.path, json=self.body, headers=headers))


@dataclass(frozen=True)
class Flushed:
    """What became of the messages that waited."""

    sent: tuple[Any, ...] = ()
    rejected: tuple[Path, ...] = ()
    waiting: int = 0
    trouble: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the same for `--json`."""
        return {
            "sent": list(self.sent),
            "rejected": [str(path) for path in self.rejected],
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
            _write(path, {"url": self.url, **asdict(message)})
        except OSError as error:
            raise Trouble(f"It could not be kept for later either: {error}.") from None
        return path

    def waiting(self) -> list[Path]:
        """Name the files of this desk, the oldest first."""
        return [path for path, _ in self._kept()]

    def elsewhere(self) -> dict[str, int]:
        """Count what waits for other desks, by their addresses."""
        return dict(Counter(str(kept["url"]) for _, kept in self._all() if kept["url"] != self.url))

    def _kept(self) -> list[tuple[Path, dict[str, Any]]]:
        return [(path, kept) for path, kept in self._all() if kept["url"] == self.url]

    def _all(self) -> list[tuple[Path, dict[str, Any]]]:
        found = [(path, _read(path)) for path in sorted(self.place.glob("*.json"))]
        return [(path, kept) for path, kept in found if "url" in kept]

    def flush(self, over: HandOver) -> Flushed:
        """Send what waits, in order, and stop where the desk does not answer."""
        if not self.waiting():
            return Flushed()
        with self._alone():
            return self._flush(over)

    def _flush(self, over: HandOver) -> Flushed:
        done = Flushed()
        for are_events, kept in groupby(self._kept(), key=_is_event):
            files = list(kept)
            if are_events:
                said = (answer for _, answer in over.tell([one["body"] for _, one in files]))
            else:
                said = (_told(one, over) for _, one in files)
            for (path, one), answer in zip(files, said, strict=True):
                done = self._settle(done, path, one, answer)
        return replace(done, waiting=len(self.waiting()))

    def _settle(self, done: Flushed, path: Path, kept: dict[str, Any], said: Said) -> Flushed:
        """Do with a file what the answer to its message asks for."""
        # What this token may not say another one may: many share one machine.
        if isinstance(said, Unreachable) or (
            isinstance(said, Refused) and (said.unjudged or said.status == FORBIDDEN)
        ):
            return replace(done, trouble=str(said))
        if isinstance(said, Refused):
            done = replace(done, rejected=(*done.rejected, self._set_aside(path, kept, said)))
        else:
            done = replace(done, sent=(*done.sent, said))
        path.unlink()
        return done

    def _set_aside(self, path: Path, kept: dict[str, Any], error: Refused) -> Path:
        rejected = self.place / "rejected"
        rejected.mkdir(mode=0o700, exist_ok=True)
        aside = rejected / path.name
        _write(aside, {**kept, "refused": error.as_json()})
        return aside

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep two commands from sending the same files; the second waits and finds them gone."""
        with (self.place / "lock").open("a") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def _is_event(file: tuple[Path, dict[str, Any]]) -> bool:
    """Whether a message is an event, which can go together with others."""
    kept = file[1]
    return (kept.get("method"), kept.get("path"), kept.get("key")) == ("POST", EVENTS, "")


def _told(kept: dict[str, Any], over: HandOver) -> Said:
    """Make the request of a message that is no event, unless the desk is silent."""
    if over.silent:
        return over.silent
    try:
        return Message(**{name: value for name, value in kept.items() if name != "url"}).send(over.desk)
    except Unreachable as error:
        over.silent = error
        return error
    except Refused as error:
        return error


def _write(path: Path, content: object) -> None:
    """Write whole or not at all, for its owner alone."""
    unfinished = path.with_suffix(".tmp")
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
        json.dump(content, opened)
    unfinished.replace(path)


def _read(path: Path) -> dict[str, Any]:
    """Read a kept message; {} for one that another command has just sent, or that is none."""
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return kept if isinstance(kept, dict) else {}
