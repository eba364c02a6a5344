from __future__ import annotations

from collections.abc import Sequence
from itertools import product

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Service
from releasedesk.releases.models import Release
from releasedesk.reports.releases_list import in_state
from releasedesk.reports.verdicts import State, judged
from tests.builders import (
    NOON,
    make_deployment,
    make_release,
    make_service,
    make_snapshot,
    make_team,
    minutes,
    requests_of,
)
from tests.conftest import Clock


@pytest.fixture
def service(alice: User, clock: Clock) -> Service:
    return make_service()


def as_(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def listed(user: User, query: str = "") -> str:
    return as_(user).get(f"/releases/{query}").content.decode()


def measure(release: Release, environment: str, after: float, *, count: int = 300, errors: int = 0) -> None:
    for phase, at, ms in (("before", NOON - minutes(9), 100), ("after", NOON + minutes(3), after)):
        body = requests_of(count, ms=ms, errors=errors if phase == "after" else 0)
        make_snapshot(release, phase, at=at, environment=environment, requests=body)


def test_a_stranger_sees_the_login(service: Service, stranger: Client) -> None:
    assert stranger.get("/releases/").status_code == 302


def test_the_newest_comes_first_with_when_and_by_whom(charlie: User, bob: User, service: Service) -> None:
    make_release(service, "1.0", now=NOON - minutes(9))
    make_release(service, "2.0", now=NOON - minutes(5))
    make_deployment(service, "1.0", at=NOON, actor=bob.as_actor())
    found = listed(charlie)
    assert found.index("releases/2.0/") < found.index("releases/1.0/")
    assert "bob" in found
    assert "2026-11-23 12:00:00 UTC" in found
    assert "not yet" in found


def test_it_shipped_when_it_first_reached_production(bob: User, service: Service) -> None:
    make_deployment(service, "1.0", "staging", at=NOON - minutes(30))
    make_deployment(service, "1.0", at=NOON - minutes(20))
    make_deployment(service, "1.0", at=NOON)
    assert "2026-11-23 11:40:00 UTC" in listed(bob)


def test_the_mark_is_the_worst_metric_where_users_are(bob: User, service: Service) -> None:
    release = make_release(service)
    measure(release, "staging", after=50)
    measure(release, "production", after=150)
    found = listed(bob)
    assert "p95 +50 %" in found
    assert "suspect" in found


def test_filters_leave_a_team_a_service_or_a_state(bob: User, service: Service) -> None:
    make_deployment(service, "1.0")
    make_release(make_service("finder", make_team("search")), "2.0")
    for query in ("?team=search", "?service=finder", "?state=planned", "?team=search&state=planned"):
        found = listed(bob, query)
        assert "releases/2.0/" in found
        assert "releases/1.0/" not in found


@pytest.mark.parametrize(
    "query", ["?colour=red", "?team=nobody", "?service=nothing", "?state=broken", "?page=-1", "?page=1e3"]
)
def test_a_filter_that_does_not_exist_is_refused_by_name(query: str, bob: User, service: Service) -> None:
    response = as_(bob).get(f"/releases/{query}")
    assert response.status_code == 422
    assert "Expected" in response.content.decode()


def test_script_in_a_title_is_shown_as_text(bob: User, service: Service) -> None:
    make_release(service, title="<script>alert(1)</script>")
    found = listed(bob)
    assert "<script>alert" not in found
    assert "&lt;script&gt;alert(1)" in found


def test_a_page_beyond_the_last_shows_the_way_to_it(bob: User, service: Service) -> None:
    for number in range(26):
        make_release(service, f"1.{number}")
    assert 'href="/releases/?state=planned&amp;page=2"' in listed(bob, "?state=planned")
    assert "Page 2 of 2" in listed(bob, "?state=planned&page=2")
    for beyond in ("3", "9" * 50):
        response = as_(bob).get(f"/releases/?page={beyond}")
        assert response.status_code == 404
        assert 'href="/releases/?page=2"' in response.content.decode()


def test_an_empty_list_says_what_to_do_next(bob: User, service: Service) -> None:
    assert "The first event of a pipeline registers one" in listed(bob)
    assert "Nothing matches these filters." in listed(bob, "?state=suspect")


def bring(service: Service, places: Sequence[str], *, undone: bool) -> None:
    """Bring 1.0 to these places, and back to 0.1 where it is to be undone."""
    for place in places:
        if undone:
            make_deployment(service, "0.1", place, at=NOON - minutes(30))
        make_deployment(service, "1.0", place, at=NOON - minutes(20))
        if undone:
            make_deployment(service, "0.1", place, at=NOON - minutes(10))


def test_a_state_in_sql_is_the_state_of_the_release_page(alice: User, clock: Clock) -> None:
    reached: list[tuple[str, ...]] = [(), ("staging",), ("production",), ("staging", "production")]
    numbers = {"worse": (150, 300), "same": (100, 3000), "few": (100, 60)}
    measured = [None, *product(["staging", "production"], numbers)]
    for number, (places, said, undone) in enumerate(product(reached, measured, [False, True])):
        service = make_service(f"service-{number}")
        release = make_release(service)
        bring(service, places, undone=undone)
        if said:
            milliseconds, count = numbers[said[1]]
            measure(release, said[0], milliseconds, count=count)
    both = make_release(make_service("measured-twice"))
    measure(both, "staging", 150)
    measure(both, "production", 100, count=3000)
    expected = judged(Release.objects.all())
    found = {
        state: set(in_state(Release.objects.all(), state).values_list("pk", flat=True)) for state in State
    }
    assert found == {state: {pk for pk, row in expected.items() if row.state is state} for state in State}
    assert [state for state, rows in found.items() if not rows] == []


@pytest.mark.parametrize("query", ["", "?state=suspect", "?state=suspect&team=payments&service=checkout-api"])
def test_the_list_costs_a_fixed_number_of_queries(
    query: str, bob: User, service: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = as_(bob)
    for number in range(4):
        make_deployment(service, f"1.{number}", at=timezone.now() - minutes(20))
        measure(Release.objects.get(version=f"1.{number}"), "production", after=150)
    with django_assert_num_queries(10 + query.count("team") + query.count("service")):
        client.get(f"/releases/{query}")
