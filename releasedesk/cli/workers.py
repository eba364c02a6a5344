"""Doing many jobs at a time, and ending at once when the person says so.

By construction: workers pull the next job themselves, so none waits in a list that must be cancelled; what
they did comes back over one queue; and Ctrl-C (SIGINT) only sets a flag and wakes the reader of that queue.
Nothing is raised in the middle of somebody else's code, where it can be swallowed or leave a lock held.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from types import FrameType
from typing import Generic, TypeVar

from releasedesk.cli.exits import INTERRUPTED

Job = TypeVar("Job")
Done = TypeVar("Done")
LOOK_EVERY = 0.1  # seconds: a signal that another thread received does not wake the main one


class Finished:
    """Said by a worker that found no further job, and by Ctrl-C; `fault` is one of our own."""

    def __init__(self, fault: BaseException | None = None) -> None:
        self.fault = fault


class Workers(Generic[Job, Done]):
    """`count` daemon threads: what one of them still waits for keeps nobody from leaving."""

    def __init__(self, count: int, jobs: Iterable[Job], do: Callable[[Job], Done]) -> None:
        self.count = count
        self.jobs = iter(jobs)
        self.do = do
        self.stopped = False
        self._taking = threading.Lock()
        # Its put() may interrupt itself (the docs call it reentrant): safe in a signal handler.
        self._done: SimpleQueue[Done | Finished] = SimpleQueue()

    def stop(self) -> None:
        """Let no further job begin, and wake the reader. May be called by a signal handler."""
        self.stopped = True
        self._done.put(Finished())

    def results(self) -> Iterator[Done]:
        """Give what was done, in the order of its end. Raises KeyboardInterrupt once it was stopped."""
        for _ in range(self.count):
            threading.Thread(target=self._work, daemon=True).start()
        working = self.count
        while working and not self.stopped:
            try:
                done = self._done.get(timeout=LOOK_EVERY)
            except Empty:
                continue
            if not isinstance(done, Finished):
                yield done
                continue
            if done.fault is not None:
                self.stopped = True
                raise done.fault
            working -= 1
        if self.stopped:
            raise KeyboardInterrupt

    def _work(self) -> None:
        try:
            while not self.stopped:
                with self._taking:
                    job = next(self.jobs)
                self._done.put(self.do(job))
        except StopIteration:
            self._done.put(Finished())
        except BaseException as fault:  # noqa: BLE001 - raised again where the results are read
            self._done.put(Finished(fault))


@contextmanager
def stopped_by_ctrl_c(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` at the first SIGINT, leave at once at the second. Only the main thread is told of any."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    asked = False

    def handle(_number: int, _frame: FrameType | None) -> None:
        nonlocal asked
        if asked:
            os._exit(INTERRUPTED)
        asked = True
        stop()

    former = signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)
