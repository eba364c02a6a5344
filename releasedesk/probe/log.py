"""One JSON line a request, on the logger `releasedesk.probe`."""

import logging
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
INFO = logging.INFO
logger = logging.getLogger("releasedesk.probe")
# How often each step of the probe has failed, by its name.
_faults: Counter[str] = Counter()


def open_log() -> None:
    """Make the lines visible, unless the service has set a level of its own."""
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)


def write(line: str) -> None:
    """Write one line of JSON: nothing in a path or a header can forge a second line.

    By the handlers of the service's own logging; where it has set up none, straight to standard error.
    """
    if logger.hasHandlers():
        # Not logger.info(): its search for the caller's file and line costs more than the line itself.
        logger.handle(_record(line))
    elif (own := sys.__stderr__) is not None and sys.stderr is own:
        _to_descriptor(own.fileno(), f"{line}\n".encode())
    else:
        sys.stderr.write(f"{line}\n")


# What the records of a thread have in common; LogRecord finds it out anew each time, for half of its cost.
_common = threading.local()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=lambda: vars(_common).clear())  # the child is another process
_MADE_BY_HAND = sys.version_info < (3, 12)  # from then on a record names its task, which is no thread's


def _record(line: str) -> logging.LogRecord:
    """Give the record that the service's own factory makes, or one that nobody can tell from LogRecord's."""
    make = logging.getLogRecordFactory()
    if make is not logging.LogRecord or not _MADE_BY_HAND:
        return make(logger.name, logging.INFO, __file__, 0, line, None, None)
    common = _common.__dict__
    if not common:
        common.update(vars(make(logger.name, logging.INFO, __file__, 0, "", None, None)))
    record, now = make.__new__(make), time.time()
    fields = record.__dict__ = common.copy()
    fields["msg"], fields["created"], fields["msecs"] = line, now, int(now % 1 * 1000) + 0.0
    fields["relativeCreated"] += (now - common["created"]) * 1000
    return record


def _to_descriptor(descriptor: int, line: bytes) -> None:
    """Write all of it. The way through text and its buffer costs as much as all else about the line."""
    while (sent := os.write(descriptor, line)) < len(line):
        line = line[sent:]


def guarded(step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """Run a step of the probe's own; a fault is counted, logged once and kept from the request."""
    try:
        return step(*args, **kwargs)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the watched request must go on
        failed(step, fault)
        return None


def failed(step: Callable[..., object], fault: Exception) -> None:
    """Note what a step has raised."""
    name = getattr(step, "__qualname__", repr(step))
    _faults[name] += 1
    if _faults[name] == 1:
        logger.warning("The probe failed in %s; requests go on unwatched there.", name, exc_info=fault)


def faults() -> dict[str, int]:
    """Say how often which step of the probe has failed since the start; {} is how it should be."""
    return dict(_faults)
