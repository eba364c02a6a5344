"""One request from its first byte to its last, whatever framework answers it."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from time import perf_counter, time
from typing import Any
from uuid import uuid4

from releasedesk.probe.count import Tally, sources
from releasedesk.probe.headers import cache_outcome, cache_status, server_timing
from releasedesk.probe.log import INFO, failed, guarded, logger, open_log, write

NO_ANSWER = 0
FAILED = 500
REQUEST_ID_AT_MOST = 128


def switched_on() -> bool:
    """Read the one switch, and open the log if it is on. To be asked once, at the start.

    `off` is off. `log` writes lines and sends no headers, for a service whose answers strangers see: how many
    queries an answer took may tell whether what they asked for exists.
    """
    global _shown  # noqa: PLW0603 - one switch a process
    said = os.environ.get("RELEASEDESK_PROBE", "on").strip().lower()
    _shown = said != "log"
    if said != "off":
        guarded(open_log)
    return said != "off"


_shown = True
_second: tuple[int, str] = (0, "")
_FRACTIONS = [f".{milliseconds:03d}Z" for milliseconds in range(1000)]


def _now() -> str:
    """Give the time in UTC with milliseconds; all but those is written once a second."""
    global _second  # noqa: PLW0603 - one tuple takes the place of another: no thread sees half of it
    second, milliseconds = divmod(int(time() * 1000), 1000)
    known, text = _second
    if known != second:
        text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
        _second = second, text
    return text + _FRACTIONS[milliseconds]


@lru_cache(maxsize=1024)
def _place(method: str, template: str | None) -> str:
    """A service has few routes and many requests."""
    return f'"method":{quoted(method)},"route":{quoted(f"{method} {template}") if template else "null"}'


class Watch(Tally):
    """What is known of a request so far. `status` 0 is: nobody was answered.

    One object a request, and what most requests never set is read off the class: each object and each call
    is a part of what the probe may cost.
    """

    status = NO_ANSWER
    error: str | None = None
    ms: float | None = None
    logged = False
    template: str | None = None

    def __init__(self) -> None:
        super().__init__()
        self.started = perf_counter()

    def headers(self) -> list[tuple[str, str]]:
        """Give our headers. Both are lists: the service's own members stay, ours follow (RFC 9110, 5.3)."""
        if not _shown:
            return []
        app_ms = (perf_counter() - self.started) * 1000
        if sources:
            timing = server_timing(app_ms, sum(self.db_seconds) * 1000, len(self.db_seconds))
        else:
            timing = server_timing(app_ms, 0.0, None)
        if not (self.hits or self.misses):
            return [("Server-Timing", timing)]
        return [("Server-Timing", timing), ("Cache-Status", cache_status(self.hits, self.misses))]

    def raised(self, error: BaseException) -> None:
        """Note what the service raised."""
        self.status, self.error = FAILED, type(error).__name__

    def fields(self) -> dict[str, Any]:
        """Give what was counted, for a line of the service's own. Final once the last byte has gone."""
        return {
            "response_ms": round(self.end(), 3),
            "db_calls": len(self.db_seconds) if sources else None,
            "cache": cache_outcome(self.hits, self.misses),
        }

    def end(self) -> float:
        """Stop the clock, once: what a service does after its answer is not part of it."""
        if self.ms is None:
            self.ms = (perf_counter() - self.started) * 1000
        return self.ms

    def once(self, log: Callable[..., object], *arguments: object) -> None:
        """Call `log`, guarded, unless it was: the last byte or the end of the service may come first."""
        if self.logged:
            return
        self.logged = True
        try:  # not guarded(): each call less is a twentieth of what the probe may cost
            log(*arguments)
        except Exception as fault:  # noqa: BLE001 - whatever it is, the watched request must go on
            failed(log, fault)

    def log(self, method: str, template: str | None, path: str, request_id: str | None) -> None:
        """Write the line. Put together by hand: an encoder that takes any value costs four times that."""
        ms = self.end()
        if not logger.isEnabledFor(INFO):
            return
        calls = len(self.db_seconds) if sources else "null"
        cache = '"miss"' if self.misses else '"hit"' if self.hits else "null"
        error = f',"error":{quoted(self.error)}' if self.error else ""
        name = request_id[:REQUEST_ID_AT_MOST] if request_id else uuid4().hex
        write(
            f'{{"event":"request","at":"{_now()}",'
            f'{_place(method, template)},"path":{quoted(path)},"status":{self.status},"response_ms":{ms:.3f},'
            f'"db_calls":{calls},"cache":{cache},"request_id":{quoted(name)}{error}}}'
        )
