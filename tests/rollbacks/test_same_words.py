"""Every surface says why one cannot go back in the same words, and where it is mended."""

from __future__ import annotations

import re
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
    make_token,
    minutes,
)
from tests.cli.here import speak_to_this_desk
from tests.cli.servers import command
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


def test_page_text_command_and_api_tell_all_reasons_worst_first_with_what_mends_them(
    service: Service,
    ci: Client,
    bob: User,
    payments: Team,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
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
    text = browser.get(PAGE.rstrip("/") + ".txt").content.decode()
    speak_to_this_desk(monkeypatch, make_token(payments))
    assert command("rollback", "checkout-api", "--environment=production") == 1, "it is not ready"
    printed = capsys.readouterr().out
    assert printed.strip() == text.strip()
    for reason in reasons:
        assert reason["detail"] in page
        assert reason["detail"] in " ".join(text.split())
        assert f"   {reason['fix']}\n" in text
        path = reason["fix"].removeprefix("http://testserver")
        assert f'href="{path}"' in page
        assert browser.get(path).status_code == 200


def test_the_gate_says_of_the_way_back_what_the_way_back_says_of_itself(
    service: Service,
    ci: Client,
    bob: User,
    payments: Team,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    make_deployment(service, "2.1", kind="failed", at=NOON + minutes(1))
    make_plan(service, make_release(service, "3.0"), triggers=[])
    answer = ci.get("/api/v1/services/checkout-api/releases/3.0/gate?environment=production").json()
    (gate,) = (one for one in answer["conditions"] if one["key"] == "rollback_ready")
    said = [
        "Nobody owns the plan: it names no owner, and neither do the release and the service.",
        "The plan has no trigger: it does not say when to go back.",
        "The plan changed since it was rehearsed (version 1; now 2).",
    ]
    assert gate["detail"] == " ".join(said)
    browser = Client()
    browser.force_login(bob)
    page = " ".join(browser.get("/services/checkout-api/releases/3.0/").content.decode().split())
    assert gate["detail"] in page
    assert answer["sentence"] in page
    speak_to_this_desk(monkeypatch, make_token(payments))
    assert command("gate", "checkout-api", "3.0", "--environment=production") == 1
    told = capsys.readouterr().out
    assert told.startswith(answer["sentence"])
    assert gate["detail"] in told
    make_deployment(service, "3.0", at=NOON + minutes(2))
    reasons = [reason["detail"] for reason in ci.get(API).json()["reasons"]]
    assert [reason for reason in reasons if reason in said] == said
    text = " ".join(browser.get(PAGE.rstrip("/") + ".txt").content.decode().split())
    assert all(reason in text for reason in said)


def test_how_long_the_target_was_live_stands_beside_it(
    payments: Team, clock: Clock, ci: Client, bob: User
) -> None:
    service = make_service(team=payments)
    make_plan(service)
    for version, at in (("1.0", 5000), ("1.1", 4000), ("1.0", 3990), ("1.0", 3000), ("2.0", 60)):
        make_deployment(service, version, at=NOON - minutes(at))
    target = ci.get(API).json()["target"]
    assert (target["version"], target["live_from"], target["live_until"]) == (
        "1.0",
        "2026-11-20T17:30:00Z",
        "2026-11-23T11:00:00Z",
    )
    was_live = "live 2 d 17 h, until 2026-11-23 11:00 UTC"
    assert target["why"] == f"the last good one, not measured, {was_live} (1.1 was rolled back here)"
    browser = Client()
    browser.force_login(bob)
    page = " ".join(re.sub(r"<[^>]+>", " ", browser.get(PAGE).content.decode()).split())
    assert "live 2 d 17 h, until" in page
    text = " ".join(browser.get(PAGE.rstrip("/") + ".txt").content.decode().split())
    assert f"Goes back to 1.0: {target['why']}" in text


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
