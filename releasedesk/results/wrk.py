"""What `wrk` prints; with `--latency` it holds percentiles. Each number has its unit: us, ms, s, m, h."""

import re
from typing import Any

from releasedesk.results.reading import Reading, Unreadable, number

MS = {"us": 1e-3, "ms": 1.0, "s": 1000.0, "m": 60_000.0, "h": 3_600_000.0}
TIME = r"([0-9.]+)(us|ms|s|m|h)"
THREAD_LATENCY = re.compile(rf"^[ \t]*Latency((?:[ \t]+{TIME}){{3}})[ \t]+[0-9.]+%[ \t]*$", re.MULTILINE)
# wrk prints whole percents, wrk2 three decimals.
PERCENTILE = re.compile(rf"^[ \t]*(50|95|99)(?:\.0+)?%[ \t]+{TIME}[ \t]*$", re.MULTILINE)
REQUESTS = re.compile(rf"^[ \t]*(\d+) requests in {TIME},", re.MULTILINE)
SOCKET_ERRORS = re.compile(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)")
NOT_2XX = re.compile(r"Non-2xx or 3xx responses: (\d+)")


def is_text(text: str) -> bool:
    """Whether it is wrk's report."""
    return REQUESTS.search(text) is not None and "Requests/sec:" in text


def read_text(text: str, _route: str | None = None) -> Reading:
    """Read the report. Raises Unreadable."""
    counted = REQUESTS.search(text)
    assert counted is not None
    answered = int(counted[1])
    silent = sum(int(count) for count in found.groups()) if (found := SOCKET_ERRORS.search(text)) else 0
    other = int(found[1]) if (found := NOT_2XX.search(text)) else 0
    if not answered + silent:
        raise Unreadable("wrk sent no request.", expected="a report with requests in it")
    times: dict[str, float] = {f"p{name}": _ms(value, unit) for name, value, unit in PERCENTILE.findall(text)}
    notes = []
    if thread := THREAD_LATENCY.search(text):
        mean, stddev, _ = re.findall(TIME, thread[1])
        times |= {"mean": _ms(*mean), "stddev": _ms(*stddev)}
    if "p95" not in times:
        notes.append(
            "wrk prints no p95."
            if "p50" in times
            else "Without --latency wrk prints no percentiles: only the mean is there."
        )
    if other:
        notes.append("wrk counts every answer outside 2xx and 3xx as an error.")
    numbers: dict[str, Any] = {"requests": answered + silent, "errors": silent + other}
    if times:
        numbers["response_ms"] = times
    seconds = _ms(counted[2], counted[3]) / 1000
    return Reading("wrk's report", totals=numbers, seconds=seconds, notes=notes)


def _ms(value: str, unit: str) -> float:
    return round(number(value, "time") * MS[unit], 6)
