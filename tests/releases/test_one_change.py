"""How many things a release changes, counted by plain rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from releasedesk.releases.one_change import Facts, size, things_in

ONE = (
    "cache the basket total",
    "One query for search and replace",
    "Ship to Berlin, Hamburg and Munich",
    "Show names, addresses and notes in one list",
    "use PostgreSQL 18",
    "Replace the lock by a queue, and nothing else",
    "Fewer queries for the basket, from 31 to 2",
    "retry/timeout settings of the client",
    "the logging and metrics of the worker",
    "",
    "   \n ",
)
SEVERAL = (
    ("cache the basket total and bump Django", ("cache the basket total", "bump Django")),
    ("- cache the total\n- rename the column", ("cache the total", "rename the column")),
    ("1. cache the total\n2) rename the column", ("cache the total", "rename the column")),
    ("new basket page; fixed rounding", ("new basket page", "fixed rounding")),
    ("new basket page as well as the old one", ("new basket page", "the old one")),
    ("Cache totals, drop the view, and moved the job.", ("Cache totals", "drop the view", "moved the job")),
    ("caching of totals + upgrading redis", ("caching of totals", "upgrading redis")),
    ("new index plus a nightly job", ("new index", "a nightly job")),
)


@pytest.mark.parametrize("text", ONE)
def test_one_thing_is_one_thing(text: str) -> None:
    assert len(things_in(text)) == (1 if text.strip() else 0)


@pytest.mark.parametrize(("text", "things"), SEVERAL)
def test_several_things_are_told_apart(text: str, things: tuple[str, ...]) -> None:
    assert things_in(text) == things


@given(st.text(max_size=200))
def test_no_text_breaks_it_and_no_thing_is_empty(text: str) -> None:
    assert all(thing.strip() for thing in things_in(text))


def test_a_small_release_is_one_change() -> None:
    found = size(Facts(change="cache the total", commits=3, files=("basket/views.py", "tests/test_views.py")))
    assert found.is_one
    assert found.words == "1 change · 3 commits · 2 files"


def test_of_a_release_nobody_described_nothing_is_said() -> None:
    found = size(Facts())
    assert found.is_one
    assert found.words == ""


@pytest.mark.parametrize(
    ("facts", "said"),
    [
        (
            Facts(change="cache totals and drop the view"),
            "It reads like 2 changes: “cache totals”, “drop the view”. One of them is one release.",
        ),
        (Facts(commits=11), "It holds 11 commits; more than 10 are hard to tell apart."),
        (
            Facts(files=("migrations/0002_total.py", "basket/views.py", "basket/models.py")),
            "It migrates data and changes code: migrations/0002_total.py beside basket/views.py and 1 more.",
        ),
        (
            Facts(files=("basket/views.py",), settings=("CACHE_TTL",)),
            "A setting and code change at once: CACHE_TTL changes beside basket/views.py.",
        ),
        (
            Facts(files=("basket/views.py",), settings=("CACHE_TTL", "POOL", "TIMEOUT")),
            "A setting and code change at once: CACHE_TTL and 2 more change beside basket/views.py.",
        ),
    ],
)
def test_more_than_one_is_warned_of_in_plain_words(facts: Facts, said: str) -> None:
    found = size(facts)
    assert not found.is_one
    assert found.warnings == (said,)


@pytest.mark.parametrize(
    "files",
    [
        ("basket/migrations/0002_total.py",),
        ("basket/migrations/0002_total.py", "basket/tests/test_total.py", "docs/total.md"),
        ("basket/migrations/__init__.py", "basket/views.py"),
        ("db/migrate/20260101_total.rb",),
    ],
)
def test_a_migration_alone_or_with_its_tests_is_one_change(files: tuple[str, ...]) -> None:
    assert size(Facts(files=files)).is_one


def test_a_setting_alone_is_one_change() -> None:
    assert size(Facts(settings=("CACHE_TTL",), files=("README.md",))).is_one


def test_how_many_commits_are_too_many_is_a_setting() -> None:
    assert size(Facts(commits=4, most_commits=3)).warnings
    assert size(Facts(commits=3, most_commits=3)).is_one
