"""One request that waits: what is kept of it in a file of the spool."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from releasedesk.cli.batch import EVENTS
from releasedesk.cli.desk import Desk, parsed


@dataclass(frozen=True)
class Message:
    """One request to be made; `key` makes it safe to repeat, and is empty where the body bears its own.

    `added`: the fields of an event that nobody said.
    """

    path: str
    body: Any
    key: str = ""
    method: str = "POST"
    added: Sequence[str] = ()

    @property
    def is_event(self) -> bool:
        """Whether it is an event, which can go together with others."""
        return (self.method, self.path, self.key) == ("POST", EVENTS, "")

    def send(self, desk: Desk) -> Any:
        """Make the request. Raises Unreachable or Refused."""
        headers = {"Idempotency-Key": self.key} if self.key else {}
        return parsed(desk.ask(self.method, self.path, json=self.body, headers=headers))


@dataclass(frozen=True)
class Waiting:
    """A message in its file, and the desk it is for."""

    path: Path
    url: str
    message: Message

    @classmethod
    def read(cls, path: Path) -> "Waiting":
        """Read a file. Raises OSError, and ValueError for one that holds no message, saying why."""
        try:
            kept = json.loads(path.read_bytes())
        except (ValueError, RecursionError):
            raise ValueError("it is not JSON") from None
        if fault := _fault(kept):
            raise ValueError(fault)
        return cls(path, kept["url"], Message(**{name: kept[name] for name in KNOWN & kept.keys()}))

    def write(self, **more: Any) -> None:
        """Write it whole or not at all, for its owner alone. Raises OSError."""
        text = json.dumps({"url": self.url, **vars(self.message), **more})
        unfinished = self.path.with_suffix(".tmp")
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as opened:
                opened.write(text)
            unfinished.replace(self.path)
        except OSError:
            unfinished.unlink(missing_ok=True)  # a full disk leaves half of it
            raise


KNOWN = {known.name for known in fields(Message)}
TEXTS = ("url", "path", "key", "method")


def _fault(kept: Any) -> str:
    """Say why this is no message; nothing where it is one. `refused` is in what was put back."""
    if not isinstance(kept, dict):
        return "it is not a JSON object"
    if strange := kept.keys() - KNOWN - {"url", "refused"}:
        return f"this version does not know what '{min(strange)}' means"
    if missing := [name for name in ("url", "path", "body") if name not in kept]:
        return f"it has no {missing[0]}"
    if not all(isinstance(kept.get(name, ""), str) for name in TEXTS) or not kept["path"].startswith("/"):
        return "it does not say what to send where"
    if not isinstance(kept.get("added", []), list):
        return "'added' is not a list"
    is_event = kept["path"] == EVENTS and not kept.get("key")
    return "its event is not a JSON object" if is_event and not isinstance(kept["body"], dict) else ""
