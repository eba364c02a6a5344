"""What is meant? Names alone come first, families are one line, and nothing is hidden in silence."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from releasedesk.accounts.models import Team, User
from releasedesk.deliveries.models import Alias, Delivery
from releasedesk.releases.models import Live
from tests.api.asking import send
from tests.api.hooks import Sender, make_sender
from tests.builders import NOON, make_service, make_team
from tests.conftest import Clock
from tests.ingest import payloads
from tests.web.reading import text_of

_numbers = itertools.count(1)
INBOX, NAMES = "/inbox/", "/inbox/names/"
FAMILY = f"{NAMES}?team=payments&family=review%2F*"


@pytest.fixture(autouse=True)
def _five_past_noon(clock: Clock) -> None:
    """Nothing here depends on the day of the run."""


@pytest.fixture
def gitlab(payments: Team) -> Sender:
    make_service("ledger", payments)
    return make_sender(payments, "gitlab")


def deploy(sender: Sender, place: str) -> Any:
    told = payloads.gitlab_deployment(environment=place, deployment_id=next(_numbers), ref="v1.0.0")
    return sender.deliver("Deployment Hook", told)


def review_apps(sender: Sender, *numbers: int, messages: int = 1) -> None:
    for number in numbers:
        for _ in range(messages):
            assert deploy(sender, f"review/mr-{number}").status_code == 202


def asked(user: User, path: str = INBOX) -> str:
    """What the page asks, without the messages below."""
    return text_of(Client(), user, path).partition("Messages")[0]


def explain(user: User, name: str, meant: str) -> Any:
    browser = Client()
    browser.force_login(user)
    said = {"team": "payments", "waits_for": "environment", "name": name, "meant": meant}
    return browser.post("/inbox/explain/", said)


def test_one_name_alone_is_not_hidden_by_many_review_apps(bob: User, gitlab: Sender) -> None:
    review_apps(gitlab, *range(25), messages=2)
    deploy(gitlab, "prod-us-east")
    for path in (INBOX, "/teams/payments/sources/", NAMES):
        page = asked(bob, path)
        assert page.index("prod-us-east Payments · 1 message,") < page.index("review/…")
        assert "environments review/… Payments · 25 names, 50 messages" in page
    assert "26 names" in asked(bob)


def test_a_family_is_left_alone_once_with_those_to_come(bob: User, gitlab: Sender) -> None:
    review_apps(gitlab, *range(3))
    deploy(gitlab, "reviewed")
    answer = explain(bob, "review/*", "-nothing").content.decode()
    assert "“review/…” is left alone from now on" in answer
    assert "3 messages, in order of occurrence" in answer
    assert deploy(gitlab, "review/mr-99").json()["outcome"] == "ignored"
    assert [row.waits_name for row in Delivery.objects.waiting()] == ["reviewed"]
    assert "review/" not in asked(bob)


def test_a_family_is_an_environment_and_the_exact_name_wins(bob: User, gitlab: Sender) -> None:
    review_apps(gitlab, *range(3))
    explain(bob, "review/mr-1", "-nothing")
    answer = explain(bob, "review/*", "staging").content.decode()
    assert "2 messages, in order of occurrence" in answer
    assert Live.objects.get().environment.name == "staging"
    outcomes = {row.waits_name or row.outcome for row in Delivery.objects.all()}
    assert outcomes == {"applied", "ignored"}
    assert deploy(gitlab, "review/mr-1").json()["outcome"] == "ignored"
    assert deploy(gitlab, "review/mr-7").json()["environment"] == "staging"


def test_a_family_is_said_on_the_teams_list_before_anything_comes(bob: User, gitlab: Sender) -> None:
    browser = Client()
    browser.force_login(bob)
    said = {"theirs": "Review/*", "meant": "environment/-nothing"}
    assert browser.post("/teams/payments/names/", said).status_code == 302
    assert "review/* is left alone" in text_of(Client(), bob, "/teams/payments/sources/")
    assert deploy(gitlab, "review/mr-1").json()["outcome"] == "ignored"


def test_an_announced_environment_of_a_family_is_explained_with_it(bob: User, ci: Client) -> None:
    for number in range(3):
        told = payloads.cdevent("environment.created", {"name": "x"}, subject=f"review/mr-{number}")
        told["context"]["id"] = f"announced-{number}"
        assert ci.post("/api/v1/events", told, content_type="application/json").status_code == 202
    assert "review/… Payments · 3 names" in asked(bob)
    explain(bob, "review/*", "staging")
    assert not Delivery.objects.waiting().exists()


def test_two_are_no_family_and_other_teams_names_count_for_none(bob: User, gitlab: Sender) -> None:
    review_apps(gitlab, 1, 2)
    search = make_team("search")
    make_service("seeker", search)
    review_apps(make_sender(search, "gitlab"), 3)
    page = asked(bob)
    assert "review/mr-1" in page
    assert "review/mr-3" not in page
    assert "review/…" not in page


def test_a_family_with_a_name_like_ours_in_it_is_none_until_that_is_explained(
    bob: User, gitlab: Sender
) -> None:
    review_apps(gitlab, *range(3))
    deploy(gitlab, "review/production")
    page = asked(bob)
    assert page.index("review/production") < page.index("review/mr-0")
    assert "review/…" not in page
    explain(bob, "review/production", "production")
    assert "review/… Payments · 3 names" in asked(bob)


def test_environments_that_are_called_by_addresses_are_each_asked_about(bob: User, ci: Client) -> None:
    for number in range(3):
        place = f"https://kubernetes.example/{number}"
        told = payloads.cdevent("environment.created", {"name": "x"}, subject=place)
        told["context"]["id"] = f"announced-{number}"
        ci.post("/api/v1/events", told, content_type="application/json")
        assert f"environment {place}" in asked(bob)


def test_a_familys_names_are_asked_about_one_by_one(bob: User, gitlab: Sender) -> None:
    review_apps(gitlab, *range(30))
    deploy(gitlab, "reviewed")
    browser = Client()
    browser.force_login(bob)
    assert 'href="/inbox/names/?team=payments&amp;family=review%2F%2A"' in browser.get(INBOX).content.decode()
    page = asked(bob, FAMILY)
    assert "What is meant by review/…?" in page
    assert "30 names" in page
    assert "review/mr-7 Payments" in text_of(Client(), bob, f"{FAMILY}&page=2")
    assert "reviewed" not in page


def test_lines_that_do_not_fit_are_counted_and_can_be_seen(bob: User, gitlab: Sender) -> None:
    for number in range(26):
        deploy(gitlab, f"lab-{number:02}")
    deploy(gitlab, "prod-us-east")
    page = asked(bob)
    assert "27 names" in page
    assert page.index("prod-us-east") < page.index("lab-00"), "what looks like ours is asked about first"
    assert "7 more are not shown here." in page
    assert "lab-25" not in page
    assert "7 more are not shown here." in asked(bob, "/teams/payments/sources/")
    assert "Page 1 of 2" in asked(bob, NAMES)
    assert "lab-25" in asked(bob, f"{NAMES}?team=payments&page=2")


@pytest.mark.parametrize("theirs", ["review*", "*", "/*", "review-*"])
def test_what_is_no_family_is_refused_where_it_was_typed(bob: User, gitlab: Sender, theirs: str) -> None:
    browser = Client()
    browser.force_login(bob)
    answer = browser.post("/teams/payments/names/", {"theirs": theirs, "meant": "environment/staging"})
    assert answer.status_code == 422
    assert "Only environments go by families" in answer.content.decode()
    assert not Alias.objects.exists()


@pytest.mark.parametrize("meant", ["service/ledger", "check/lint"])
def test_only_environments_have_families(bob: User, gitlab: Sender, payments: Team, meant: str) -> None:
    browser = Client()
    browser.force_login(bob)
    answer = browser.post("/teams/payments/names/", {"theirs": "acme/*", "meant": meant})
    assert answer.status_code == 422
    with pytest.raises(IntegrityError, match="environments_alone_have_families"), transaction.atomic():
        Alias.objects.create(team=payments, kind="check", theirs="acme/*", created_at=NOON)


@pytest.mark.parametrize("query", ["family=review", "family=*", "team=none", "flavour=x", "page=first"])
def test_what_cannot_be_asked_for_is_told_so(bob: User, query: str) -> None:
    browser = Client()
    browser.force_login(bob)
    assert browser.get(f"{NAMES}?{query}").status_code == 422


def test_where_nothing_waits_the_page_says_so(bob: User, payments: Team) -> None:
    assert "Nothing waits for a name." in asked(bob, NAMES)
    assert "Nothing waits for a name that begins like this." in asked(bob, FAMILY)


def test_vera_reads_and_charlie_sees_none_of_it(vera: User, charlie: User, gitlab: Sender) -> None:
    review_apps(gitlab, *range(3))
    assert "An engineer of Payments can say what is meant." in asked(vera, NAMES)
    assert explain(vera, "review/*", "staging").status_code == 403
    for path in (NAMES, FAMILY):
        assert "review/mr-" not in asked(charlie, path)
        assert "one by one" not in asked(charlie, path)
        assert Client().get(path).status_code == 302
    assert explain(charlie, "review/*", "staging").status_code == 404
    assert not Alias.objects.exists()


@pytest.mark.parametrize(("path", "queries"), [(NAMES, 9), (INBOX, 13)])
def test_the_question_takes_the_same_number_of_queries_for_few_names_and_for_many(
    bob: User,
    ci: Client,
    gitlab: Sender,
    settings: Settings,
    django_assert_num_queries: DjangoAssertNumQueries,
    path: str,
    queries: int,
) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    browser = Client()
    browser.force_login(bob)
    for count in (1, 6):
        review_apps(gitlab, *range(count * 10, count * 10 + 3))
        for number in range(count):
            deploy(gitlab, f"lab-{count}{number}")
            send(ci, service=f"unknown-{count}{number}")
            job = {"id": 7, "stage": "x", "name": f"nightly {count}{number}", "status": "success"}
            gitlab.deliver("Pipeline Hook", payloads.gitlab_pipeline(job))
        with django_assert_num_queries(queries):
            browser.get(path)
