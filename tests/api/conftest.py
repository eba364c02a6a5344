"""At the API's door it is five past noon, everybody speaks JSON, and no answer breaks the contract."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from tests.api.contract import check
from tests.builders import make_service

if TYPE_CHECKING:
    from releasedesk.accounts.models import Team, User
    from releasedesk.catalog.models import Service
    from tests.conftest import Clock


@pytest.fixture(autouse=True)
def _five_past_noon(clock: Clock) -> None:
    """Nothing here depends on the day of the run."""


@pytest.fixture(autouse=True)
def _as_documented(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold whatever these tests are answered against the OpenAPI document."""
    ask = Client.request

    def held(self: Client, **request: Any) -> Any:
        response = ask(self, **request)
        check(request["REQUEST_METHOD"], response)
        return response

    monkeypatch.setattr(Client, "request", held)


@pytest.fixture
def checkout(payments: Team) -> Service:
    return make_service("checkout-api", payments)


@pytest.fixture
def as_alice(alice: User) -> Client:
    return signed_in(alice)


@pytest.fixture
def as_bob(bob: User) -> Client:
    return signed_in(bob)


@pytest.fixture
def as_charlie(charlie: User) -> Client:
    return signed_in(charlie)


def signed_in(user: User) -> Client:
    """A browser in which somebody has signed in."""
    client = Client()
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return client
