"""Two configurations, compared by names and digests alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.releases.fingerprints import changed, compare

A, B = "hmac-sha256:" + "a" * 64, "hmac-sha256:" + "b" * 64
STAGING, PRODUCTION = "staging", "production"


def test_the_same_settings_are_the_same_however_hex_is_written() -> None:
    found = compare(
        (STAGING, {"POOL": A, "TTL": B}), (PRODUCTION, {"POOL": A.replace("a" * 64, "A" * 64), "TTL": B})
    )
    assert found.is_same
    assert found.same == ("POOL", "TTL")
    assert found.sentence == "All 2 settings are the same in staging and production."


def test_what_differs_and_what_is_missing_is_named_apart() -> None:
    found = compare(
        (STAGING, {"POOL": A, "NEW": A, "X": A}), (PRODUCTION, {"POOL": B, "OLD": A, "OLDER": A, "X": A})
    )
    assert (found.differs, found.only_here, found.only_there) == (("POOL",), ("NEW",), ("OLD", "OLDER"))
    assert not found.is_same
    assert found.sentence == "POOL differs; OLD, OLDER are missing in staging; NEW is missing in production."


def test_a_difference_that_is_meant_counts_no_more() -> None:
    meant = {"HOST", "POOL"}
    found = compare((STAGING, {"HOST": A, "POOL": A}), (PRODUCTION, {"HOST": B, "POOL": A}), meant)
    assert found.is_same
    assert found.meant == ("HOST",)
    assert (
        found.sentence
        == "The one setting is the same in staging and production; 1 difference is meant to be."
    )


def test_what_was_never_reported_is_not_the_same() -> None:
    one = compare((STAGING, {"POOL": A}), (PRODUCTION, None))
    assert not one.is_known
    assert not one.is_same
    assert one.sentence == "production has not reported a configuration."
    neither = compare((STAGING, None), (PRODUCTION, None))
    assert neither.sentence == "staging and production have not reported a configuration."


def test_many_names_are_shortened_in_the_sentence_and_kept_in_the_answer() -> None:
    names = {f"N{number}": A for number in range(9)}
    found = compare((STAGING, {}), (PRODUCTION, names))
    assert found.sentence == "N0, N1, N2, N3, N4 and 4 more are missing in staging."
    assert len(found.only_there) == 9


CONFIG = st.dictionaries(st.sampled_from("ABCDEFG"), st.sampled_from([A, B]))


@given(ours=CONFIG, theirs=CONFIG, meant=st.sets(st.sampled_from("ABCDEFG")))
def test_every_name_stands_in_exactly_one_place(
    ours: dict[str, str], theirs: dict[str, str], meant: set[str]
) -> None:
    found = compare((STAGING, ours), (PRODUCTION, theirs), meant)
    parts = [found.same, found.differs, found.only_here, found.only_there, found.meant]
    assert sorted(name for part in parts for name in part) == sorted(ours.keys() | theirs.keys())
    assert set(found.meant) <= meant
    assert set(changed(ours, theirs)) == {*found.unexplained, *found.meant}
    back = compare((PRODUCTION, theirs), (STAGING, ours), meant)
    assert (back.only_here, back.only_there) == (found.only_there, found.only_here)
