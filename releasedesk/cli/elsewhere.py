"""Numbers that somebody else measured: the probe in a service, or another load tool."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TextIO

from releasedesk import results
from releasedesk.cli import show
from releasedesk.cli.taken import Taken, read
from releasedesk.cli.targets import Mistyped
from releasedesk.results import Reading, Unreadable, probe_log

RESULT_AT_MOST = 256_000_000
SHOWN = 10
TOLD_EVERY = 1_000  # lines


def when(text: str | None, option: str) -> datetime | None:
    """Read `--since` and `--until`. Raises Mistyped where the zone is missing, for a guess would be wrong."""
    if text is None:
        return None
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        read = None
    if read is None or read.tzinfo is None:
        raise Mistyped(f"{option} is a time with its zone, such as 2026-11-23T11:38Z; '{text}' is none.")
    return read


@dataclass(frozen=True)
class Elsewhere:
    """The options that say what is read: a log of the probe's (`-` is standard input), or a tool's result."""

    log: str | None
    result: Path | None
    routes: Sequence[str]
    since: datetime | None
    until: datetime | None

    def read(self, phase: str | None) -> list[Taken]:
        """Read all of it. Raises Mistyped."""
        if self.result is None:
            return [
                _taken(route, phase, reading, self.since, self.until)
                for route, reading in from_log(self.log or "-", self.routes, self.since, self.until)
            ]
        if not self.routes:
            raise Mistyped("A result does not say which route it measured: name it with --route.")
        reading, began, ended = from_result(self.result, self.routes[0], self.since, self.until)
        return [_taken(self.routes[0], phase, reading, began, ended)]


def _taken(
    route: str, phase: str | None, reading: Reading, since: datetime | None, until: datetime | None
) -> Taken:
    first, last = reading.taken_from or since, reading.taken_until or until
    assert first is not None
    assert last is not None
    return read(route, phase, reading, (first, last))


def from_log(
    path: str, routes: Sequence[str], since: datetime | None, until: datetime | None
) -> list[tuple[str, Reading]]:
    """Read a log of the probe's, `-` for standard input: one reading a route. Raises Mistyped."""
    try:
        with _lines(path) as lines:
            found = probe_log.scan(lines, routes, since, until)
    except Unreadable as error:
        raise Mistyped(f"{path}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Mistyped(f"{path} cannot be read: {error}.") from error
    if missing := [route for route in routes if route not in found.routes]:
        raise Mistyped(f"{path} tells of no request to {', '.join(missing)} at that time.")
    if not found.routes:
        raise Mistyped(
            f"{path} tells of no request at that time: {found.other_lines:,} lines are not the probe's, "
            f"{found.unmatched:,} requests met no route."
        )
    if len(found.routes) > 1 and not routes:
        raise Mistyped("The log holds several routes. Name one or more with --route:\n" + _listed(found))
    return [(route, found.reading(route)) for route in routes or found.routes]


def from_result(
    path: Path, route: str | None, since: datetime | None, until: datetime | None
) -> tuple[Reading, datetime, datetime]:
    """Read another tool's result and the window it was measured in. Raises Mistyped.

    Where the result does not tell its window, `since` and `until` do, else the file's own time is its end.
    """
    try:
        if path.stat().st_size > RESULT_AT_MOST:
            raise Mistyped(f"{path} is larger than {RESULT_AT_MOST // 1_000_000} MB.")
        reading = results.read(path.read_text(encoding="utf-8"), route)
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except Unreadable as error:
        raise Mistyped(f"{path}: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise Mistyped(f"{path} cannot be read: {error}.") from error
    ended = until or reading.taken_until or written
    began = since or reading.taken_from or ended - timedelta(seconds=reading.seconds or 0)
    return reading, began, ended


def _listed(found: probe_log.Found) -> str:
    by_count = sorted(found.routes.items(), key=lambda one: -one[1].seen)
    more = [f"  and {len(by_count) - SHOWN} more"] if len(by_count) > SHOWN else []
    return "\n".join([f"  {route} ({sample.seen:,} requests)" for route, sample in by_count[:SHOWN]] + more)


@contextmanager
def _lines(path: str) -> Iterator[Iterator[str]]:
    if path == "-":
        with show.reading(None) as told:
            yield _told(sys.stdin, told)
        return
    # A log is cut off in the middle of a letter now and then; such a line is not the probe's.
    size = Path(path).stat().st_size or None  # a pipe has none
    with Path(path).open(encoding="utf-8", errors="replace") as file, show.reading(size) as told:
        yield _told(file, told)


def _told(file: TextIO, told: Callable[[int], None]) -> Iterator[str]:
    """Pass the lines on, and tell now and then how far it is: a log may hold a day of requests."""
    read = 0
    for at, line in enumerate(file):
        read += len(line)
        if at % TOLD_EVERY == 0:
            told(read)
        yield line
    told(read)
