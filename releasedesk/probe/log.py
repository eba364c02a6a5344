"""One JSON line a request, on the logger `releasedesk.probe`."""

import logging
import sys
from collections import Counter
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
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
    if not logger.isEnabledFor(logging.INFO):
        return
    if logger.hasHandlers():
        # Not logger.info(): its search for the caller's file and line costs more than the line itself.
        logger.handle(logging.LogRecord(logger.name, logging.INFO, __file__, 0, line, None, None))
    else:
        sys.stderr.write(line + "\n")


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
