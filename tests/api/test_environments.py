"""`/api/v1/environments`: everybody reads them, administrators and their tokens set them up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.catalog.models import Environment
from tests.api.asking import problem, put, sole_error
from tests.api.conftest import signed_in
from tests.builders import make_token, make_user

if TYPE_CHECKING:
    from releasedesk.catalog.models import Service

CANARY = "/api/v1/environments/canary"


@pytest.fixture
def admin_token(payments: Team) -> Client:
    token = make_token(payments, scopes=["read", "admin"])
    return Client(headers={"Authorization": f"Bearer {token}"})


def test_they_are_listed_in_their_order(ci: Client) -> None:
    listed = ci.get("/api/v1/environments").json()["results"]
    assert [row["name"] for row in listed] == ["staging", "production"]
    assert [row["staged_in"] for row in listed] == [None, "staging"]


def test_one_is_shown_and_an_unknown_one_answered_with_near_names(ci: Client, charlie: User) -> None:
    assert signed_in(charlie).get("/api/v1/environments/staging").json()["tier"] == "staging"
    assert "production" in str(problem(ci.get("/api/v1/environments/prodction"), 404))


def test_a_token_with_the_scope_sets_one_up_and_changes_it(admin_token: Client) -> None:
    assert put(admin_token, CANARY, {"tier": "testing", "order": 15}).status_code == 201
    changed = put(admin_token, CANARY, {"tier": "testing", "order": 16, "four_eyes": True})
    assert (changed.status_code, changed.json()["four_eyes"]) == (200, True)
    again = put(admin_token, CANARY, {"tier": "staging", "order": 16})
    assert again.json()["four_eyes"] is True, "what is left out stays as it is"
    assert Environment.objects.get(name="canary").order == 16


def test_an_administrator_may_and_nobody_else(ci: Client, alice: User, charlie: User) -> None:
    body = {"tier": "testing", "order": 15}
    for client in (ci, signed_in(alice), signed_in(charlie)):
        problem(put(client, CANARY, body), 403)
    ada = make_user("ada")
    ada.is_superuser = True
    ada.save()
    assert put(signed_in(ada), CANARY, body).status_code == 201


@pytest.mark.parametrize(
    ("path", "body", "pointer"),
    [
        (CANARY, {"tier": "prod", "order": 1}, "#/tier"),
        (CANARY, {"tier": "testing"}, "#/order"),
        (CANARY, {"tier": "testing", "order": 99999}, "#/order"),
        (CANARY, {"tier": "testing", "order": 1, "name": "canary"}, "#/name"),
        ("/api/v1/environments/Not%20one", {"tier": "testing", "order": 1}, "#"),
    ],
)
def test_what_cannot_be_one_is_refused(
    admin_token: Client, path: str, body: dict[str, Any], pointer: str
) -> None:
    assert sole_error(put(admin_token, path, body))["pointer"] == pointer


def test_a_lead_cannot_give_the_scope_away(alice: User, checkout: Service) -> None:
    response = signed_in(alice).post("/teams/payments/tokens/", {"name": "mine", "scopes": ["read", "admin"]})
    assert "may not issue a token with the scope" in response.content.decode()
