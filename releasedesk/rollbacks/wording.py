"""Times and lists, worded for sentences. Pure."""

from collections.abc import Sequence
from datetime import UTC, datetime


def duration(seconds: float) -> str:
    """Word a time: "48 s", "1 min 48 s", "2 h 5 min", "3 d 4 h": to the second, at most two units."""
    whole = round(seconds)
    counts = (whole // 86_400, "d"), (whole // 3_600 % 24, "h"), (whole // 60 % 60, "min"), (whole % 60, "s")
    first = next((index for index, (count, _) in enumerate(counts) if count), None)
    if first is None:
        return "under 1 s"
    return " ".join(f"{count} {unit}" for count, unit in counts[first : first + 2] if count)


def moment(at: datetime) -> str:
    """Word an instant for a sentence: in UTC, to the minute, with its zone named."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def listed(items: Sequence[str]) -> str:
    """Word a list of at least one: "1", "1 and 2", "1, 2 and 3"."""
    *front, last = items
    return f"{', '.join(front)} and {last}" if front else last
