"""Comma-separated text as rows that know where they stand."""

import csv
import io
from collections.abc import Iterator
from typing import NamedTuple

from releasedesk.results.reading import Unreadable

CELL_AT_MOST = 32_000_000  # vegeta's csv holds the whole answer of a request in one cell


class Line(NamedTuple):
    """One row with the number of the line that it ends on."""

    number: int
    cells: list[str]


def lines(text: str, separator: str = ",") -> Iterator[Line]:
    """Split into rows; empty ones are left out. Raises Unreadable for quotes that never close."""
    csv.field_size_limit(CELL_AT_MOST)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Line(reader.line_num, cells)
    except csv.Error as error:
        raise Unreadable(
            f"this is no row ({error}).", expected="cells apart by commas", line=reader.line_num
        ) from error


def separator(header: str) -> str:
    """Tell by the header what stands between the cells."""
    return max(",;\t", key=header.count)
