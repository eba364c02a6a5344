"""The team's page: services, members and roles, tokens that are shown once."""

import re

import pytest
from django.test import Client

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import Role
from releasedesk.catalog.models import Token
from tests.builders import make_service, make_token, make_user

pytestmark = pytest.mark.django_db
PAGE = "/teams/payments/"


@pytest.fixture
def browser() -> Client:
    return Client()


def test_a_stranger_is_sent_to_the_login_and_learns_nothing(browser: Client, payments: Team) -> None:
    answer = browser.get(PAGE)
    assert answer.status_code == 302
    assert answer["Location"] == "/accounts/login/?next=/teams/payments/"


def test_charlie_sees_services_and_members_but_no_tokens(browser: Client, alice: User, charlie: User) -> None:
    make_service()
    make_token(Team.objects.get(slug="payments"))
    browser.force_login(charlie)
    text = browser.get(PAGE).content.decode()
    assert "checkout-api" in text
    assert "alice" in text
    assert "rdk_" not in text
    assert "Issue the token" not in text


@pytest.mark.parametrize("path", [f"{PAGE}members/", f"{PAGE}tokens/"])
@pytest.mark.parametrize("who", ["bob", "vera", "charlie"])
def test_only_a_lead_changes_a_team(
    request: pytest.FixtureRequest, browser: Client, alice: User, path: str, who: str
) -> None:
    browser.force_login(request.getfixturevalue(who))
    answer = browser.post(
        path, {"username": "alice", "role": "viewer", "name": "x", "scopes": ["read"], "service": ""}
    )
    assert answer.status_code == 403
    assert Membership.objects.get(user=alice).role == Role.LEAD
    assert not Token.objects.exists()


def test_alice_gives_somebody_a_role_changes_it_and_lets_them_leave(browser: Client, alice: User) -> None:
    make_user("dora")
    browser.force_login(alice)
    for role in ("viewer", "engineer"):
        assert browser.post(f"{PAGE}members/", {"username": "dora", "role": role}).status_code == 302
        assert Membership.objects.get(user__username="dora").role == role
    assert browser.post(f"{PAGE}members/", {"username": "dora", "role": ""}).status_code == 302
    assert not Membership.objects.filter(user__username="dora").exists()


def test_an_unknown_name_is_answered_with_the_near_ones_and_kept(browser: Client, alice: User) -> None:
    browser.force_login(alice)
    answer = browser.post(f"{PAGE}members/", {"username": "alicia", "role": "viewer"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "No person is called &#x27;alicia&#x27;" in text
    assert 'value="alicia"' in text


def test_a_token_is_shown_once_works_and_can_be_revoked(browser: Client, alice: User) -> None:
    make_service()
    browser.force_login(alice)
    answer = browser.post(
        f"{PAGE}tokens/", {"name": "deploy", "service": "checkout-api", "scopes": ["read", "events:write"]}
    )
    found = re.search(r"rdk_[0-9a-f]+_[\w-]+", answer.content.decode())
    assert found
    assert "no-store" in answer["Cache-Control"]
    token = Token.objects.get()
    assert (token.name, token.service and token.service.slug, token.scopes) == (
        "deploy",
        "checkout-api",
        ["read", "events:write"],
    )
    machine = Client(headers={"Authorization": f"Bearer {found[0]}"})
    assert machine.get("/api/v1/services/checkout-api").status_code == 200
    assert found[0] not in browser.get(PAGE).content.decode()
    assert browser.post(f"{PAGE}tokens/{token.id}/revoke/").status_code == 302
    assert machine.get("/api/v1/services/checkout-api").status_code == 401


def test_a_token_without_a_name_or_a_scope_is_refused_in_words(browser: Client, alice: User) -> None:
    browser.force_login(alice)
    assert "A token needs a name." in browser.post(f"{PAGE}tokens/", {"scopes": ["read"]}).content.decode()
    assert "A token needs a scope." in browser.post(f"{PAGE}tokens/", {"name": "x"}).content.decode()


def test_a_team_that_does_not_exist_is_answered_with_the_near_ones(browser: Client, alice: User) -> None:
    browser.force_login(alice)
    answer = browser.get("/teams/payment/")
    assert answer.status_code == 404
    assert "payments" in answer.content.decode()
