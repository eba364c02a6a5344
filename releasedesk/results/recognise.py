"""Which tool wrote it: asked of the text itself, so that nobody has to say."""

import json
from collections.abc import Callable
from typing import Any, NamedTuple

from releasedesk.results import csv_rows, hey, k6, locust, probe_log, vegeta, wrk
from releasedesk.results.reading import Reading, Unreadable

KNOWN = (
    "a CSV with a header line, or what hey (text or csv), wrk --latency, k6 (summary or JSON lines), "
    "vegeta (report or encode, JSON or csv), locust (stats csv) or the probe's log printed"
)


class Text(NamedTuple):
    """A result, looked at once: its first line, and its JSON where all of it, or its first line, is some."""

    whole: str
    first_line: str
    document: Any = None
    first_document: Any = None


class Format(NamedTuple):
    """One format: whether this text is of it, and how it is read. `route` chooses where there are several."""

    recognises: Callable[[Text], bool]
    read: Callable[[str, str | None], Reading]


# In this order: who knows a text for certain is asked before who takes any table.
FORMATS = (
    Format(lambda text: k6.is_summary(text.document), k6.read_summary),
    Format(lambda text: k6.is_line(text.first_document), k6.read_lines),
    Format(lambda text: vegeta.is_report(text.document), vegeta.read_report),
    Format(lambda text: vegeta.is_line(text.first_document), vegeta.read_lines),
    Format(lambda text: vegeta.is_csv(text.first_line), vegeta.read_csv),
    Format(lambda text: probe_log.is_log(text.first_line), probe_log.read),
    Format(lambda text: hey.is_csv(text.first_line), hey.read_csv),
    Format(lambda text: hey.is_text(text.whole), hey.read_text),
    Format(lambda text: wrk.is_text(text.whole), wrk.read_text),
    Format(lambda text: locust.is_csv(text.first_line), locust.read_csv),
    Format(lambda text: csv_rows.is_csv(text.first_line), csv_rows.read),
)


def read(text: str, route: str | None = None) -> Reading:
    """Read a result. Raises Unreadable, which names line and column where it can."""
    looked_at = _look(text)
    try:
        for one in FORMATS:
            if one.recognises(looked_at):
                return one.read(looked_at.whole, route)
    except OverflowError as error:
        raise Unreadable("A number or a time is too large.", expected="times before the year 9999") from error
    if not looked_at.whole.strip():
        raise Unreadable("There is no text.", expected=KNOWN)
    raise Unreadable(
        "This is not the output of a tool we know.",
        expected=KNOWN,
        received=looked_at.first_line[:80],
        line=1,
    )


def _look(text: str) -> Text:
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    first_line = next((line for line in text.split("\n", 50) if line.strip()), "")
    return Text(text, first_line, _json(text), _json(first_line[max(first_line.find("{"), 0) :]))


def _json(text: str) -> Any:
    if not text.lstrip().startswith("{"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # not JSON: another format may know it
        return None
