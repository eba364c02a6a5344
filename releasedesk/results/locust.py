"""What `locust --csv` writes into `*_stats.csv`: one row a name, and one that adds them up. Milliseconds."""

from typing import Any

from releasedesk.results.reading import Reading, Unreadable, number, whole
from releasedesk.results.tables import lines

HEADER = "Type,Name,Request Count,Failure Count"
AGGREGATED = "Aggregated"
TIMES = {"Average Response Time": "mean", "50%": "p50", "95%": "p95", "99%": "p99"}


def is_csv(first_line: str) -> bool:
    """Whether it is locust's table of statistics."""
    return first_line.replace('"', "").strip().startswith(HEADER)


def read_csv(text: str, route: str | None = None) -> Reading:
    """Read the row of `route`, or the only one. Raises Unreadable, naming the routes there are."""
    table = list(lines(text))
    header = [cell.strip() for cell in table[0].cells]
    rows: dict[str, tuple[int, dict[str, str]]] = {}
    for line, cells in table[1:]:
        if len(cells) != len(header):
            raise Unreadable(
                f"this row has {len(cells)} cells.",
                expected=f"{len(header)}, as the header names",
                line=line,
            )
        row = dict(zip(header, cells, strict=True))
        rows[f"{row['Type']} {row['Name']}".strip()] = (line, row)
    names = [name for name in rows if name != AGGREGATED]
    if not names:
        raise Unreadable("There is a header and no row.", expected="one row a name", line=2)
    if route not in names and len(names) > 1:
        raise Unreadable(
            "locust measured several routes; these numbers are of one.",
            expected=f"one of these as the route: {', '.join(names)}"[:500],
            received=route,
        )
    line, row = rows[route if route in names else names[0]]
    return Reading("locust's statistics", totals=_totals(header, row, line), notes=_notes(row))


def _totals(header: list[str], row: dict[str, str], line: int) -> dict[str, Any]:
    def value(name: str) -> tuple[str, str, int, int]:
        return row[name].strip(), name, line, header.index(name) + 1

    requests = whole(*value("Request Count"))
    if not requests:
        raise Unreadable("this route was never asked for.", expected="a Request Count above 0", line=line)
    times = {
        ours: number(*value(theirs))
        for theirs, ours in TIMES.items()
        if row.get(theirs, "N/A").strip() not in {"", "N/A"}
    }
    return {"requests": requests, "errors": whole(*value("Failure Count")), "response_ms": times}


def _notes(row: dict[str, str]) -> list[str]:
    notes = ["locust rounds percentiles to two digits above 100 ms."]
    if row["Failure Count"].strip() != "0":
        notes.append("locust counts every status of 400 and above as failed, unless its script knows better.")
    return notes
