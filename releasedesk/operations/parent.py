"""One parent for the processes of a desk: it starts them, and when one ends it ends them all.

Starting a dead child again would hide why it died. A supervisor that restarts (systemd, compose) restarts the
whole desk, and the log says which part of it failed.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from types import FrameType, TracebackType

PARENT = "RELEASEDESK_PARENT"
PATIENCE_SECONDS = 30
LOOK_SECONDS = 0.1
PR_SET_PDEATHSIG = 1  # prctl(2)


class AlreadyRunningError(Exception):
    """Another parent holds this desk; `pid` is its process."""

    def __init__(self, pid: int) -> None:
        super().__init__(f"ReleaseDesk already runs here (process {pid}); 'make stop' ends it.")
        self.pid = pid


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold this file, with our process id in it, or raise AlreadyRunningError.

    The lock says whether somebody runs, the number only who: a file left by a killed run holds nobody off.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            raise AlreadyRunningError(int(handle.read() or 0)) from None
        handle.truncate(0)
        handle.write(str(os.getpid()))
        handle.flush()
        yield


class Stopped(Exception):  # noqa: N818 (not an error: somebody asked)
    """A signal asked this process to end."""


class Children:
    """The processes of one parent, inside a `with`: leaving it ends those that still run."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, _stop)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)  # we are ending already
        for child in self._running.values():
            child.terminate()
        deadline = time.monotonic() + PATIENCE_SECONDS
        for child in self._running.values():
            try:
                child.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a child. A session of its own keeps the terminal's Ctrl-C for the parent to hand on."""
        environment = {**os.environ, PARENT: str(os.getpid())}
        self._running[name] = subprocess.Popen(command, env=environment, start_new_session=True)  # noqa: S603

    def ended(self) -> str | None:
        """Return a sentence about a child that has ended, or None while all run."""
        for name, child in self._running.items():
            if (status := child.poll()) is not None:
                return f"The {name} ended with status {status}, so everything ends."
        return None


def has_parent() -> bool:
    """Say whether this process is a child of ours, which has the database from its parent."""
    return PARENT in os.environ


def end_with_parent() -> None:
    """Ask the kernel for a SIGTERM when the parent dies, were it by `kill -9`. For children; Linux only."""
    if not has_parent() or sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(os.environ[PARENT]):  # it died before we asked
        sys.exit("The parent of this process is gone.")


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (a signal handler's signature)
    raise Stopped
