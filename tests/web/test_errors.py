"""What goes wrong, as pages that help."""

import re

import pytest
from django.db import OperationalError
from django.http import HttpRequest
from django.test import Client

from releasedesk.accounts.models import User
from tests.builders import make_service

pytestmark = pytest.mark.django_db


def signed_in(user: User, *, enforce_csrf_checks: bool = False) -> Client:
    client = Client(enforce_csrf_checks=enforce_csrf_checks, raise_request_exception=False)
    client.force_login(user)
    return client


def test_an_address_with_nothing_at_it_helps_on(alice: User) -> None:
    answer = signed_in(alice).get("/nothing/here/")
    assert answer.status_code == 404
    assert "There is nothing at this address." in answer.content.decode()
    assert 'href="/"' in answer.content.decode()


def test_a_mistyped_service_is_answered_with_the_near_one(alice: User) -> None:
    make_service("checkout-api")
    answer = signed_in(alice).get("/services/chekout-api/")
    assert answer.status_code == 404
    assert "checkout-api" in answer.content.decode()


def test_a_filter_that_does_not_exist_is_refused_in_words(alice: User) -> None:
    answer = signed_in(alice).get("/?colour=red")
    assert answer.status_code == 422
    assert "There is no filter &#x27;colour&#x27;." in answer.content.decode()


def test_under_the_api_it_is_a_problem_document(db: None) -> None:
    answer = Client().get("/api/v1/nothing")
    assert answer.status_code == 404
    assert answer["Content-Type"] == "application/problem+json"


def test_a_database_that_is_away_says_when_to_come_back(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = signed_in(alice)

    def away(*args: object, **how: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("releasedesk.web.board.board", away)
    answer = browser.get("/")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    assert "Nothing was stored" in answer.content.decode()


def test_a_fault_of_ours_names_the_request_it_is_logged_under(
    alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(alice)

    def broken(*args: object, **how: object) -> None:
        raise ValueError("a secret detail")

    monkeypatch.setattr("releasedesk.web.board.board", broken)
    answer = browser.get("/", headers={"X-Request-ID": "abc12345"})
    assert answer.status_code == 500
    assert "abc12345" in answer.content.decode()
    assert "a secret detail" not in answer.content.decode()


OLD_FORM = {"title": "an hour's <b>work</b>", "csrfmiddlewaretoken": "x" * 64, "password": "hunter2"}


def test_a_form_from_an_old_page_of_ours_is_kept_and_can_be_sent_again(alice: User) -> None:
    make_service()
    browser = signed_in(alice, enforce_csrf_checks=True)
    answer = browser.post("/services/checkout-api/plan/", OLD_FORM, headers={"Sec-Fetch-Site": "same-origin"})
    text = answer.content.decode()
    assert answer.status_code == 403
    assert "an hour&#x27;s &lt;b&gt;work&lt;/b&gt;" in text
    assert "hunter2" not in text
    token = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', text)
    assert token
    again = browser.post("/services/checkout-api/plan/", {**OLD_FORM, "csrfmiddlewaretoken": token[1]})
    assert again.status_code == 422  # it came through: now it is judged, and lacks its version


def test_a_strangers_form_is_refused_and_shown_nothing(alice: User) -> None:
    browser = signed_in(alice, enforce_csrf_checks=True)
    answer = browser.post("/locks/", OLD_FORM, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert "work" not in answer.content.decode()


@pytest.mark.parametrize("path", ["/services/%00/", "/services/%00/rollback/production.txt", "/teams/%00/"])
def test_a_nul_in_an_address_names_nothing(alice: User, path: str) -> None:
    assert signed_in(alice).get(path).status_code == 404


def test_a_page_whose_database_is_away_says_so_and_asks_it_no_second_time(
    client: Client, bob: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries = []

    def away(request: HttpRequest) -> None:
        tries.append(request.path)
        raise OperationalError("the connection is lost")

    client.force_login(bob)
    monkeypatch.setattr("django.contrib.auth.middleware.get_user", away)
    for path, told in (
        ("/", "Try again in 5 s."),
        ("/services/checkout-api/rollback/production/", "Do not wait for the desk: go on by the steps"),
    ):
        tries.clear()
        answer = client.get(path)
        assert answer.status_code == 503
        assert told in answer.content.decode()
        assert tries == [path]


def test_who_puts_two_slashes_before_the_path_is_answered_as_a_machine(db: None) -> None:
    answer = Client().post("/", b"{}", content_type="application/json", PATH_INFO="//api/v1/events")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["detail"].endswith("/api/v1/events may be meant.")
