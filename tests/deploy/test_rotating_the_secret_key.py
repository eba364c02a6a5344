"""What docs/runbook.md promises about a new SECRET_KEY."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.contrib.auth import get_user

if TYPE_CHECKING:
    from django.test import Client
    from pytest_django import Settings

    from releasedesk.accounts.models import User

NEW = "n" * 60


@pytest.fixture
def signed_in(stranger: Client, alice: User) -> Client:
    stranger.force_login(alice)
    return stranger


def whoever_asks(client: Client) -> str:
    from django.test import RequestFactory

    request = RequestFactory().get("/")
    request.session = client.session
    return get_user(request).get_username()


def test_a_session_under_the_former_key_goes_on(signed_in: Client, settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = NEW
    assert whoever_asks(signed_in) == "alice"


def test_without_the_former_key_everybody_signs_in_anew(signed_in: Client, settings: Settings) -> None:
    settings.SECRET_KEY_FALLBACKS = []
    settings.SECRET_KEY = NEW
    assert whoever_asks(signed_in) == ""


def test_a_token_of_ci_does_not_depend_on_the_key(ci: Client, settings: Settings) -> None:
    settings.SECRET_KEY = NEW
    assert ci.get("/api/v1/board").status_code == 200


def test_sessions_live_as_long_as_the_runbook_says() -> None:
    assert settings.SESSION_COOKIE_AGE == 14 * 24 * 60 * 60
