"""When a lock stops shipping, now and in the time to come. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from releasedesk.releases.windows import Span, Window, next_span, spans

FOR_EVER = datetime.max.replace(tzinfo=UTC)
SOON = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Term:
    """From when to when a lock may stop anything; with a window, only in the window's spans of that time.

    None for `ends` is "until somebody ends it".
    """

    begins: datetime
    ends: datetime | None = None
    window: Window | None = None

    def span_at(self, at: datetime) -> Span | None:
        """The span in which it stops shipping at this instant. `FOR_EVER` ends one without an end."""
        whole = self._whole
        if not whole.holds(at):
            return None
        if self.window is None:
            return whole
        return next((span for span in self.between(at, at + timedelta(seconds=1)) if span.holds(at)), None)

    def next_span(self, at: datetime, within: timedelta) -> Span | None:
        """The first span that begins after this instant and at most `within` later."""
        whole = self._whole
        found = whole if self.window is None else next_span(self.window, at, within)
        clipped = self._clipped(found) if found else None
        return clipped if clipped and at < clipped.starts <= at + within else None

    def between(self, since: datetime, until: datetime) -> list[Span]:
        """The spans that touch this stretch of time, in order."""
        found = [self._whole] if self.window is None else spans(self.window, since, until)
        clipped = (self._clipped(span) for span in found)
        return [span for span in clipped if span and span.starts < until and since < span.ends]

    @property
    def _whole(self) -> Span:
        return Span(self.begins, self.ends or FOR_EVER)

    def _clipped(self, span: Span) -> Span | None:
        """What of a window's span lies in the term."""
        whole = self._whole
        clipped = Span(max(span.starts, whole.starts), min(span.ends, whole.ends))
        return clipped if clipped.starts < clipped.ends else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A lock, as far as the gate needs it."""

    scope: str
    blocks: bool
    reason: str
    by: str
    term: Term


@dataclass(frozen=True, slots=True)
class Standing:
    """What stops shipping at an instant (`blocking`), and what only warns."""

    blocking: tuple[Held, ...]
    warning: tuple[Held, ...]
    at: datetime

    @property
    def is_open(self) -> bool:
        """Whether nothing stops shipping."""
        return not self.blocking

    @property
    def sentence(self) -> str:
        """Every lock that holds, in one line; what stops before what warns."""
        parts = [self._said(lock) for lock in (*self.blocking, *self.warning)]
        return " ".join(parts) if parts else "Nothing is locked."

    def _said(self, lock: Held) -> str:
        verb = "is locked" if lock.blocks else "has a warning"
        span = lock.term.span_at(self.at)
        until = "" if span is None or span.ends == FOR_EVER else f" until {span.ends:%Y-%m-%d %H:%M} UTC"
        return f"{lock.scope[:1].upper()}{lock.scope[1:]} {verb}{until} by {lock.by}: {_ended(lock.reason)}"


def standing(locks: Iterable[Held], at: datetime) -> Standing:
    """Choose those that hold at this instant, in the order given. A rollback passes them all: do not ask."""
    held = [lock for lock in locks if lock.term.span_at(at)]
    return Standing(
        tuple(lock for lock in held if lock.blocks), tuple(lock for lock in held if not lock.blocks), at
    )


def _ended(text: str) -> str:
    line = " ".join(text.split())
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."
