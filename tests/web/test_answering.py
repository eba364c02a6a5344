"""Setting up how the desk answers GitHub and GitLab, and seeing what it told them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from releasedesk.deliveries.models import Answering
from releasedesk.operations.outgoing_rule import Allowed
from releasedesk.releases.models import GateRequest
from tests.api.hooks import make_sender
from tests.builders import make_service
from tests.ingest import payloads
from tests.jobs.vendors import APP, GITLAB_TOKEN, PEM
from tests.web.forms import controls
from tests.web.reading import text_of

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries, Settings

    from releasedesk.accounts.models import Team, User
    from tests.api.hooks import Sender


@pytest.fixture
def github(payments: Team, settings: Settings) -> Sender:
    settings.OUTGOING_ALLOWED = Allowed.read(["api.github.com", "gitlab.com"])
    return make_sender(payments)


def page_of(sender: Sender) -> str:
    return f"/teams/payments/sources/{sender.source.pk}/answers/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_alice_sets_a_key_replaces_it_and_forgets_it(github: Sender, alice: User) -> None:
    browser, path = signed_in(alice), page_of(github)
    form = controls(browser.get(path).content)
    assert form["url"] == "https://api.github.com"
    assert browser.post(path, {**form, "app": APP, "secret": PEM}).status_code == 302
    kept = Answering.objects.get()
    assert (kept.url, kept.app, kept.set_by) == ("https://api.github.com", APP, "alice")
    again = browser.get(path).content
    assert b"PRIVATE KEY" not in again
    assert browser.post(path, {**controls(again), "app": "Iv23other"}).status_code == 302
    moved = Answering.objects.get()
    assert (moved.app, moved.credential) == ("Iv23other", kept.credential), "the key stays"
    assert browser.post(path, {"forget": "1"}).status_code == 302
    assert not Answering.objects.exists()


def test_what_is_wrong_stands_at_its_field_and_no_key_comes_back(github: Sender, alice: User) -> None:
    answer = signed_in(alice).post(
        page_of(github), {"url": "https://10.0.0.1", "app": APP, "secret": "sesame"}
    )
    text = answer.content.decode()
    assert answer.status_code == 422
    assert "OUTGOING_ALLOWED does not list it" in text
    assert "This is no private key of a GitHub App." in text
    assert "sesame" not in text


def test_gitlab_is_asked_for_a_token_and_a_place(payments: Team, github: Sender, alice: User) -> None:
    sender = make_sender(payments, "gitlab")
    browser = signed_in(alice)
    form = controls(browser.get(page_of(sender)).content)
    assert "app" not in form
    browser.post(page_of(sender), {**form, "secret": GITLAB_TOKEN, "environment": "staging"})
    kept = Answering.objects.get()
    assert (kept.url, kept.secret, str(kept.environment)) == (
        "https://gitlab.com/api/v4",
        GITLAB_TOKEN,
        "staging",
    )
    unknown = browser.post(page_of(sender), {**form, "environment": "moon"})
    assert unknown.status_code == 404


def test_a_question_shows_with_what_became_of_it(
    github: Sender, alice: User, vera: User, payments: Team, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_service("checkout-api", payments)
    github.deliver("deployment_protection_rule", payloads.github_protection_rule())
    text = text_of(Client(), vera, page_of(github))
    assert "waits checkout-api" in text
    assert "A lead of Payments sets it here." in text
    for number in range(3):
        callback = f"https://api.github.com/repos/Acme/Checkout-API/actions/runs/{number}/x"
        github.deliver("deployment_protection_rule", payloads.github_protection_rule(callback))
    assert GateRequest.objects.count() == 4
    browser = signed_in(alice)
    with django_assert_num_queries(7):
        browser.get(page_of(github))


@pytest.mark.parametrize(("name", "status"), [("bob", 403), ("vera", 403), ("charlie", 404)])
def test_only_a_lead_sets_a_key(
    github: Sender, request: pytest.FixtureRequest, name: str, status: int
) -> None:
    browser = signed_in(request.getfixturevalue(name))
    sent = {"url": "https://api.github.com", "app": APP, "secret": PEM}
    assert browser.post(page_of(github), sent).status_code == status
    assert browser.post(page_of(github), {"forget": "1"}).status_code == status
    assert not Answering.objects.exists()


def test_cdevents_ask_nothing(payments: Team, alice: User) -> None:
    assert signed_in(alice).get(page_of(make_sender(payments, "cdevents"))).status_code == 404


def test_the_source_leads_here(github: Sender, bob: User) -> None:
    page = signed_in(bob).get(f"/teams/payments/sources/{github.source.pk}/").content.decode()
    assert f'href="{page_of(github)}"' in page
