"""Locks and the inbox, as simple lists."""

import json
from typing import Any

import pytest
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.releases.models import Lock
from tests.builders import event, make_service, make_token

pytestmark = pytest.mark.django_db


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.mark.parametrize("path", ["/locks/", "/inbox/"])
def test_a_stranger_is_sent_to_the_login(db: None, path: str) -> None:
    answer = Client().get(path)
    assert answer.status_code == 302
    assert answer["Location"] == f"/accounts/login/?next={path}"


def test_bob_locks_his_teams_service_and_ends_the_lock(bob: User) -> None:
    make_service()
    browser = signed_in(bob)
    answer = browser.post(
        "/locks/",
        {"service": "checkout-api", "environment": "production", "kind": "block", "reason": "audit today"},
    )
    assert answer.status_code == 302
    lock = Lock.objects.get()
    assert lock.scope == "checkout-api in production"
    assert lock.created_by == "bob"
    assert "audit today" in browser.get("/locks/").content.decode()
    assert browser.post(f"/locks/{lock.pk}/release/").status_code == 302
    lock.refresh_from_db()
    assert lock.released_by == "bob"


def test_charlie_sees_the_lock_and_may_not_end_it(bob: User, charlie: User) -> None:
    make_service()
    signed_in(bob).post("/locks/", {"service": "checkout-api", "kind": "block", "reason": "audit"})
    lock = Lock.objects.get()
    browser = signed_in(charlie)
    text = browser.get("/locks/").content.decode()
    assert "audit" in text
    assert "End this lock" not in text
    assert browser.post(f"/locks/{lock.pk}/release/").status_code == 403
    refused = browser.post("/locks/", {"service": "checkout-api", "kind": "block", "reason": "no"})
    assert refused.status_code == 403
    assert Lock.objects.count() == 1


def test_all_services_at_once_need_a_lead(alice: User, bob: User) -> None:
    everything = {"service": "", "environment": "", "kind": "warn", "reason": "the year's last week"}
    assert signed_in(bob).post("/locks/", everything).status_code == 403
    assert signed_in(alice).post("/locks/", everything).status_code == 302


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"reason": ""}, "A lock needs its reason."),
        ({"until": "2020-01-01T10:00"}, "This has passed."),
        ({"until": "soon"}, "Not a time."),
        ({"environment": "prod"}, "No environment is called"),
    ],
)
def test_what_is_wrong_with_a_lock_stands_at_its_field_and_nothing_typed_is_lost(
    bob: User, typed: dict[str, str], said: str
) -> None:
    make_service()
    fields = {"service": "checkout-api", "kind": "block", "reason": "because of <b>the audit</b>", **typed}
    answer = signed_in(bob).post("/locks/", fields)
    text = answer.content.decode()
    assert answer.status_code == 422
    assert said in text
    assert "<b>the audit" not in text
    assert typed.get("reason", "because of &lt;b&gt;the audit") in text
    assert not Lock.objects.exists()


def test_a_session_that_ended_keeps_what_was_typed(bob: User) -> None:
    answer = Client().post("/locks/", {"reason": "a long reason", "kind": "block", "service": ""})
    assert "a long reason" in answer.content.decode()


def send(token: str, body: object) -> None:
    machine = Client(headers={"Authorization": f"Bearer {token}"})
    machine.post("/api/v1/events", data=json.dumps(body), content_type="application/json")


def test_the_inbox_shows_what_was_refused_with_the_words_ci_saw(alice: User, ci_token: str) -> None:
    send(ci_token, event(environment="prod"))
    send(ci_token, event(url="https://ci.example/<script>alert(1)</script>"))
    text = signed_in(alice).get("/inbox/").content.decode()
    assert "No environment is called &#x27;prod&#x27;." in text
    assert "one of: staging, production" in text
    assert "<script>alert" not in text


def test_the_inbox_shows_what_waits_for_its_service(alice: User, payments: Team) -> None:
    token = make_token(payments, make_service())
    send(token, event(service="ledgr"))
    text = signed_in(alice).get("/inbox/?outcome=unmatched").content.decode()
    assert "No service is called &#x27;ledgr&#x27;." in text
    assert "a new service: register ledgr" in text
    assert "ledgr" not in signed_in(alice).get("/inbox/?outcome=applied").content.decode()


def test_charlie_does_not_see_the_inbox_of_payments(charlie: User, ci_token: str) -> None:
    send(ci_token, event(environment="prod"))
    assert "prod" not in signed_in(charlie).get("/inbox/").content.decode().split("<main", 1)[1]


def test_an_outcome_that_does_not_exist_and_a_page_too_high_are_answered_in_words(alice: User) -> None:
    browser = signed_in(alice)
    unknown = browser.get("/inbox/?outcome=lost")
    assert unknown.status_code == 422
    assert "No outcome is called" in unknown.content.decode()
    assert browser.get("/inbox/?page=9").status_code == 404
    assert browser.get("/inbox/?page=first").status_code == 422


def test_the_inbox_takes_the_same_number_of_queries_for_one_and_for_many(
    alice: User, ci_token: str, django_assert_num_queries: Any
) -> None:
    browser = signed_in(alice)
    for count in (1, 20):
        for _ in range(count):
            send(ci_token, event())
        # session, user, memberships, count, rows, what waits, the sources, those of the rows
        with django_assert_num_queries(8):
            browser.get("/inbox/")
