"""Many jobs at a time, and an end at any moment."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from releasedesk.cli.workers import Workers, stopped_by_ctrl_c


def test_every_job_is_done_once() -> None:
    workers = Workers(8, range(500), lambda number: number * 2)
    assert sorted(workers.results()) == [number * 2 for number in range(500)]


def test_a_job_is_taken_only_when_somebody_is_free_for_it() -> None:
    taken: list[int] = []

    def jobs() -> Iterator[int]:
        for number in range(10_000):
            taken.append(number)
            yield number

    workers = Workers(2, jobs(), lambda _: time.sleep(0.001))
    results = workers.results()
    next(results)
    workers.stop()
    with pytest.raises(KeyboardInterrupt):
        list(results)
    assert len(taken) < 10_000


def test_a_fault_of_ours_is_raised_where_the_results_are_read() -> None:
    def faulty(number: int) -> int:
        return 1 // (number - 3)

    with pytest.raises(ZeroDivisionError):
        list(Workers(2, range(10), faulty).results())


def test_a_job_that_never_ends_keeps_nobody() -> None:
    never = threading.Event()
    workers = Workers(2, range(2), lambda _: never.wait(30))
    with stopped_by_ctrl_c(workers.stop):
        started = time.monotonic()
        threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        with pytest.raises(KeyboardInterrupt):
            list(workers.results())
        assert time.monotonic() - started < 5
    never.set()


def test_the_second_interruption_ends_it_where_it_stands() -> None:
    program = """
import os, signal, time
from releasedesk.cli.workers import stopped_by_ctrl_c
with stopped_by_ctrl_c(lambda: print("asked", flush=True)):
    for _ in range(2):
        os.kill(os.getpid(), signal.SIGINT)
    time.sleep(30)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=240, check=False
    )
    assert (done.returncode, done.stdout) == (130, "asked\n")


def test_afterwards_ctrl_c_means_what_it_meant_before() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stopped_by_ctrl_c(lambda: None):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
