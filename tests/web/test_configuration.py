"""Configurations side by side on a page: names, never digests; what is meant to differ, and who says so."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.configuration import config_key, report_config
from releasedesk.catalog.models import Service
from releasedesk.releases.models import ConfigKey, MeantDifference
from tests.builders import NOON, make_deployment, make_environment, make_release, make_service, minutes
from tests.web.reading import text_of

PAGE = "/services/checkout-api/config/"
A, B = "hmac-sha256:" + "a" * 64, "hmac-sha256:" + "b" * 64


@pytest.fixture
def checkout(payments: Team) -> Service:
    return make_service("checkout-api", payments)


def report(service: Service, environment: str, at: int = 0, version: str = "", **digests: str) -> None:
    report_config(
        DESK,
        service,
        make_environment(environment),
        digests,
        release=make_release(service, version) if version else None,
        at=NOON + minutes(at),
        source="native",
        key=f"{environment}-{at}",
    )


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_differences_are_shown_by_name_and_no_digest(client: Client, checkout: Service, bob: User) -> None:
    report(checkout, "staging", POOL=A, NEW=A, TTL=A)
    report(checkout, "production", POOL=B, OLD=A, TTL=A)
    text = text_of(client, bob, PAGE)
    assert "POOL differs; OLD is missing in staging; NEW is missing in production." in text
    assert "3 differ" in text
    assert "POOL another value" in text
    assert "NEW missing in production" in text
    assert "aaaa" not in text
    assert "POOL differs" in text_of(client, bob, "/services/checkout-api/")


def test_before_anybody_reported_the_page_says_how(client: Client, checkout: Service, vera: User) -> None:
    text = text_of(client, vera, PAGE)
    assert "staging and production have not reported a configuration." in text
    assert "releasedesk config send checkout-api --environment staging --env-file .env" in text


def test_bob_explains_a_difference_and_takes_it_back(client: Client, checkout: Service, bob: User) -> None:
    report(checkout, "staging", HOST=A)
    report(checkout, "production", HOST=B)
    browser = signed_in(bob)
    assert 'value="HOST"' in browser.get(f"{PAGE}?name=HOST").content.decode()
    refused = browser.post(PAGE, {"name": "HOST", "reason": " "})
    assert refused.status_code == 422
    assert "A difference needs its reason." in refused.content.decode()
    assert browser.post(PAGE, {"name": "HOST", "reason": "Each has its own."}).status_code == 302
    text = text_of(client, bob, PAGE)
    assert "Each has its own. bob" in text
    assert "1 difference is meant to be" in text
    (meant,) = MeantDifference.objects.all()
    assert browser.post(f"{PAGE}meant/{meant.pk}/end/").status_code == 302
    assert "HOST differs." in text_of(client, bob, PAGE)


def test_charlie_and_vera_see_and_explain_nothing(
    client: Client, checkout: Service, charlie: User, vera: User, alice: User, stranger: Client
) -> None:
    report(checkout, "staging", HOST=A)
    report(checkout, "production", HOST=B)
    signed_in(alice).post(PAGE, {"name": "HOST", "reason": "Each has its own."})
    (meant,) = MeantDifference.objects.all()
    config_key(DESK, checkout, now=NOON)
    for user in (charlie, vera):
        assert "No longer" not in text_of(client, user, PAGE)
        for path, typed in (
            (PAGE, {"name": "HOST", "reason": "Mine."}),
            (f"{PAGE}meant/{meant.pk}/end/", {}),
            (f"{PAGE}key/", {}),
        ):
            assert signed_in(user).post(path, typed).status_code == 403
    assert MeantDifference.objects.get().reason == "Each has its own."
    assert ConfigKey.objects.count() == 1
    assert stranger.get(PAGE).status_code == 302


def test_only_a_lead_makes_another_key_and_former_reports_count_no_more(
    client: Client, checkout: Service, alice: User, bob: User
) -> None:
    report(checkout, "staging", POOL=A)
    report(checkout, "production", POOL=A)
    config_key(DESK, checkout, now=NOON)
    assert "Make another key" not in text_of(client, bob, PAGE)
    assert signed_in(bob).post(f"{PAGE}key/").status_code == 403
    assert signed_in(alice).post(f"{PAGE}key/").status_code == 302
    text = text_of(client, alice, PAGE)
    assert "with a key that counts no more. Send it again." in text
    assert "the same" not in text


def test_the_page_costs_the_same_for_few_and_for_many_settings(
    client: Client, checkout: Service, vera: User, django_assert_num_queries: Any
) -> None:
    browser = signed_in(vera)
    for count in (1, 60):
        report(checkout, "staging", count, **{f"N{number}": A for number in range(count)})
        report(checkout, "production", count, **{f"N{number}": B for number in range(count)})
        with django_assert_num_queries(9):
            assert browser.get(PAGE).status_code == 200


# -- one change


def test_a_release_says_what_makes_it_more_than_one_change(
    client: Client, checkout: Service, bob: User
) -> None:
    make_release(checkout, "1.0", change="cache the total and drop the view", changes=[{"sha": "9f3c123"}])
    make_deployment(checkout, "1.0", files_touched=["basket/migrations/0002_total.py", "basket/views.py"])
    report(checkout, "production", 0, version="0.9", POOL=A, TTL=A)
    report(checkout, "production", 5, version="1.0", POOL=B, TTL=A)
    text = text_of(client, bob, "/services/checkout-api/releases/1.0/")
    assert "2 changes · 1 commit · 2 files · 1 migration · 1 setting" in text
    assert "It reads like 2 changes: “cache the total”, “drop the view”." in text
    assert "It migrates data and changes code" in text
    assert "A setting and code change at once: POOL changes beside basket/views.py." in text


def test_while_a_plan_is_typed_its_size_is_said(checkout: Service, bob: User, stranger: Client) -> None:
    make_release(checkout, "1.0", changes=[{"sha": f"{number:07}"} for number in range(12)])
    browser = signed_in(bob)
    text = browser.get("/services/checkout-api/size/", {"change": "cache it; drop the view"}).content.decode()
    assert "It reads like 2 changes" in text
    assert "<html" not in text
    text = browser.get("/services/checkout-api/size/", {"change": "cache it", "of": "1.0"}).content.decode()
    assert "It holds 12 commits" in text
    assert stranger.get("/services/checkout-api/size/?change=x").status_code == 302
