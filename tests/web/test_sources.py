"""Setting up what sends to a team, and saying what its names mean."""

from __future__ import annotations

import re

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releasedesk.accounts.models import Team, User
from releasedesk.actions.sources import delete_source, rotate_secret
from releasedesk.deliveries.models import Alias, Delivery, Source
from releasedesk.problems.problem import Problem
from tests.api.hooks import Sender, make_sender
from tests.builders import NOON, make_service, make_team
from tests.ingest import payloads
from tests.web.reading import text_of

LIST = "/teams/payments/sources/"


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def github(payments: Team) -> Sender:
    return make_sender(payments)


def page_of(sender: Sender) -> str:
    return f"{LIST}{sender.source.pk}/"


@pytest.mark.parametrize("kind", ["github", "gitlab", "cdevents"])
def test_alice_sets_a_source_up_and_is_shown_address_secret_and_steps_once(alice: User, kind: str) -> None:
    browser = signed_in(alice)
    answer = browser.post(LIST, {"kind": kind, "name": "acme"})
    text = answer.content.decode()
    source = Source.objects.get()
    assert (source.team.slug, source.kind, source.created_by) == ("payments", kind, "alice")
    assert f"http://testserver/api/v1/hooks/{source.pk}" in text
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", text)
    assert secret
    assert "no-store" in answer["Cache-Control"]
    again = browser.get(f"{LIST}{source.pk}/").content.decode()
    assert secret[0] not in again


def test_the_secret_that_was_shown_is_the_one_that_signs(alice: User) -> None:
    text = signed_in(alice).post(LIST, {"kind": "github", "name": "acme"}).content.decode()
    secret = re.search(r"whsec_[A-Za-z0-9+/=]{44}", text)
    assert secret
    sender = Sender(Source.objects.get(), secret[0])
    assert sender.deliver("ping", payloads.github(zen="x")).status_code == 202


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"kind": "github", "name": ""}, "This cannot be a name."),
        ({"kind": "svn", "name": "x"}, "No sender is called"),
    ],
)
def test_what_is_wrong_stands_at_its_field(alice: User, typed: dict[str, str], said: str) -> None:
    answer = signed_in(alice).post(LIST, typed)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Source.objects.exists()


def test_bob_sees_sources_and_sets_none_up(bob: User, github: Sender) -> None:
    text = text_of(Client(), bob, LIST)
    assert "acme" in text
    assert "Leads of Payments set sources up." in text
    browser = signed_in(bob)
    assert "Make another secret" not in browser.get(page_of(github)).content.decode()
    for path, sent in (
        (LIST, {"kind": "github", "name": "mine"}),
        (f"{page_of(github)}rotate/", {}),
        (f"{page_of(github)}former/", {}),
        (f"{page_of(github)}pause/", {"paused": "true"}),
        (f"{page_of(github)}delete/", {}),
    ):
        assert browser.post(path, sent).status_code in {403, 200}
    assert Source.objects.count() == 1
    github.source.refresh_from_db()
    assert github.source.paused_at is None
    assert github.source.former_secret == ""


def test_charlie_and_strangers_learn_nothing_of_our_sources(charlie: User, github: Sender) -> None:
    browser = signed_in(charlie)
    for path in (LIST, page_of(github)):
        assert browser.get(path).status_code == 404
        assert Client().get(path).status_code == 302
    for path in (
        *(f"{page_of(github)}{what}/" for what in ("rotate", "former", "pause", "delete", "try")),
        "/teams/payments/names/",
    ):
        assert browser.post(path).status_code == 404
    assert not Delivery.objects.exists()
    other = make_sender(make_team("search"), name="theirs")
    assert browser.get(f"/teams/search/sources/{other.source.pk}/").status_code == 200
    assert browser.get(f"/teams/search/sources/{github.source.pk}/").status_code == 404


def test_a_test_delivery_goes_through_the_door_and_is_seen_to_arrive(payments: Team, bob: User) -> None:
    browser = signed_in(bob)
    for kind in ("github", "gitlab", "cdevents"):
        sender = make_sender(payments, kind, name=kind)
        assert "Nothing yet." in browser.get(page_of(sender)).content.decode()
        assert browser.post(f"{page_of(sender)}try/").status_code == 302
        told = "A test delivery, sent by the desk itself: address, secret and signature fit."
        assert told in browser.get(page_of(sender)).content.decode()
        row = Delivery.objects.get(source=sender.source.pk)
        assert (row.outcome, row.actor) == ("ignored", f"{kind} (source)")
        part = browser.get(page_of(sender), headers={"HX-Target": "arrived", "HX-Request": "true"})
        assert "<html" not in part.content.decode()
        assert row.type in part.content.decode()


def test_a_page_that_is_loaded_again_sets_up_no_second_source(alice: User, github: Sender) -> None:
    said = {"kind": github.source.kind, "name": github.source.name}
    text = signed_in(alice).post(LIST, said).content.decode()
    assert "The team has such a source already." in text
    assert Source.objects.count() == 1


def test_a_secret_is_rotated_and_the_former_one_ended(alice: User, github: Sender) -> None:
    browser = signed_in(alice)
    edition = re.search(r'name="edition" value="(\w+)"', browser.get(page_of(github)).content.decode())
    assert edition
    text = browser.post(f"{page_of(github)}rotate/", {"edition": edition[1]}).content.decode()
    new = re.search(r"whsec_[A-Za-z0-9+/=]{44}", text)
    assert new
    assert new[0] != github.secret
    assert "Another one ends the former at once" in text
    again = browser.post(f"{page_of(github)}rotate/", {"edition": edition[1]})
    assert again.status_code == 409, "whoever loads the page again means no third secret"
    assert "Since this page was opened another secret was made" in again.content.decode()
    assert github.deliver("ping", payloads.github(zen="1")).status_code == 202
    assert "Two are valid" in browser.get(page_of(github)).content.decode()
    assert browser.post(f"{page_of(github)}former/").status_code == 302
    assert github.deliver("ping", payloads.github(zen="2")).status_code == 401
    github.secret = new[0]
    assert github.deliver("ping", payloads.github(zen="3")).status_code == 202


def test_a_source_is_deleted_and_what_it_delivered_stays_under_its_name(alice: User, github: Sender) -> None:
    make_service("checkout-api", github.source.team)
    waits = payloads.github_deployment(environment="prod-eu")
    assert github.deliver("deployment", waits).status_code == 202
    browser = signed_in(alice)
    answer = browser.post(f"{page_of(github)}delete/", follow=True)
    assert "None yet." in answer.content.decode()
    assert github.deliver("ping", payloads.github()).status_code == 404
    assert browser.get(page_of(github)).status_code == 404
    assert browser.post(f"{page_of(github)}rotate/").status_code == 404
    row = Delivery.objects.get()
    inbox = browser.get(f"/inbox/?source={github.source.pk}").content.decode()
    assert "acme (deleted)" in inbox
    assert "acme (deleted)" in browser.get(f"/inbox/{row.pk}/").content.decode()
    said = {"team": "payments", "waits_for": "environment", "name": "prod-eu", "meant": "production"}
    assert "applied" in browser.post("/inbox/explain/", said).content.decode()
    github.source.refresh_from_db()
    kept = github.source
    assert (kept.secret, kept.former_secret, kept.deleted_by) == ("", "", "alice")


def test_of_two_who_change_a_source_the_one_who_comes_after_its_end_is_told(
    alice: User, github: Sender
) -> None:
    delete_source(alice.as_actor(), github.source, now=NOON)
    with pytest.raises(Problem) as refused:
        rotate_secret(alice.as_actor(), github.source, now=NOON)
    assert refused.value.kind == "not-found"
    with pytest.raises(IntegrityError), transaction.atomic():
        Source.objects.update(secret="kept")


def test_a_source_is_paused_and_heard_again(alice: User, github: Sender) -> None:
    browser = signed_in(alice)
    browser.post(f"{page_of(github)}pause/", {"paused": "true"})
    assert "The desk refuses what this source sends." in browser.get(page_of(github)).content.decode()
    assert github.deliver("ping", payloads.github()).status_code == 403
    browser.post(f"{page_of(github)}pause/", {"paused": "false"})
    assert github.deliver("ping", payloads.github()).status_code == 202


def test_bob_says_what_a_name_means_and_takes_it_back(bob: User, payments: Team) -> None:
    make_service("shop", payments)
    browser = signed_in(bob)
    for theirs, meant in (
        ("Acme/Shop", "service/shop"),
        ("prod-eu", "environment/production"),
        ("Nightly", "check/integration"),
    ):
        assert browser.post("/teams/payments/names/", {"theirs": theirs, "meant": meant}).status_code == 302
    assert {str(alias) for alias in Alias.objects.all()} == {
        "acme/shop → shop",
        "prod-eu → production",
        "nightly → integration",
    }
    text = text_of(Client(), bob, LIST)
    assert "acme/shop is shop by bob" in text
    alias = Alias.objects.get(theirs="prod-eu")
    assert browser.post(f"/teams/payments/names/{alias.pk}/forget/").status_code == 302
    assert not Alias.objects.filter(theirs="prod-eu").exists()


@pytest.mark.parametrize(
    "typed",
    [
        {"theirs": "", "meant": "environment/production"},
        {"theirs": "x", "meant": ""},
        {"theirs": "x", "meant": "environment/mars"},
        {"theirs": "x", "meant": "service/theirs"},
        {"theirs": "x" * 201, "meant": "environment/production"},
    ],
)
def test_a_meaning_that_is_none_is_refused_and_nothing_typed_is_lost(
    bob: User, typed: dict[str, str]
) -> None:
    make_service("theirs", make_team("search"))
    answer = signed_in(bob).post("/teams/payments/names/", typed)
    assert answer.status_code == 422
    assert typed["theirs"] in answer.content.decode()
    assert not Alias.objects.exists()


def test_vera_reads_names_and_says_none(vera: User, payments: Team) -> None:
    assert "Engineers of Payments say what a name means." in text_of(Client(), vera, LIST)
    answer = signed_in(vera).post(
        "/teams/payments/names/", {"theirs": "x", "meant": "environment/production"}
    )
    assert answer.status_code == 403
    assert not Alias.objects.exists()


def test_the_team_page_leads_here(bob: User) -> None:
    assert f'href="{LIST}"' in signed_in(bob).get("/teams/payments/").content.decode()


def test_the_list_takes_the_same_number_of_queries_for_one_and_for_many(
    alice: User, payments: Team, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = signed_in(alice)
    for count in (1, 6):
        for number in range(count):
            make_sender(payments, name=f"s-{count}-{number}").deliver("ping", payloads.github())
        with django_assert_num_queries(12):
            browser.get(LIST)


def test_a_source_takes_the_same_number_of_queries_for_one_delivery_and_for_many(
    alice: User, github: Sender, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    browser = signed_in(alice)
    for count in (1, 9):
        for number in range(count):
            github.deliver("ping", payloads.github(zen=f"{count}-{number}"))
        with django_assert_num_queries(6):
            browser.get(page_of(github))
