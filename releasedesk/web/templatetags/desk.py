"""The few words templates need beyond Django's own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from releasedesk.catalog.models import Service
from releasedesk.reports.wording import Mark
from releasedesk.rollbacks.wording import duration as in_words
from releasedesk.web.forms import Filled

register = template.Library()
CUT = "\0"  # no text of ours holds it: PostgreSQL keeps none that does
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
    return "" if value is None else worded(value, timezone.now())


def worded(value: datetime, now: datetime) -> SafeString:
    """A time as the words of `now`."""
    at = value.astimezone(UTC)
    exact = f"{at:%Y-%m-%d %H:%M:%S} UTC"
    return mark_safe(f'<time datetime="{at.isoformat()}" title="{exact}">{ago(at, now)}</time>')  # noqa: S308


@register.simple_tag
def moment(value: datetime) -> SafeString:
    """A place for a time in what is drawn once and shown often: see `web/drawn.py`."""
    return mark_safe(f"{CUT}{value.isoformat()}{CUT}")  # noqa: S308 - a time alone


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


def same_until(at: datetime, now: datetime) -> datetime:
    """The instant from which `ago` may say something else of a time than it does now."""
    passed = now - at
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    if passed < timedelta(0):
        return min(at, midnight)
    if passed < timedelta(hours=1):
        return min(at + (passed // timedelta(minutes=1) + 1) * timedelta(minutes=1), midnight)
    return midnight


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


@register.simple_tag
def commit(service: Service, sha: str) -> SafeString:
    """A commit by its first characters, as a link to where the service's repository shows it."""
    short = format_html('<code title="{}">{}</code>', sha, sha[:8])
    url = service.commit_url(sha)
    return format_html('<a href="{}" rel="noreferrer">{}</a>', url, short) if url else short


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in words: "1 min 48 s"."""
    return "" if seconds is None else in_words(seconds)


@register.simple_tag
def mark(value: Mark | str | None, words: str = "") -> SafeString:
    """A mark, or the mark of a state, status or verdict; `words` replaces its own.

    A page holds hundreds of them, so that they are not templates of their own.
    """
    found = value if isinstance(value, Mark) else MARKS.get(str(value), Mark("idle", "", str(value or "")))
    return _mark(found.tone, found.icon, str(conditional_escape(words or found.words)))


@lru_cache(maxsize=4_000)
def _mark(tone: str, name: str, words: str) -> SafeString:
    shape = format_html('<svg aria-hidden="true"><use href="#{}"/></svg>', name) if name else ""
    return format_html('<span class="mark {}">{}{}</span>', tone, shape, mark_safe(words))  # noqa: S308 - escaped


@register.simple_tag
def icon(name: str) -> SafeString:
    """A symbol of the sprite; what it means is said in words beside it."""
    return format_html('<svg class="icon" aria-hidden="true"><use href="#{}"/></svg>', name)
