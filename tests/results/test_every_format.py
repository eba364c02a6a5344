"""Each format is recognised by itself and read in our units."""

import doctest
import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.results import Reading, Unreadable, csv_rows, probe_log, read, reading
from releasedesk.results.reading import ROWS_AT_MOST, Row, Sample, quantile

from . import texts

SILENT = "The times leave out 2 requests without an answer."


@pytest.mark.parametrize(
    ("text", "tool", "totals"),
    [
        (
            texts.HEY,
            "hey's report",
            {"requests": 2000, "errors": 5, "response_ms": {"mean": 81, "p50": 70.5, "p95": 190, "p99": 285}},
        ),
        (
            texts.WRK,
            "wrk's report",
            {
                "requests": 22467,
                "errors": 150,
                "response_ms": {"p50": 0.25, "p99": 13_880, "mean": 0.63591, "stddev": 0.89},
            },
        ),
        (
            texts.K6_EXPORT,
            "k6's summary",
            {"requests": 2000, "errors": 3, "response_ms": {"mean": 81.5, "p50": 70.5, "p95": 190.25}},
        ),
        (
            texts.K6_HANDLED,
            "k6's summary",
            {
                "requests": 2000,
                "errors": 0,
                "response_ms": {"mean": 81.5, "p50": 70.5, "p95": 190.25, "p99": 285},
            },
        ),
        (
            texts.VEGETA_REPORT,
            "vegeta's report",
            {"requests": 2000, "errors": 5, "response_ms": {"mean": 81, "p50": 70.5, "p95": 190, "p99": 285}},
        ),
    ],
)
def test_totals_are_read_as_the_tool_printed_them(text: str, tool: str, totals: dict[str, Any]) -> None:
    found = read(text)
    assert (found.tool, found.form()) == (tool, {"summary": totals})


@pytest.mark.parametrize(
    ("text", "tool", "rows"),
    [
        (texts.HEY_CSV, "hey's csv", [Row(181.2, 200), Row(190.4, 503)]),
        (texts.K6_LINES, "k6's JSON lines", [Row(181.25, 200), Row(190.5, 503), Row(0, 0)]),
        (texts.VEGETA_LINES, "vegeta's JSON lines", [Row(181.25, 200), Row(30_000, 0)]),
        (texts.VEGETA_CSV, "vegeta's csv", [Row(181.25, 200), Row(30_000, 0)]),
        (
            texts.PROBE,
            "the probe's log",
            [Row(181.25, 200, "miss", 31), Row(190.5, 503, "miss", 31)],
        ),
        (texts.CSV, "CSV", [Row(181.25, 200, "miss", 31), Row(190.5, 503, "hit")]),
    ],
)
def test_every_request_is_read_where_the_tool_wrote_every_request(
    text: str, tool: str, rows: list[Row]
) -> None:
    found = read(text)
    assert (found.tool, found.rows) == (tool, rows)
    assert read("\ufeff" + text.replace("\n", "\r\n")).rows == rows, "as a spreadsheet saves it"


@pytest.mark.parametrize(
    ("file", "route", "said"),
    [
        ("hey.txt", None, "400 requests, p95 77.5 ms, 4 errors"),
        ("hey.csv", None, "40 requests, p95 90.6 ms, 0 errors"),
        ("wrk.txt", None, "408 requests, p99 100 ms, 10 errors"),
        ("locust_stats.csv", "GET /basket/[id]", "120 requests, p95 110 ms, 4 errors"),
        ("locust_stats.csv", "POST /order", "27 requests, p95 210 ms, 0 errors"),
    ],
)
def test_what_the_tools_wrote_when_they_were_run_is_read(file: str, route: str | None, said: str) -> None:
    assert read(texts.MEASURED[file], route).sentence() == said


def test_what_was_read_is_said_in_one_line() -> None:
    assert read(texts.HEY).sentence() == "2,000 requests, p95 190 ms, 5 errors"
    assert read(texts.CSV).sentence() == (
        "2 requests, p95 190 ms, 1 error, 1 cache hit, 31 DB calls a request"
    )
    assert Reading("x", totals={"requests": 1}).sentence() == "1 request, no response time, errors not told"


def test_the_window_is_taken_from_the_result_where_it_tells() -> None:
    minute = datetime(2026, 11, 23, 11, 38, tzinfo=UTC)
    assert read(texts.CSV).taken_from == minute
    assert read(texts.CSV).taken_until == minute.replace(minute=40)
    assert read(texts.VEGETA_CSV).taken_until == minute.replace(second=31)
    assert read(texts.VEGETA_REPORT).taken_from == minute.replace(microsecond=123456)
    assert read(texts.K6_LINES).taken_until == minute.replace(second=2)
    assert read(texts.PROBE).taken_until == minute.replace(second=1)
    assert (read(texts.HEY).taken_from, read(texts.HEY).seconds) == (None, 4.0205)
    assert read(texts.WRK).seconds == 30.05
    assert read(texts.K6_HANDLED).seconds == 4.0205


def test_what_a_tool_means_by_an_error_is_said_where_it_is_not_what_we_mean() -> None:
    assert SILENT in read(texts.HEY).notes
    assert "k6 counts every status of 400 and above as failed." in read(texts.K6_EXPORT).notes
    assert read(texts.K6_HANDLED).notes == []
    assert read(texts.WRK).notes == [
        "wrk prints no p95.",
        "wrk counts every answer outside 2xx and 3xx as an error.",
    ]


def test_without_latency_wrk_prints_a_mean_and_nothing_is_made_up() -> None:
    text = texts.WRK.replace("     50%  250.00us\n", "").replace("     99%   13.88s\n", "")
    found = read(text)
    assert found.form()["summary"]["response_ms"] == {"mean": 0.63591, "stddev": 0.89}
    assert "only the mean is there" in found.notes[0]


def test_where_nothing_was_answered_hey_tells_of_errors_alone() -> None:
    found = read('Error distribution:\n  [20]\tGet "http://shop/": dial tcp: connection refused\n')
    assert found.form() == {"summary": {"requests": 20, "errors": 20}}


def test_of_several_routes_the_one_that_is_asked_for_is_read() -> None:
    found = read(texts.LOCUST, "GET /basket/[id]")
    assert found.form() == {
        "summary": {
            "requests": 2000,
            "errors": 3,
            "response_ms": {"mean": 81.25, "p50": 70, "p95": 190, "p99": 290},
        }
    }
    with pytest.raises(Unreadable, match=r"several routes.*GET /basket/\[id\], POST /order"):
        read(texts.LOCUST, "GET /")
    alone = "\n".join(line for line in texts.LOCUST.split("\n") if "/order" not in line)
    assert read(alone, "GET /whatever").summary()["requests"] == 2000
    two = texts.PROBE + texts.PROBE.replace("/basket/{id}", "/item/{id}")
    with pytest.raises(Unreadable, match=r"GET /basket/\{id\}, GET /item/\{id\}"):
        read(two)
    assert len(read(two, "GET /item/{id}").rows or []) == 2
    assert read(texts.K6_LINES, "GET http://shop/item/8").rows == [Row(190.5, 503)]
    assert "2 addresses together" in read(texts.K6_LINES).notes[0]


@pytest.mark.parametrize("unit", [("ns", 1e-6), ("us", 1e-3), ("ms", 1.0), ("s", 1e3)])
def test_the_unit_stands_in_the_header(unit: tuple[str, float]) -> None:
    name, factor = unit
    for header in (f"latency_{name}", f"Response-Time ({name})", f"duration [{name}]"):
        assert (read(f"{header};status\n12.5;200\n").rows or [])[0].response_ms == pytest.approx(
            12.5 * factor
        )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "There is no text. Expected: a CSV"),
        ("hello", "Line 1: This is not the output of a tool we know."),
        ("[1, 2]", "not the output of a tool we know"),
        ("latency,status\n1,200\n", "Line 1, column 1: the column 'latency' does not say its unit."),
        ("response_ms,path\n1,/\n", "Line 1: there is no column of statuses"),
        ("response_ms,status\n", "There is a header and no row."),
        ("response_ms,status\n1,200\nfast,200\n", "Line 3, column 1: 'fast' is not a number of milliseconds"),
        ("response_s,status\n1,200\n\n-1,200\n", "Line 4, column 1: '-1' is not a number of seconds"),
        ("response_ms,status\nnan,200\n", "'nan' is not a number"),
        ("response_ms,status\n1,200.5\n", "Line 2, column 2: '200.5' is not a whole number"),
        ("response_ms,status\n1,2000\n", "2000 is no HTTP status"),
        ("response_ms,status\n1\n", "Line 2, column 2: this row has 1 cells"),
        ("response_ms,status,cache\n1,200,warm\n", "Line 2, column 3: 'warm' is no cache outcome"),
        ("response_ms,status,db_calls\n1,200,-3\n", "Line 2, column 3: '-3' is not a number of database"),
        ("response_ms,status,at\n1,200,2026-11-23T11:38\n", "Line 2, column 3: '2026-11-23T11:38' is not a"),
        ('response_ms,status\n"1,200\n', "this is no row"),
        (texts.HEY_CSV.replace("0.1904", "quick"), "Line 3, column 1: 'quick' is not a number of seconds"),
        (texts.HEY_CSV.replace(",status-code,offset", ""), "This table has no statuses"),
        (texts.VEGETA_CSV.replace("30000000000", "-1"), "not the output|not a number of nanoseconds"),
        (texts.VEGETA_LINES + "{\n", "Line 3: this is no hit of vegeta's."),
        (texts.K6_LINES.replace("190.5", '"slow"'), "Line 4: 'slow' is not a number of milliseconds"),
        ('{"metrics": {"vus": {}}}', "measured no HTTP request"),
        (texts.LOCUST.replace("81.25", "N/A!"), "column 6: 'N/A!' is not a number of Average Response Time"),
        (texts.PROBE.replace("190.5", "null"), "Line 2: 'None' is not a number of milliseconds"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_named_with_its_place(text: str, said: str) -> None:
    with pytest.raises(Unreadable) as refused:
        read(text, "GET /basket/[id]")
    assert any(part in str(refused.value) for part in said.split("|")), str(refused.value)


def test_a_log_is_read_between_two_times() -> None:
    second = datetime(2026, 11, 23, 11, 38, 1, tzinfo=UTC)
    lines = texts.PROBE.split("\n")
    assert len(probe_log.scan(lines, since=second).routes["GET /basket/{id}"].rows) == 1
    assert len(probe_log.scan(lines, until=second).routes["GET /basket/{id}"].rows) == 1
    found = probe_log.scan([*lines, lines[0].replace('"GET /basket/{id}"', "null")])
    assert (found.other_lines, found.unmatched, list(found.routes)) == (1, 1, ["GET /basket/{id}"])
    assert list(probe_log.scan(lines, ["GET /basket/7"]).routes) == []


def test_a_line_is_found_within_the_line_of_a_service_that_logs_in_json() -> None:
    wrapped = [json.dumps({"level": "info", "message": line}) for line in texts.PROBE.split("\n")[:1]]
    assert read("\n".join(wrapped)).rows == [Row(181.25, 200, "miss", 31)]


ROWS = st.lists(
    st.builds(
        Row,
        st.floats(0, 86_400_000),
        st.integers(0, 999),
        st.sampled_from([None, "hit", "miss"]),
        st.none() | st.integers(0, 10**9),
    ),
    min_size=1,
    max_size=30,
)


@given(ROWS)
def test_what_we_write_we_read_back(rows: list[Row]) -> None:
    assert read(csv_rows.write(rows)).rows == rows


@given(ROWS, st.datetimes(timezones=st.just(UTC)))
def test_times_come_back_too(rows: list[Row], at: datetime) -> None:
    found = read(csv_rows.write(rows, [at] * len(rows)))
    assert (found.taken_from, found.taken_until) == (at, at)


@given(
    st.text() | st.sampled_from(texts.ALL),
    st.data(),
)
def test_no_text_whatever_it_is_ends_in_anything_but_a_reading_or_a_reason(
    text: str, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(text)))
    try:
        found = read(text[:cut] + data.draw(st.text(max_size=3)) + text[cut:])
    except Unreadable:
        return
    assert found.summary()["requests"] > 0
    assert found.sentence()


JSONS = [texts.K6_HANDLED, texts.VEGETA_REPORT, texts.K6_LINES, texts.VEGETA_LINES, texts.PROBE]
ODD = st.sampled_from(
    [
        "null",
        "[]",
        "{}",
        '"x"',
        "-1",
        "1e400",
        "1e300",
        '"5e2"',
        "true",
        '"9999-12-31T23:59:59-14:00"',
        "[[]]",
    ]
)


@given(st.sampled_from(JSONS), ODD, st.data())
def test_no_value_in_json_whatever_it_is_breaks_the_reading(text: str, odd: str, data: st.DataObject) -> None:
    values = list(re.finditer(r'(?<=:)\s*("[^"]*"|-?[0-9][0-9.e+-]*|null|true|\{[^{}]*\})', text))
    chosen = data.draw(st.sampled_from(values))
    try:
        found = read(text[: chosen.start()] + odd + text[chosen.end() :])
    except Unreadable:
        return
    assert found.sentence()


@pytest.mark.parametrize("filler", ["\n", " ", "1", "[", "{", '"', "a,", "50% "])
def test_a_large_text_of_one_letter_is_refused_soon(filler: str) -> None:
    text = filler * (1_000_000 // len(filler))
    for beginning in ("", "Error distribution:\n", "Summary:\nRequests/sec: 1 secs\n", "1 requests in 1s,\n"):
        started = time.monotonic()
        with pytest.raises(Unreadable):
            read(beginning + text)
        assert time.monotonic() - started < 20


def test_a_header_that_only_looks_like_one_is_refused() -> None:
    with pytest.raises(Unreadable, match="names no response time"):
        read('"latency_ms,x",status\n1,200\n')


def test_of_too_many_a_fair_sample_is_kept_and_said() -> None:
    sample = Sample()
    for number in range(5 * ROWS_AT_MOST):
        sample.add(Row(float(number), 200))
    rows = sample.rows
    assert len(rows) == ROWS_AT_MOST
    assert rows == sorted(rows)
    assert quantile([row.response_ms for row in rows], 0.5) == pytest.approx(2.5 * ROWS_AT_MOST, rel=0.03)
    assert sample.notes == ["These are 20,000 of 100,000 requests, chosen at random."]


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(reading).failed == 0
    assert doctest.testmod(csv_rows).failed == 0
