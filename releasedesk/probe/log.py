"""One JSON line a request, on the logger `releasedesk.probe`."""

import json
import logging
import sys
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")
logger = logging.getLogger("releasedesk.probe")
# Made once: json.dumps with options builds an encoder at every call.
_as_json = json.JSONEncoder(separators=(",", ":"), default=str).encode
_warned: set[str] = set()


def open_log() -> None:
    """Make the lines visible: on stderr, unless the service has set up logging of its own."""
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.INFO)
    if not logger.hasHandlers():
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(logging.Formatter("%(message)s"))
        logger.addHandler(handler)


def write(line: dict[str, Any]) -> None:
    """Log one line; the text is JSON, so nothing in a path or a header can forge a second line."""
    if logger.isEnabledFor(logging.INFO):
        # Not logger.info(): its search for the caller's file and line costs more than the line itself.
        logger.handle(logging.LogRecord(logger.name, logging.INFO, __file__, 0, _as_json(line), None, None))


def guarded(step: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T | None:
    """Run a step of the probe's own; its fault is logged once for each step and never reaches the request."""
    try:
        return step(*args, **kwargs)
    except Exception:  # whatever it is, the watched request must go on
        name = getattr(step, "__qualname__", repr(step))
        if name not in _warned:
            _warned.add(name)
            logger.warning("The probe failed in %s; requests go on unwatched there.", name, exc_info=True)
        return None
