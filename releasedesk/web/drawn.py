"""What is drawn once and shown often: only its times are worded anew, and only when their words change."""

from __future__ import annotations

from datetime import datetime

from django.utils.safestring import SafeString

from releasedesk.web.templatetags.desk import CUT, same_until, worded


class Drawn:
    """What a template drew, with a place for each of its times (`{% moment %}`)."""

    __slots__ = ("_shown", "_times", "_words")

    def __init__(self, text: str) -> None:
        parts = text.split(CUT)
        self._words, self._times = parts[::2], [datetime.fromisoformat(at) for at in parts[1::2]]
        self._shown: tuple[datetime, datetime | None, SafeString] | None = None

    def at(self, now: datetime) -> SafeString:
        """The text with its times in the words of `now`."""
        shown = self._shown  # read once: another thread may show it meanwhile
        if shown is None or now < shown[0] or (shown[1] is not None and now >= shown[1]):
            until = min((same_until(at, now) for at in self._times), default=None)
            shown = self._shown = now, until, self._put_together(now)
        return shown[2]

    def _put_together(self, now: datetime) -> SafeString:
        shown = [""] * (len(self._words) + len(self._times))
        shown[::2], shown[1::2] = self._words, [worded(at, now) for at in self._times]
        return SafeString("".join(shown))
