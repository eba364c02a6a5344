"""The way back for a terminal."""

import pytest
from django.db import OperationalError
from django.test import Client

from releasedesk.accounts.models import Team, User
from tests.builders import NOON, make_deployment, make_plan, make_service, make_team, make_token, minutes

pytestmark = pytest.mark.django_db
PATH = "/services/checkout-api/rollback/production.txt"
BROWSER = {"User-Agent": "Mozilla/5.0", "Accept": "text/html"}


@pytest.fixture
def two_releases(payments: Team) -> None:
    service = make_service()
    make_plan(service)
    make_deployment(service, "1.0", at=NOON)
    make_deployment(service, "1.1", at=NOON + minutes(5))


def terminal(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


def test_the_commands_stand_finished_each_on_its_own_line(two_releases: None, ci_token: str) -> None:
    answer = terminal(ci_token).get(PATH)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    text = answer.content.decode()
    assert "    $ make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=1.0\n" in text
    assert all(len(line) <= 80 for line in text.splitlines() if not line.startswith("    $ "))


def test_a_session_reads_it_too_whatever_the_team(two_releases: None, charlie: User) -> None:
    browser = Client()
    browser.force_login(charlie)
    assert "Goes back to  1.0" in browser.get(PATH).content.decode()


def test_a_stranger_at_a_browser_is_sent_to_the_login(two_releases: None) -> None:
    answer = Client(headers=BROWSER).get(PATH)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/accounts/login/?next=")


def test_a_terminal_without_a_token_is_told_what_to_send(two_releases: None) -> None:
    answer = Client(headers={"User-Agent": "curl/8.5"}).get(PATH)
    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert "Send a token: curl -H 'Authorization: Bearer" in answer.content.decode()


def test_a_token_in_the_address_is_no_token(two_releases: None, ci_token: str) -> None:
    assert Client().get(f"{PATH}?token={ci_token}").status_code == 401


def test_charlies_token_is_refused_in_words(two_releases: None) -> None:
    answer = terminal(make_token(make_team("search"))).get(PATH)
    assert answer.status_code == 403
    assert "it belongs to another team" in answer.content.decode()


def test_a_token_that_may_not_read_is_refused(two_releases: None, payments: Team) -> None:
    answer = terminal(make_token(payments, scopes=["events:write"])).get(PATH)
    assert answer.status_code == 403
    assert "scope 'read'" in answer.content.decode()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/services/chekout-api/rollback/production.txt", "checkout-api"),
        ("/services/checkout-api/rollback/prod.txt", "production"),
        (f"{PATH}?to=9.9", "1.0"),
    ],
)
def test_what_does_not_exist_is_answered_with_the_near_names_as_text(
    two_releases: None, ci_token: str, path: str, said: str
) -> None:
    answer = terminal(ci_token).get(path)
    assert answer.status_code == 404
    assert answer["Content-Type"].startswith("text/plain")
    assert said in answer.content.decode()


def test_a_database_that_is_away_is_said_as_text(
    two_releases: None, ci_token: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*args: object, **how: object) -> None:
        raise OperationalError("gone")

    monkeypatch.setattr("releasedesk.web.runbook.way_back", away)
    answer = terminal(ci_token).get(PATH)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert answer["Content-Type"].startswith("text/plain")
    assert "The same may be tried again." in answer.content.decode()
