import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.cli.read_headers import Member, cache_outcome, db_calls, members


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # The examples of RFC 9211, section 3, in its order.
        ("ExampleCache; hit; ttl=376", "hit"),
        ("ExampleCache; fwd=uri-miss; collapsed", "miss"),
        ("ExampleCache; fwd=uri-miss; collapsed=?0", "miss"),
        ("ExampleCache; fwd=stale; fwd-status=304; collapsed; ttl=300", "miss"),
        ("ExampleCache; fwd=stale; fwd-status=304; ttl=-412", "miss"),
        ("ExampleCache; fwd=uri-miss; stored", "miss"),
        ("ExampleCache; fwd=miss; fwd-status=304; ttl=-48", "miss"),
        ("ExampleCache; fwd=bypass; fwd-status=404", "miss"),
        ('OriginCache; hit; ttl=1100, "CDN Company Here"; hit; ttl=545', "hit"),
        # The chain: the last is nearest to us. A cache further in that hit answered all the same.
        ("OriginCache; hit; ttl=1100, CDN; fwd=uri-miss; stored", "hit"),
        ("OriginCache; fwd=uri-miss, CDN; hit", "hit"),
        ("OriginCache; fwd=uri-miss, CDN; fwd=uri-miss", "miss"),
        # What does not say is not evidence.
        ("ExampleCache", None),
        ('ExampleCache; detail="hit"', None),
        ("hit", None),
        ("ExampleCache; hit=?0; detail=expired", "miss"),
        ('ExampleCache; detail="a, b; hit"; fwd=miss', "miss"),
        ('ExampleCache; detail="never closed; hit', None),
        ("", None),
    ],
)
def test_cache_status_is_read_as_its_standard_says(value: str, expected: str | None) -> None:
    assert cache_outcome([("Cache-Status", value)]) == expected


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("X-Cache", "HIT", "hit"),
        ("X-Cache", "MISS", "miss"),
        ("X-Cache", "Hit from cloudfront", "hit"),
        ("X-Cache", "RefreshHit from cloudfront", "miss"),
        ("X-Cache", "Miss from hit.example", "miss"),
        ("X-Cache", "TCP_MEM_HIT", "hit"),
        ("X-Cache", "TCP_REFRESH_HIT", "miss"),
        ("X-Cache", "MISS, HIT", "hit"),
        ("X-Cache", "Error from cloudfront", None),
        ("CF-Cache-Status", "HIT", "hit"),
        ("CF-Cache-Status", "STALE", "hit"),
        ("CF-Cache-Status", "EXPIRED", "miss"),
        ("CF-Cache-Status", "REVALIDATED", "miss"),
        ("CF-Cache-Status", "DYNAMIC", "miss"),
        ("CF-Cache-Status", "NONE/UNKNOWN", None),
        ("Age", "17", "hit"),
        ("Age", "0", "miss"),
        ("Age", "-1", None),
        ("Age", "soon", None),
    ],
)
def test_the_older_headers_are_read_too(name: str, value: str, expected: str | None) -> None:
    assert cache_outcome([(name, value)]) == expected


def test_the_standard_is_believed_before_the_older_headers_and_those_before_age() -> None:
    older = [("Age", "9"), ("CF-Cache-Status", "HIT"), ("X-Cache", "HIT")]
    assert cache_outcome([*older, ("Cache-Status", "app; fwd=miss")]) == "miss"
    assert cache_outcome([("Age", "9"), ("X-Cache", "MISS")]) == "miss"
    assert cache_outcome([("Age", "9"), ("Cache-Status", "app")]) == "hit"
    assert cache_outcome([]) is None


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (['db;dur=3.1;desc="12"'], 12),
        (["app;dur=12.3, db ; dur = 3.1 ;\tdesc = 12"], 12),
        (["app;dur=1", 'db;desc="7"'], 7),
        (['db;desc="31", db;desc="1"'], 1),
        (['db;desc="4";desc="5"'], 4),
        (['cache;desc="Cache, read; db;desc=\\"9\\"", db;desc="2"'], 2),
        (['db;DESC="3"'], 3),
        (['db;desc="0"'], 0),
        (["db;dur=3.1"], None),
        (['db;desc="twelve"'], None),
        (['db;desc="-1"'], None),
        (['db;desc="1e3"'], None),
        (['db2;desc="12"'], None),
        (['db;desc="12'], None),
        (["miss, , db;desc=5,"], 5),
        ([], None),
    ],
)
def test_database_calls_are_read_by_the_grammar_of_server_timing(
    values: list[str], expected: int | None
) -> None:
    assert db_calls([("Server-Timing", value) for value in values]) == expected


TOKEN = st.text("abcdefghijklmnopqrstuvwxyz0123456789!#$&'*+-.^_`|~", min_size=1, max_size=8)
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=12)


def quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


@given(
    st.lists(st.tuples(TOKEN, st.dictionaries(TOKEN, TEXT, max_size=4)), min_size=1, max_size=5), st.data()
)
def test_whatever_is_written_is_read_back(
    written: list[tuple[str, dict[str, str]]], data: st.DataObject
) -> None:
    space = st.sampled_from(["", " ", "\t", "  "])
    texts = []
    for name, parameters in written:
        pairs = [
            f"{data.draw(space)};{data.draw(space)}{key}={quoted(value)}" for key, value in parameters.items()
        ]
        texts.append(data.draw(space) + name + "".join(pairs) + data.draw(space))
    lines = data.draw(st.sampled_from([[",".join(texts)], texts]))
    assert members([("X-List", line) for line in lines], "x-list") == [Member(*pair) for pair in written]


@given(st.lists(st.tuples(st.sampled_from(["Cache-Status", "X-Cache", "Age", "Server-Timing"]), st.text())))
def test_no_header_whatever_it_holds_breaks_the_reading(headers: list[tuple[str, str]]) -> None:
    assert cache_outcome(headers) in {"hit", "miss", None}
    assert (calls := db_calls(headers)) is None or calls >= 0
