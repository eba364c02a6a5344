from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Service
from tests.builders import make_deployment, make_note, make_release, make_service
from tests.conftest import Clock


@pytest.fixture
def service(alice: User, clock: Clock) -> Service:
    return make_service()


def search(user: User, q: str) -> str:
    client = Client()
    client.force_login(user)
    return client.get("/search/", {"q": q}).content.decode().split("<main")[1]


def test_a_stranger_sees_the_login(service: Service, stranger: Client) -> None:
    response = stranger.get("/search/?q=checkout")
    assert response.status_code == 302
    assert response["Location"] == "/accounts/login/?next=/search/%3Fq%3Dcheckout"


def test_services_versions_and_notes_are_found_and_grouped(bob: User, service: Service) -> None:
    release = make_release(service, "2026.11", title="Cache the total")
    make_note(release, reason="The cache was cold.")
    assert 'href="/services/checkout-api/"' in search(bob, "checkout")
    found = search(bob, "cache")
    assert found.index('href="/services/checkout-api/releases/2026.11/"') < found.index(
        "releases/2026.11/note/"
    )
    assert "<mark>cache</mark>" in found


def test_what_is_called_exactly_so_comes_first(bob: User, service: Service) -> None:
    for slug in ("api", "api-gateway", "an-api"):
        make_service(slug)
    found = search(bob, "API")
    order = [
        found.index(f'href="/services/{slug}/"') for slug in ("api", "api-gateway", "an-api", "checkout-api")
    ]
    assert order == sorted(order)
    for version in ("1.0", "1.0.1", "2.1.0"):
        make_release(service, version)
    found = search(bob, "1.0")
    order = [found.index(f"releases/{version}/") for version in ("1.0", "1.0.1", "2.1.0")]
    assert order == sorted(order)


def test_a_service_and_a_version_together_find_one_release(bob: User, service: Service) -> None:
    make_release(service, "1.0")
    make_release(make_service("finder"), "1.0")
    found = search(bob, "finder 1.0")
    assert "/services/finder/releases/1.0/" in found
    assert "/services/checkout-api/releases/1.0/" not in found


def test_others_find_finished_notes_and_no_drafts(bob: User, charlie: User, service: Service) -> None:
    make_note(make_release(service, "1.0"), reason="The basket is done.")
    make_note(make_release(service, "2.0"), reason="The basket is not.", draft=True)
    assert "2.0/note/" in search(bob, "basket")
    found = search(charlie, "basket")
    assert "1.0/note/" in found
    assert "2.0/note/" not in found


def test_many_are_cut_and_it_says_so(bob: User, service: Service) -> None:
    for number in range(11):
        make_release(service, f"1.{number}")
    found = search(bob, "1.")
    assert found.count('scope="row"') == 10
    assert "the first 10" in found


@pytest.mark.parametrize("q", ["%", "_", "\\", "\0", "'", '"', "((", "x" * 9000, "x " * 200, "🦄"])
def test_nothing_that_is_typed_fails_or_means_everything(q: str, bob: User, service: Service) -> None:
    assert 'href="/services/checkout-api/"' not in search(bob, q)


def test_script_is_shown_as_text(bob: User, service: Service) -> None:
    found = search(bob, "<script>alert(1)</script>")
    assert "<script>" not in found
    assert "No service, version or note holds “&lt;script&gt;" in found


def test_without_a_word_it_says_what_can_be_looked_for(bob: User, service: Service) -> None:
    assert "Type the name of a service" in search(bob, "  ")


def test_the_box_on_every_page_keeps_what_was_asked(bob: User, service: Service) -> None:
    client = Client()
    client.force_login(bob)
    page = client.get("/search/?q=checkout").content.decode()
    assert 'id="search" type="search" name="q" value="checkout"' in page


def test_it_costs_a_fixed_number_of_queries(
    bob: User, service: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(3):
        make_service(f"basket-{number}")
        make_deployment(service, f"basket-{number}")
        make_note(make_release(service, f"basket-{number}"), reason="basket")
    client = Client()
    client.force_login(bob)
    with django_assert_num_queries(9):
        client.get("/search/?q=basket")
