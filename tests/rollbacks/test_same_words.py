"""Every surface says why one cannot go back in the same words, and where it is mended."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.catalog.models import Service
from tests.builders import (
    NOON,
    make_deployment,
    make_plan,
    make_rehearsal,
    make_release,
    make_service,
    minutes,
)
from tests.conftest import Clock

pytestmark = pytest.mark.django_db
API = "/api/v1/services/checkout-api/rollback?environment=production"
PAGE = "/services/checkout-api/rollback/production/"


@pytest.fixture
def service(payments: Team, clock: Clock) -> Service:
    """A service with most of what can be wrong."""
    service = make_service(team=payments)
    make_plan(
        service,
        steps=[{"instruction": "Drop the column", "command": "./drop", "irreversible": True}],
        triggers=[],
        now=NOON - timedelta(days=30),
    )
    make_deployment(service, "1.0", at=NOON - minutes(60))
    make_release(service, "2.0", irreversible=True)
    make_deployment(service, "2.0", at=NOON - minutes(50))
    make_rehearsal(make_release(service, "2.0"), finished_at=NOON - timedelta(days=20))
    make_deployment(service, "2.1", kind="started", at=NOON)
    return service


def test_page_text_and_api_tell_all_reasons_worst_first_with_what_mends_them(
    service: Service, ci: Client, bob: User
) -> None:
    reasons = ci.get(API).json()["reasons"]
    assert [reason["code"] for reason in reasons] == [
        "no_target",
        "past_point_of_no_return",
        "no_owner",
        "no_trigger",
        "irreversible_step",
        "rehearsal_stale",
        "deployment_running",
    ]
    browser = Client()
    browser.force_login(bob)
    page = browser.get(PAGE).content.decode()
    text = " ".join(browser.get(PAGE.rstrip("/") + ".txt").content.decode().split())
    for reason in reasons:
        assert reason["detail"] in page
        assert reason["detail"] in text
        path = reason["fix"].removeprefix("http://testserver")
        assert f'href="{path}"' in page
        assert browser.get(path).status_code == 200


def test_the_board_and_the_page_have_the_same_few_words(service: Service, ci: Client, bob: User) -> None:
    browser = Client()
    browser.force_login(bob)
    (row,) = ci.get("/api/v1/board").json()["rows"]
    assert row["rollback"]["reasons"] == [
        {key: reason[key] for key in row["rollback"]["reasons"][0]}
        for reason in ci.get(API).json()["reasons"]
    ]
    for path in ("/", PAGE, "/services/checkout-api/"):
        assert "no target" in browser.get(path).content.decode()
