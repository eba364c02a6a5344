"""The few words templates need beyond Django's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from releasedesk.reports.wording import Mark
from releasedesk.rollbacks.readiness import duration as in_words
from releasedesk.web.forms import Filled

register = template.Library()
# word of a state, status or verdict → its mark
MARKS = {
    "rolled_back": Mark("idle", "back", "rolled back"),
    "suspect": Mark("bad", "up", "suspect"),
    "inconclusive": Mark("warn", "ask", "inconclusive"),
    "verified": Mark("good", "tick", "verified"),
    "shipped": Mark("idle", "same", "shipped"),
    "staged": Mark("idle", "same", "on staging"),
    "planned": Mark("idle", "ask", "planned"),
    "not_measured": Mark("idle", "ask", "not measured"),
    "not_comparable": Mark("warn", "ask", "not comparable"),
    "started": Mark("warn", "ask", "running"),
    "succeeded": Mark("good", "tick", "succeeded"),
    "failed": Mark("bad", "cross", "failed"),
    "lost": Mark("bad", "ask", "lost"),
    "passed": Mark("good", "tick", "passed"),
    "open": Mark("idle", "ask", "open"),
    "applied": Mark("good", "tick", "applied"),
    "unmatched": Mark("warn", "ask", "unmatched"),
    "ignored": Mark("idle", "same", "ignored"),
    "rejected": Mark("bad", "cross", "rejected"),
    "waived": Mark("warn", "tick", "waived"),
    "not_applicable": Mark("idle", "same", "does not apply"),
}


@register.simple_tag
def when(value: datetime | None) -> SafeString | str:
    """A time in a reader's words, with the exact one behind it; the script shows it in the reader's zone."""
    if value is None:
        return ""
    at = value.astimezone(UTC)
    exact, words = f"{at:%Y-%m-%d %H:%M:%S} UTC", ago(at, timezone.now())
    return format_html('<time datetime="{}" title="{}">{}</time>', at.isoformat(), exact, words)


def ago(at: datetime, now: datetime) -> str:
    """Say how long ago: minutes today, the hour yesterday, the day this week, the date before."""
    passed = now - at
    if timedelta(0) <= passed < timedelta(minutes=1):
        return "just now"
    if timedelta(0) <= passed < timedelta(hours=1):
        return f"{passed // timedelta(minutes=1)} min ago"
    days = (now.date() - at.date()).days
    named = {0: f"today {at:%H:%M}", 1: f"yesterday {at:%H:%M}", -1: f"tomorrow {at:%H:%M}"}
    if days in named:
        return named[days]
    if -7 < days < -1:  # noqa: PLR2004 - a week
        return f"{at:%a} {at.day} {at:%b} {at:%H:%M}"
    return f"{at:%a} {at:%H:%M}" if 0 < days < 7 else f"{at.day} {at:%b %Y}"  # noqa: PLR2004 - a week


@register.filter
def ahead(at: datetime) -> str:
    """How long until then, in one number: "40 min", "3 h", "2 days"."""
    left = at - timezone.now()
    for name, unit in (("day", timedelta(days=1)), ("h", timedelta(hours=1))):
        count = round(left / unit)
        if left >= unit:
            return f"{count} {name}{'s' if name == 'day' and count != 1 else ''}"
    return f"{max(round(left / timedelta(minutes=1)), 1)} min"


@register.filter
def words(code: object) -> str:
    """A code in words: `rolled_back` → "rolled back"."""
    return str(code).replace("_", " ")


@register.filter
def at(found: Mapping[str, object] | Filled, name: str) -> object:
    """What a table or a form holds under a name; nothing where a table holds none."""
    return found.get(name, "") if isinstance(found, Mapping) else found[name]


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in words: "1 min 48 s"."""
    return "" if seconds is None else in_words(seconds)


@register.inclusion_tag("parts/mark.html")
def mark(value: Mark | str | None, words: str = "") -> dict[str, Any]:
    """A mark, or the mark of a state, status or verdict; `words` replaces its own."""
    found = value if isinstance(value, Mark) else MARKS.get(str(value), Mark("idle", "", str(value or "")))
    return {"mark": found, "words": words or found.words}


@register.inclusion_tag("parts/icon.html")
def icon(name: str) -> dict[str, str]:
    """A symbol of the sprite; what it means is said in words beside it."""
    return {"name": name}
