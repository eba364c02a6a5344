"""What `k6` writes: its summary (`--summary-export` or handleSummary), or `--out json`, one line a sample."""

import json
from typing import Any

from releasedesk.results.reading import Reading, Row, Sample, Unreadable, moment, number, whole

DURATION = "http_req_duration"
PERCENTILES = {"med": "p50", "p(50)": "p50", "p(95)": "p95", "p(99)": "p99", "avg": "mean"}
FAILED = "k6 counts every status of 400 and above as failed."


def is_summary(document: Any) -> bool:
    """Whether it is a summary, of either kind."""
    return isinstance(document, dict) and isinstance(document.get("metrics"), dict)


def is_line(document: Any) -> bool:
    """Whether this is the first of k6's lines."""
    return isinstance(document, dict) and document.get("type") in ("Metric", "Point") and "metric" in document


def read_summary(text: str, _route: str | None = None) -> Reading:
    """Read a summary. Raises Unreadable where it measured no HTTP request."""
    document = json.loads(text)
    metrics = document["metrics"]
    times, count, failed = (_values(metrics, name) for name in (DURATION, "http_reqs", "http_req_failed"))
    if not times or "count" not in count:
        raise Unreadable(
            "This k6 summary measured no HTTP request.",
            expected="the metrics http_req_duration and http_reqs",
            received=", ".join(metrics)[:80],
        )
    requests = whole(count["count"], "http_reqs")
    if not requests:
        raise Unreadable("k6 sent no request.", expected="http_reqs of at least 1")
    found: dict[str, Any] = {
        "requests": requests,
        "response_ms": {
            PERCENTILES[name]: round(number(times[name], "milliseconds"), 6)
            for name in PERCENTILES
            if name in times
        },
    }
    rate = failed.get("rate", failed.get("value"))
    notes = []
    if rate is not None:
        found["errors"] = round(number(rate, "failed requests") * requests)
        notes = [FAILED] if found["errors"] else []
    state = document.get("state")
    milliseconds = state.get("testRunDurationMs") if isinstance(state, dict) else None
    seconds = None if milliseconds is None else number(milliseconds, "milliseconds") / 1000
    return Reading("k6's summary", totals=found, seconds=seconds, notes=notes)


def read_lines(text: str, route: str | None = None) -> Reading:
    """Read each request. Raises Unreadable. `route` chooses the requests of that name, if there are any."""
    samples: dict[str, Sample] = {}
    first, last = None, None
    for at, line in enumerate(text.split("\n"), 1):
        if f'"{DURATION}"' not in line or '"Point"' not in line:
            continue
        name, row, when = _point(line, at)
        for key in ("", name):
            samples.setdefault(key, Sample()).add(row)
        first, last = min(first or when, when), max(last or when, when)
    if not samples:
        raise Unreadable("No line is about an HTTP request.", expected=f'lines with "metric":"{DURATION}"')
    chosen = samples.get(route or "", samples[""])
    notes = list(chosen.notes)
    if chosen is samples[""] and len(samples) > 2:  # noqa: PLR2004 - all together and one name
        notes.append(f"These are requests to {len(samples) - 1} addresses together.")
    return Reading("k6's JSON lines", chosen.rows, taken_from=first, taken_until=last, notes=notes)


def _point(line: str, at: int) -> tuple[str, Row, Any]:
    try:
        data = json.loads(line)["data"]
        tags, value, when = data.get("tags") or {}, data["value"], str(data["time"])
        status, name = tags.get("status") or "0", f"{tags.get('method', 'GET')} {tags.get('name', '')}"
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Unreadable("this is no sample of k6's.", expected="one JSON object a line", line=at) from error
    row = Row(number(value, "milliseconds", at), whole(status, "an HTTP status", at))
    return name, row, moment(when, at)


def _values(metrics: dict[str, Any], name: str) -> dict[str, Any]:
    """Both kinds name the same numbers; handleSummary keeps them one level deeper."""
    metric = metrics.get(name)
    if not isinstance(metric, dict):
        return {}
    values = metric.get("values", metric)
    return values if isinstance(values, dict) else {}
