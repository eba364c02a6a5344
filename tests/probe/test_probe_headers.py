import doctest

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.cli.read_headers import cache_outcome as outcome_read
from releasedesk.cli.read_headers import db_calls as calls_read
from releasedesk.probe import headers

NAMES = st.lists(st.text(max_size=20), max_size=4)


def test_the_examples_in_the_docstrings_hold() -> None:
    assert doctest.testmod(headers).failed == 0


def test_a_name_that_is_no_token_is_quoted() -> None:
    assert headers.cache_status(['the "big" one'], []) == '"the \\"big\\" one"; hit'
    assert headers.cache_status(["9lives", "größe"], []) == '"9lives"; hit, "gr??e"; hit'


def test_each_cache_is_named_once() -> None:
    assert headers.cache_status(["price", "basket", "price"], []) == "price; hit, basket; hit"


@given(hits=NAMES, misses=NAMES)
def test_what_the_probe_writes_about_caches_the_command_reads(hits: list[str], misses: list[str]) -> None:
    written = headers.cache_status(hits, misses)
    fields = [] if written is None else [("Cache-Status", written)]
    assert outcome_read(fields) == headers.cache_outcome(hits, misses)
    assert written is None or (written.isascii() and written.isprintable())


@given(calls=st.integers(0, 10**9 - 1), app_ms=st.floats(0, 1e7), db_ms=st.floats(0, 1e7))
def test_what_the_probe_writes_about_the_database_the_command_reads(
    calls: int, app_ms: float, db_ms: float
) -> None:
    assert calls_read([("server-timing", headers.server_timing(app_ms, db_ms, calls))]) == calls
    assert calls_read([("server-timing", headers.server_timing(app_ms, db_ms, None))]) is None
