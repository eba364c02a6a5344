"""A pasted or uploaded result, read into the form: what was read is shown before anything is saved."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.datastructures import MultiValueDict

from releasedesk import results
from releasedesk.problems.problem import FieldError
from releasedesk.results import Reading, Unreadable, csv_rows
from releasedesk.web.forms import Document, text_at

SHOWN_AT_MOST = 200_000  # characters of an unreadable file that are worth to be looked at in a text area
NUMBERS = ("requests", "errors", "cache_hits")
PERCENTILES = ("p50", "p95", "p99")


@dataclass(frozen=True)
class Pasted:
    """What became of one side's result. `is_new`: nobody has seen yet what was read."""

    side: Document
    reading: Reading | None = None
    is_new: bool = False
    error: FieldError | None = None

    @property
    def notes(self) -> list[str]:
        """What whoever reads the numbers later has to know."""
        return [] if self.reading is None else [f"Read from {self.reading.tool}.", *self.reading.notes]


def read_result(phase: str, side: Mapping[str, Any], files: MultiValueDict[str, Any], route: str) -> Pasted:
    """Read what was uploaded, else what was pasted.

    Totals fill the number fields and leave the text area empty. Rows, one a request, stay in it as a CSV of
    ours; a digest beside them says that they have been shown.
    """
    kept: Document = {name: value for name, value in side.items() if name != "read"}
    pointer = f"#/{phase}/result"
    try:
        text = _text(files.get(f"{phase}/file")) or text_at(side, "result")
        if not text.strip():
            return Pasted(kept)
        kept["result"] = text[:SHOWN_AT_MOST]
        reading = results.read(text, route or None)
    except Unreadable as wrong:
        return Pasted(kept, error=FieldError(pointer, "unreadable", wrong.where, wrong.expected))
    if reading.rows is None:
        return Pasted(_filled(kept, reading), reading, is_new=True)
    rows = [row._replace(response_ms=round(row.response_ms, 3)) for row in reading.rows]
    kept["result"] = csv_rows.write(rows)
    kept["read"] = _digest(kept["result"])
    seen = text_at(side, "read") == kept["read"]
    shown = replace(reading, rows=rows)
    return Pasted(_with_window(kept, reading), shown, is_new=not seen)


def _filled(side: Document, reading: Reading) -> Document:
    """Put totals where a person would have typed them."""
    totals = reading.summary()
    summary: Document = {name: totals[name] for name in NUMBERS if name in totals}
    times = totals.get("response_ms", {})
    summary["response_ms"] = {name: times[name] for name in PERCENTILES if name in times}
    if "db_calls" in totals:
        summary["db_calls"] = {"mean": totals["db_calls"]["mean"]}
    return _with_window({**side, "result": "", "summary": summary}, reading)


def _with_window(side: Document, reading: Reading) -> Document:
    """Say when it was measured where the result tells and the person has not."""
    told = {"taken_from": reading.taken_from, "taken_until": reading.taken_until}
    window = {name: _as_typed(at) for name, at in told.items() if at is not None and not text_at(side, name)}
    return {**side, **window}


def _as_typed(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")


def _text(file: UploadedFile[Any] | None) -> str:
    if file is None:
        return ""
    limit = settings.LIMIT_SNAPSHOT_BYTES
    if (file.size or 0) > limit:
        raise Unreadable(
            f"The file holds {file.size:,} bytes.",
            expected=f"at most {limit:,} bytes; releasedesk measure --import reads larger ones",
        )
    try:
        text: str = file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        expected = "what the tool printed, as text, CSV or JSON"
        raise Unreadable("The file is not text in UTF-8.", expected=expected) from error
    return text


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
