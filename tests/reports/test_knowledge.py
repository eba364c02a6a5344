from __future__ import annotations

from typing import Any

import pytest
from django.db import connection

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import DESK
from releasedesk.notes.full_text import END, HIT, highlighted
from releasedesk.notes.models import Note
from releasedesk.releases.models import Release
from releasedesk.reports.knowledge import EXCERPT, NoteFilters, found, notes
from tests.builders import make_note, make_release, make_service


@pytest.fixture
def release(alice: User) -> Release:
    return make_release(make_service())


def versions(q: str) -> list[str]:
    return [note.release.version for note in notes(NoteFilters(q=q), actor=DESK)]


def test_every_part_of_a_note_is_searched(release: Release) -> None:
    words = ["alpha", "bravo", "charlie", "delta", "echo", "foxtrot"]
    texts: dict[str, Any] = dict(zip(Note.TEXT_FIELDS, words, strict=True))
    make_note(release, files_touched=["golf/hotel.py"], **texts)
    for word in [*words, "golf", "hotel", "hotel.py", "golf/hotel.py"]:
        assert versions(word) == ["1.0"], word
    assert versions("india") == []


def test_phrases_alternatives_and_exclusions_are_understood(release: Release) -> None:
    make_note(release, reason="A cold cache")
    make_note(make_release(release.service, "2.0"), reason="A cache, warm, not cold")
    assert versions('"cold cache"') == ["1.0"]
    assert versions("cache -warm") == ["1.0"]
    assert sorted(versions("warm or cold")) == ["1.0", "2.0"]


def test_a_note_is_found_by_its_new_words_and_not_by_its_old_ones(release: Release) -> None:
    make_note(release, reason="alpha")
    make_note(release, reason="bravo")
    assert (versions("alpha"), versions("bravo")) == ([], ["1.0"])


@pytest.mark.parametrize(
    "word",
    ["{wide}", "{number:x}-{wide}", "http://{number}.co/{number}", "{wide}-{other}", "{wide}a@{number}.co"],
)
def test_the_words_of_the_longest_note_fit_what_the_database_can_hold(word: str, release: Release) -> None:
    def text(part: int, length: int) -> str:
        numbers = range(part * 7000, part * 7000 + 7000)
        words = (
            word.format(
                wide=chr(0x20000 + number % 40_000), other=chr(0x21000 + number % 9000), number=number
            )
            for number in numbers
        )
        return " ".join(words)[:length]

    texts: dict[str, Any] = {name: text(part, 50_000) for part, name in enumerate(Note.TEXT_FIELDS)}
    note = make_note(release, files_touched=text(6, 100_000).split()[:5000], **texts)
    with connection.cursor() as cursor:
        cursor.execute("SELECT octet_length(document::text) FROM notes_note WHERE id = %s", [note.pk])
        assert cursor.fetchone()[0] > 100_000


def test_the_search_column_is_not_read_with_the_note(release: Release) -> None:
    make_note(release)
    assert "document" in Note.objects.get().get_deferred_fields()


def test_a_list_shows_the_first_words_and_says_that_there_are_more(release: Release) -> None:
    make_note(release, reason="x" * 500)
    [shown] = found(notes(NoteFilters(), actor=DESK))
    assert shown.excerpt == "x" * EXCERPT + " …"


def test_only_hits_are_marked_whatever_the_note_holds() -> None:
    assert highlighted(f"a {HIT}b{END} <c>") == "a <mark>b</mark> &lt;c&gt;"
    assert highlighted(f"{END}a{HIT}{HIT}b{END}{HIT}") == "a<mark>b</mark>"
    assert highlighted(f"{HIT}<script>{END}") == "<mark>&lt;script&gt;</mark>"
