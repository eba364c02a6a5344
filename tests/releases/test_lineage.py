"""Which commits a release brings."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from releasedesk.releases.lineage import shares

LINE = {"a": "", "b": "a", "c": "b", "d": "c", "e": "d"}


def test_each_release_brings_the_commits_since_the_one_before() -> None:
    assert shares(LINE, {"b", "e"}) == {"b": ["b", "a"], "e": ["e", "d", "c"]}


def test_a_release_whose_commit_is_not_known_brings_none() -> None:
    assert shares(LINE, {"z"}) == {}


def test_the_walk_ends_where_a_push_is_missing() -> None:
    assert shares({"c": "b", "d": "c"}, {"d"}) == {"d": ["d", "c"]}


def test_a_circle_that_somebody_made_up_ends() -> None:
    assert shares({"a": "b", "b": "a"}, {"a"}) == {"a": ["a", "b"]}


@given(st.dictionaries(st.integers(0, 30), st.integers(0, 30)), st.sets(st.integers(0, 30)))
def test_a_share_begins_with_its_release_and_holds_no_other(parents: dict[int, int], named: set[int]) -> None:
    line = {str(child): str(parent) for child, parent in parents.items()}
    found = shares(line, {str(each) for each in named})
    for release, share in found.items():
        assert share[0] == release
        assert len(share) == len(set(share))
        assert not {str(each) for each in named}.intersection(share[1:])
        assert all(line[child] == parent for child, parent in pairwise(share))
