"""The service page as a browser gets it, and what it costs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from releasedesk.catalog.models import Token
from releasedesk.releases.models import Incident
from releasedesk.reports.service_page import service_page
from tests.builders import (
    make_deployment,
    make_plan,
    make_release,
    make_service,
    make_snapshot,
    make_token,
    minutes,
    requests_of,
)
from tests.web.reading import text_of

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import DjangoAssertNumQueries

    from releasedesk.accounts.models import User

pytestmark = pytest.mark.django_db
PATH = "/services/checkout-api/"


def test_a_stranger_gets_the_login_and_learns_nothing(client: Client) -> None:
    make_service()

    assert client.get(PATH)["Location"] == f"/accounts/login/?next={PATH}"
    assert client.get("/services/nothing/")["Location"] == "/accounts/login/?next=/services/nothing/"


def test_an_unknown_service_names_the_near_ones(client: Client, bob: User) -> None:
    make_service()
    client.force_login(bob)

    response = client.get("/services/checkout-app/")

    assert response.status_code == 404
    assert "checkout-api" in response.content.decode()


def test_a_service_without_releases_says_what_to_do_next(client: Client, bob: User) -> None:
    make_service()

    text = text_of(client, bob, PATH)

    assert "No release yet." in text
    assert text.count("Nothing has succeeded here yet.") == 2
    assert "None: every release needs a rollback plan of its own." in text


def test_it_tells_what_is_live_and_every_reason_against_going_back(client: Client, bob: User) -> None:
    now = timezone.now()
    service = make_service()
    make_plan(service, triggers=[])
    make_deployment(service, "1.0", at=now - minutes(90))
    make_deployment(service, "1.1", at=now - minutes(60))
    make_deployment(service, "1.2", kind="failed", at=now - minutes(30))

    text = text_of(client, bob, PATH)

    assert "1.1" in text
    assert "failed 1.2" in text
    assert "The plan has no trigger: it does not say when to go back." in text
    assert "The plan was never rehearsed." in text
    assert "bob engineer" in text


def test_the_worst_metric_of_each_release_stands_in_the_list(client: Client, bob: User) -> None:
    now = timezone.now()
    service = make_service()
    release = make_release(service, "1.1", title="cache the total")
    make_snapshot(release, "before", at=now - minutes(90), requests=requests_of(ms=100))
    make_deployment(service, "1.1", at=now - minutes(60))
    make_snapshot(release, "after", at=now - minutes(30), requests=requests_of(ms=150))

    text = text_of(client, bob, PATH)

    assert "1.1 cache the total suspect p95 +50 %" in text


def test_only_open_incidents_are_listed(client: Client, bob: User) -> None:
    service, now = make_service(), timezone.now()
    Incident.objects.create(service=service, key="1", title="totals are wrong", opened_at=now)
    Incident.objects.create(service=service, key="2", title="over", opened_at=now, resolved_at=now)

    text = text_of(client, bob, PATH)

    assert "totals are wrong" in text
    assert "over" not in text.split("Open incidents")[1].split("Standing plan")[0].split()


def test_the_number_of_queries_does_not_grow_with_the_service(
    django_assert_num_queries: DjangoAssertNumQueries, bob: User
) -> None:
    now = timezone.now()
    service = make_service()
    make_plan(service)
    for number in range(3):
        release = make_release(service, f"1.{number}")
        make_snapshot(release, "before", at=now - minutes(90))
        make_deployment(service, release.version, at=now - minutes(60 - number))
        make_snapshot(release, "after", at=now - minutes(30))
    with django_assert_num_queries(QUERIES):
        service_page(service, now=now)
    for number in range(3, 8):
        make_deployment(service, f"1.{number}", at=now - minutes(20 - number))

    with django_assert_num_queries(QUERIES):
        service_page(service, now=now)


QUERIES = 20


def test_a_metric_is_drawn_over_the_releases_and_may_be_chosen(client: Client, bob: User) -> None:
    now = timezone.now()
    service = make_service()
    for number, ms in enumerate((190, 191, 260)):
        release = make_release(service, f"1.{number}", now=now - minutes(300 - number))
        make_snapshot(release, "before", at=now - minutes(250 - 50 * number), requests=requests_of(ms=190))
        make_deployment(service, f"1.{number}", at=now - minutes(240 - 50 * number))
        make_snapshot(release, "after", at=now - minutes(230 - 50 * number), requests=requests_of(ms=ms))
    make_deployment(service, "1.1", at=now - minutes(5))

    text = text_of(client, bob, PATH)
    assert "Over the releases GET /basket/{id}, production" in text
    page = client.get(PATH).content.decode()
    drawn = re.search(r'aria-label="(Response time, p95 after [^"]*)"', page)
    assert drawn
    assert re.fullmatch(
        r"Response time, p95 after the last 3 releases: "
        r"1.0 \d+ ms, 1.1 \d+ ms, 1.2 2\d\d ms \(rolled back\)\.",
        drawn[1],
    ), drawn[1]

    calls = client.get(PATH, {"metric": "db_calls"}).content.decode()
    assert "DB calls per request after the last 3 releases:" in calls
    assert client.get(PATH, {"metric": "nonsense", "route": "none"}).status_code == 200


def test_a_service_nobody_measured_shows_no_empty_chart(client: Client, bob: User) -> None:
    service = make_service()
    make_deployment(service, "1.0")

    assert "Over the releases" not in text_of(client, bob, PATH)


def test_alice_issues_and_revokes_a_token_on_the_service_page(client: Client, alice: User) -> None:
    service = make_service()
    client.force_login(alice)
    assert "Issue one for this service" in client.get(PATH).content.decode()

    answer = client.post(
        "/teams/payments/tokens/", {"name": "ci", "service": service.slug, "scopes": ["read"]}
    )

    assert "rdk_" in answer.content.decode()
    assert f'href="{PATH}#tokens"' in answer.content.decode()
    token = Token.objects.get()
    assert token.service == service
    ended = client.post(f"/teams/payments/tokens/{token.pk}/revoke/", {"service": service.slug})
    assert ended["Location"] == PATH
    assert "No pipeline can report about it yet." in text_of(client, alice, PATH)


def test_bob_sees_tokens_and_charlie_does_not(client: Client, bob: User, charlie: User) -> None:
    service = make_service()
    make_token(service.team, service)

    assert "this service, never used" in text_of(client, bob, PATH)
    assert "Issue one for this service" not in text_of(client, bob, PATH)
    assert "never used" not in text_of(client, charlie, PATH)
