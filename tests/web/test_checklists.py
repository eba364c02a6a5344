"""Checklists on pages: an item is decided, and leads say what new releases begin with."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Item, Template
from tests.builders import make_release, make_service, make_user
from tests.web.reading import text_of

RELEASE = "/services/checkout-api/releases/1.0"
TEAM, SERVICE = "/teams/payments/checklists/", "/services/checkout-api/checklists/"
LINE = {"do": "save", "label": "Load test", "key": "load_test", "list": "release", "position": "60"}


@pytest.fixture(autouse=True)
def checkout(payments: Team) -> Service:
    service = make_service("checkout-api", payments)
    make_release(service)
    return service


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def item(key: str = "lint") -> Item:
    return Item.objects.get(key=key)


# -- deciding


def test_one_button_on_the_release_ticks_an_item(bob: User) -> None:
    answer = signed_in(bob).post(f"{RELEASE}/checklist/lint/", {"outcome": "passed"})
    assert (answer.status_code, answer["Location"]) == (302, f"{RELEASE}/#checklist-release")
    assert (item().outcome, item().decided_by) == ("passed", "bob")


def test_evidence_is_written_down_on_the_items_page(client: Client, bob: User) -> None:
    browser = signed_in(bob)
    browser.post(
        f"{RELEASE}/checklist/lint/", {"outcome": "passed", "evidence": "https://ci.example/1", "reason": ""}
    )
    assert item().evidence == "https://ci.example/1"
    assert 'href="https://ci.example/1"' in browser.get(f"{RELEASE}/").content.decode()
    refused = browser.post(f"{RELEASE}/checklist/lint/", {"outcome": "passed", "evidence": "javascript:1"})
    assert refused.status_code == 422
    assert "Not a web address." in refused.content.decode()


def test_only_a_lead_is_offered_to_waive_and_needs_a_reason(client: Client, alice: User, bob: User) -> None:
    path = f"{RELEASE}/checklist/lint/"
    assert "A lead waives it" not in text_of(client, bob, path)
    assert signed_in(bob).post(path, {"outcome": "waived", "reason": "broken"}).status_code == 403
    assert "A lead waives it" in text_of(client, alice, path)
    refused = signed_in(alice).post(path, {"outcome": "waived", "reason": " "})
    assert refused.status_code == 422
    assert "A waiver needs its reason." in refused.content.decode()
    signed_in(alice).post(path, {"outcome": "waived", "reason": "The linter crashes; ticket 12."})
    assert item().outcome == "waived"
    assert "The linter crashes; ticket 12." in text_of(client, bob, f"{RELEASE}/")


def test_charlie_and_vera_are_not_offered_to_decide_and_may_not(
    client: Client, charlie: User, vera: User, stranger: Client
) -> None:
    for user in (charlie, vera):
        assert "Tick" not in text_of(client, user, f"{RELEASE}/")
        for answer in (
            signed_in(user).get(f"{RELEASE}/checklist/lint/"),
            signed_in(user).post(f"{RELEASE}/checklist/lint/", {"outcome": "passed"}),
        ):
            assert answer.status_code == 403
    assert stranger.get(f"{RELEASE}/checklist/lint/").status_code == 302
    assert item().outcome == "open"


def test_an_item_nobody_knows_is_answered_with_the_near_ones(alice: User) -> None:
    answer = signed_in(alice).get(f"{RELEASE}/checklist/unit-tests/")
    assert answer.status_code == 404
    assert "unit_tests" in answer.content.decode()


# -- templates


def test_alice_adds_a_line_for_her_team_and_new_releases_get_it(
    client: Client, alice: User, checkout: Service
) -> None:
    assert signed_in(alice).post(TEAM, {**LINE, "required": "true", "tier": "production"}).status_code == 302
    assert "Load test load_test required for production" in text_of(client, alice, TEAM)
    make_release(checkout, "2.0")
    assert set(Item.objects.filter(key="load_test").values_list("release__version", "tier")) == {
        ("2.0", "production")
    }


def test_a_line_of_elsewhere_is_left_out_and_asked_for_again(
    client: Client, alice: User, checkout: Service
) -> None:
    browser = signed_in(alice)
    browser.post(SERVICE, {"do": "leave_out", "key": "tag"})
    assert "Left out Release tagged tag" in text_of(client, alice, SERVICE)
    assert "Left out" not in text_of(client, alice, TEAM)
    make_release(checkout, "2.0")
    assert not Item.objects.filter(release__version="2.0", key="tag").exists()
    browser.post(SERVICE, {"do": "remove", "key": "tag"})
    make_release(checkout, "3.0")
    assert Item.objects.filter(release__version="3.0", key="tag").exists()


def test_a_services_own_words_stand_in_for_the_teams_and_can_be_given_up(client: Client, alice: User) -> None:
    browser = signed_in(alice)
    browser.post(TEAM, {**LINE, "key": "lint", "label": "Ruff"})
    form = browser.get(f"{SERVICE}?line=lint").content.decode()
    assert 'value="Ruff"' in form
    browser.post(SERVICE, {**LINE, "key": "lint", "label": "Ruff and mypy"})
    assert "Back to the line of Payments" in text_of(client, alice, SERVICE)
    browser.post(SERVICE, {"do": "remove", "key": "lint"})
    assert "Ruff and mypy" not in text_of(client, alice, SERVICE)
    browser.post(TEAM, {"do": "remove", "key": "lint"})
    assert "Linting" in text_of(client, alice, SERVICE)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"label": ""}, "This field is required."),
        ({"key": "Load test"}, "is not allowed here."),
        ({"link": "ftp://wiki"}, "Not a web address."),
        ({"position": "soon"}, "This is not a whole number."),
        ({"tier": "moon"}, "is not one of them"),
    ],
)
def test_what_is_wrong_with_a_line_stands_at_its_field_and_nothing_typed_is_lost(
    alice: User, typed: dict[str, str], said: str
) -> None:
    answer = signed_in(alice).post(TEAM, {**LINE, "help": "Ten minutes of a usual day.", **typed})
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert "Ten minutes of a usual day." in text
    assert not Template.objects.filter(team__isnull=False).exists()


def test_bob_and_charlie_read_the_lines_and_change_none(
    client: Client, bob: User, charlie: User, stranger: Client
) -> None:
    for user in (bob, charlie):
        for path in (TEAM, SERVICE):
            text = text_of(client, user, path)
            assert "Linting" in text
            assert "Leave out" not in text
            for typed in (LINE, {"do": "leave_out", "key": "tag"}):
                assert signed_in(user).post(path, typed).status_code == 403
    assert stranger.get(TEAM).status_code == 302
    assert not Template.objects.filter(team__isnull=False).exists()
    assert not Template.objects.filter(service__isnull=False).exists()


def test_the_desks_lines_are_the_administrators(alice: User) -> None:
    signed_in(alice).post(TEAM, {"do": "remove", "key": "lint"})
    assert Template.objects.filter(team=None, service=None, key="lint").exists()


def test_an_administrator_changes_everybodys_lines_and_charlie_and_leads_read_them(
    client: Client, alice: User, charlie: User, checkout: Service
) -> None:
    ada = make_user("ada")
    ada.is_superuser = True
    ada.save()
    client.force_login(ada)
    said = {**LINE, "key": "lint", "label": "No linter complains", "required": "true"}
    assert client.post("/checklists/", said).status_code == 302
    assert "No linter complains lint required" in text_of(client, ada, "/checklists/")
    assert make_release(checkout, "9.9").items.get(key="lint").label == "No linter complains"
    for user in (alice, charlie):
        assert "Administrators change these lines." in text_of(client, user, "/checklists/")
        assert client.post("/checklists/", {**said, "label": "Nothing"}).status_code == 403
    assert Client().get("/checklists/").status_code == 302


def test_the_lines_cost_the_same_for_few_and_for_many(alice: User, django_assert_num_queries: Any) -> None:
    browser = signed_in(alice)
    for count in (1, 20):
        for number in range(count):
            browser.post(SERVICE, {**LINE, "key": f"line_{number}"})
        with django_assert_num_queries(
            6
        ):  # session, user, memberships, service, those above, those that count
            browser.get(SERVICE)


# -- the team's clock


def test_a_lead_sets_the_clock_and_nobody_else(alice: User, bob: User, payments: Team) -> None:
    assert signed_in(bob).post("/teams/payments/clock/", {"timezone": "Asia/Tokyo"}).status_code == 403
    wrong = signed_in(alice).post("/teams/payments/clock/", {"timezone": "Tokio"})
    assert wrong.status_code == 422
    assert "No time zone is called" in wrong.content.decode()
    assert signed_in(alice).post("/teams/payments/clock/", {"timezone": "Asia/Tokyo"}).status_code == 302
    payments.refresh_from_db()
    assert payments.timezone == "Asia/Tokyo"
