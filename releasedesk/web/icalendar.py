"""Freezes as a calendar that other programs read (RFC 5545). Pure.

Every span is an event of its own in UTC. A rule with a time zone would have to spell out that zone's changes
of the clock, and programs read them differently; a span cannot be misread.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

CONTENT_TYPE = "text/calendar; charset=utf-8"
LONGEST_LINE = 75  # bytes, without the line end
ESCAPES = str.maketrans({"\\": "\\\\", ";": "\\;", ",": "\\,", "\n": "\\n", "\r": None})


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One entry. `uid` is the same whenever the same span is told."""

    uid: str
    starts: datetime
    ends: datetime
    changed: datetime
    summary: str
    description: str
    url: str


def calendar(name: str, events: Iterable[Event]) -> str:
    """Write the calendar. Lines end in CR LF and are folded at 75 bytes."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//ReleaseDesk//Locks//EN", "METHOD:PUBLISH"]
    lines += [f"X-WR-CALNAME:{_text(name)}", "REFRESH-INTERVAL;VALUE=DURATION:PT1H"]
    for event in events:
        lines += _event(event)
    return "".join(f"{part}\r\n" for line in [*lines, "END:VCALENDAR"] for part in folded(line))


def folded(line: str) -> Iterator[str]:
    """Split a line so that no part is longer than 75 bytes; all but the first begin with a space."""
    part = ""
    for character in line:
        if len((part + character).encode()) > LONGEST_LINE:
            yield part
            part = " "
        part += character
    yield part


def _event(event: Event) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{event.uid}",
        f"DTSTAMP:{_time(event.changed)}",
        f"DTSTART:{_time(event.starts)}",
        f"DTEND:{_time(event.ends)}",
        f"SUMMARY:{_text(event.summary)}",
        f"DESCRIPTION:{_text(event.description)}",
        f"URL:{event.url}",
        "TRANSP:TRANSPARENT",
        "END:VEVENT",
    ]


def _text(text: str) -> str:
    return "".join(letter for letter in text.translate(ESCAPES) if letter.isprintable())


def _time(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"
