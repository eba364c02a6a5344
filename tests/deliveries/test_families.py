"""Names of one family: what they are is said once, and the exact name always wins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.deliveries.families import Families, beginning, family_of

PARTS = st.text(st.characters(codec="ascii", exclude_characters="/*"), min_size=1)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("review/mr-1", "review/*"),
        ("review/feature/login", "review/*"),
        ("review/", ""),
        ("/review", ""),
        ("https://kubernetes.example/eu", ""),
        ("staging", ""),
        ("", ""),
    ],
)
def test_a_family_is_what_stands_before_the_first_slash(name: str, family: str) -> None:
    assert family_of(name) == family


@pytest.mark.parametrize(
    ("family", "begins"), [("review/*", "review/"), ("a/b/*", "a/b/"), ("/*", ""), ("*", ""), ("review", "")]
)
def test_all_names_of_a_family_begin_alike(family: str, begins: str) -> None:
    assert beginning(family) == begins


@given(PARTS, PARTS)
def test_a_name_begins_as_its_family(head: str, rest: str) -> None:
    assert f"{head}/{rest}".startswith(beginning(family_of(f"{head}/{rest}")))


@given(PARTS, PARTS, PARTS)
def test_the_exact_name_wins_then_the_nearest_family(head: str, middle: str, last: str) -> None:
    name = f"{head}/{middle}/{last}"
    said = {name: "", f"{head}/{middle}/*": "staging", f"{head}/*": "production"}
    assert Families(said)[name] == "", "left alone is a meaning too"
    del said[name]
    assert Families(said)[name] == "staging"
    del said[f"{head}/{middle}/*"]
    assert Families(said)[name] == "production"
    assert name in Families(said)
    assert Families({}).get(name) is None


@given(PARTS, PARTS)
def test_a_family_is_no_name_that_only_begins_like_it(head: str, rest: str) -> None:
    said = Families({f"{head}/*": "staging"})
    assert head not in said
    assert f"{head}{rest}" not in said
    assert f"{head}{rest}/{rest}" not in said


def test_what_is_said_alike_is_alike() -> None:
    """Whether somebody has said something meanwhile is asked by comparing."""
    assert Families({"review/*": ""}) == Families({"review/*": ""})
    assert Families({"review/*": ""}) != Families({"review/*": "staging"})
