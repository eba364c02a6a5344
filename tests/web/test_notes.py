from __future__ import annotations

from urllib.parse import quote

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Service
from tests.builders import make_note, make_release, make_service, make_team
from tests.conftest import Clock


@pytest.fixture
def service(alice: User, clock: Clock) -> Service:
    return make_service()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def notes(user: User, query: str = "") -> str:
    return as_(user).get(f"/notes/{query}").content.decode()


def test_a_stranger_sees_the_login(service: Service, stranger: Client) -> None:
    assert stranger.get("/notes/?q=basket").status_code == 302


def test_words_are_found_in_every_form_and_marked(bob: User, service: Service) -> None:
    make_note(make_release(service, "1.0"), reason="We cached the basket.")
    make_note(make_release(service, "2.0"), reason="Nothing of the kind.")
    found = notes(bob, "?q=caching+baskets")
    assert "<mark>cached</mark>" in found
    assert "<mark>basket</mark>" in found
    assert "2.0/note/" not in found


def test_the_better_match_comes_first(bob: User, service: Service) -> None:
    make_note(make_release(service, "1.0"), reason="Elsewhere.", assumptions="The cache stays.")
    make_note(make_release(service, "2.0"), reason="The cache was cold.")
    make_note(make_release(service, "3.0"), reason="Elsewhere.", command_used="clear cache")
    found = notes(bob, "?q=cache")
    assert found.index("2.0/note/") < found.index("1.0/note/") < found.index("3.0/note/")


@pytest.mark.parametrize(
    "words", ["views.py", "basket/views.py", "basket", "views", "-nothing", '"deploy it"']
)
def test_files_commands_and_phrases_are_found(words: str, bob: User, service: Service) -> None:
    make_note(make_release(service), files_touched=["basket/views.py"], command_used="make deploy it")
    assert "1.0/note/" in notes(bob, f"?q={quote(words)}")


def test_a_hit_within_a_path_is_marked(bob: User, service: Service) -> None:
    make_note(make_release(service), files_touched=["basket/views.py"])
    assert "<mark>basket</mark>/views.py" in notes(bob, "?q=baskets")
    assert "<mark>basket/views.py</mark>" in notes(bob, "?q=basket/views.py")


def test_markup_around_a_hit_is_shown_as_text(bob: User, service: Service) -> None:
    make_note(make_release(service), reason="<img src=x onerror=alert(1)> basket \x02<b>\x03 & more")
    found = notes(bob, "?q=basket")
    assert "<mark>basket</mark>" in found
    assert "<img src=x" not in found
    assert "<b>" not in found
    assert "<img src=x" not in notes(bob)


def test_what_was_asked_is_shown_as_text(bob: User, service: Service) -> None:
    assert "<script>" not in notes(bob, f"?q={quote('<script>alert(1)</script>')}").split("<main")[1]


def test_others_see_finished_notes_and_no_drafts(bob: User, charlie: User, service: Service) -> None:
    make_note(make_release(service, "1.0"), reason="The basket is done.")
    make_note(make_release(service, "2.0"), reason="The basket is not.", draft=True)
    for query in ("", "?q=basket", "?team=payments", "?service=checkout-api"):
        assert "2.0/note/" in notes(bob, query)
        found = notes(charlie, query)
        assert "1.0/note/" in found
        assert "2.0/note/" not in found


def test_filters_leave_a_team_or_a_service(bob: User, service: Service) -> None:
    other = make_service("finder", make_team("search"))
    make_note(make_release(service, "1.0"))
    make_note(make_release(other, "2.0"))
    for query in ("?team=search", "?service=finder", "?q=slow&team=search"):
        found = notes(bob, query)
        assert "2.0/note/" in found
        assert "1.0/note/" not in found


@pytest.mark.parametrize("query", ["?colour=red", "?team=nobody", "?service=nothing", "?page=x", "?page=0"])
def test_a_filter_that_does_not_exist_is_refused_by_name(query: str, bob: User, service: Service) -> None:
    response = as_(bob).get(f"/notes/{query}")
    assert response.status_code == 422
    assert "Expected" in response.content.decode()


@pytest.mark.parametrize(
    "words", ["\0", "'", "((", "the", "-", '"', "\ud800".encode("utf-8", "replace"), "a" * 9000]
)
def test_nothing_that_is_typed_fails(words: str, bob: User, service: Service) -> None:
    make_note(make_release(service))
    response = as_(bob).get("/notes/", {"q": words})
    assert response.status_code == 200


def test_a_page_beyond_the_last_shows_the_way_to_it(bob: User, service: Service) -> None:
    for number in range(26):
        make_note(make_release(service, f"1.{number}"))
    assert "Page 1 of 2" in notes(bob)
    response = as_(bob).get("/notes/?q=slow&page=99")
    assert response.status_code == 404
    assert "There is no page 99; the last is 2." in response.content.decode()
    assert 'href="/notes/?q=slow&amp;page=2"' in response.content.decode()


def test_an_empty_list_says_what_to_do_next(bob: User, service: Service) -> None:
    assert "No note has been written yet." in notes(bob)
    assert "No note holds all of these words." in notes(bob, "?q=unicorn")
    assert "Nobody there has finished a note yet." in notes(bob, "?service=checkout-api")


@pytest.mark.parametrize("query", ["", "?q=slow", "?q=slow&team=payments&service=checkout-api"])
def test_the_list_costs_a_fixed_number_of_queries(
    query: str, bob: User, service: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = as_(bob)
    for number in range(7):
        make_note(make_release(service, f"1.{number}"))
    with django_assert_num_queries(7 + query.count("team") + query.count("service")):
        client.get(f"/notes/{query}")
