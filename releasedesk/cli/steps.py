"""Running the steps of a plan: one shell command after the other, timed, their output shown and its end kept.

A command runs as it stands, by `sh -c`, in the person's own terminal: it may ask for a password. It does not
get RELEASEDESK_TOKEN. Ctrl-C ends it, and whoever runs the steps decides what that means.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from time import monotonic
from typing import IO, Any

from releasedesk.cli.masking import Masking

TAIL = 4000  # characters of output that are kept of each step
GRACE = 10.0  # seconds a command has to end by itself once it was interrupted
WITHHELD = ("RELEASEDESK_TOKEN",)
KILLED_BY = 128  # a shell adds the signal's number to this


@dataclass(frozen=True)
class Step:
    """One step as the desk gives it, its command finished. `missing` names what has no value."""

    instruction: str
    command: str | None = None
    check: str | None = None
    seconds: int | None = None
    irreversible: bool = False
    missing: tuple[str, ...] = ()

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> "Step":
        """Take what this version of the command knows of a step."""
        return cls(
            instruction=answer["instruction"],
            command=answer.get("command"),
            check=answer.get("check"),
            seconds=answer.get("seconds"),
            irreversible=bool(answer.get("irreversible")),
            missing=tuple(answer.get("missing") or ()),
        )


@dataclass(frozen=True)
class Ran:
    """What one step did. `exit_code` is None for one that a person carried out."""

    exit_code: int | None
    seconds: float
    output_tail: str | None = None

    @property
    def failed(self) -> bool:
        """Whether the plan must stop here."""
        return bool(self.exit_code)

    def as_json(self) -> dict[str, Any]:
        """Give the body that a rehearsal holds of it."""
        return asdict(self)


def run(command: str, show: Callable[[str], object] = sys.stdout.write) -> Ran:
    """Run one command to its end; `show` is given each line, masked.

    Raises KeyboardInterrupt, once the command has ended.
    """
    environment = {name: value for name, value in os.environ.items() if name not in WITHHELD}
    mask, tail, began = Masking(os.environ), Tail(), monotonic()
    with subprocess.Popen(  # noqa: S602 - a shell command is what a plan is made of
        command,
        shell=True,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            _read(process.stdout, mask, tail, show)
            process.wait()
        except KeyboardInterrupt:
            end(process)
            raise
    code = process.returncode if process.returncode >= 0 else KILLED_BY - process.returncode
    return Ran(code, round(monotonic() - began, 1), str(tail) or None)


def end(process: "subprocess.Popen[str]") -> None:
    """End a command that was interrupted: ask, wait, insist."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        if process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(timeout=GRACE)
        except subprocess.TimeoutExpired:
            continue


class Tail:
    """The end of what was added to it."""

    def __init__(self) -> None:
        self._text = ""

    def add(self, text: str) -> None:
        """Add to the end."""
        self._text = (self._text + text)[-TAIL:]

    def __str__(self) -> str:
        return "".join(letter for letter in self._text if letter.isprintable() or letter in "\n\t")


def _read(output: IO[str], mask: Masking, tail: Tail, show: Callable[[str], object]) -> None:
    for line in output:
        masked = mask(line)
        tail.add(masked)
        show(masked)
