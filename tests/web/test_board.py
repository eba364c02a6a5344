"""The board as a page: its parts, its filters, and what a refresh costs."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from structlog.testing import capture_logs

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import Actor
from releasedesk.catalog.models import Environment
from releasedesk.reports.board import board
from releasedesk.reports.board_filters import ONLY, Filters
from releasedesk.web.board import read_ahead
from tests.builders import (
    NOON,
    make_deployment,
    make_release,
    make_service,
    make_snapshot,
    make_team,
    minutes,
    requests_of,
)
from tests.conftest import Clock

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client, alice: User, clock: Clock) -> Client:
    """Alice's browser, five minutes past noon."""
    client.force_login(alice)
    return client


def read(page: Client, address: str = "/", **headers: str) -> str:
    answer = page.get(address, headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def shown(text: str) -> list[str]:
    """The services in the order of the rows."""
    return re.findall(r'<th class="svc" scope="row">\s*<a href="/services/([^/]+)/', text)


def test_each_tally_leads_to_what_it_counts(page: Client, alice: User) -> None:
    make_deployment(make_service("checkout-api"))
    make_deployment(make_service("settled"), at=NOON - timedelta(days=40))
    make_service("planned")
    text = read(page)
    links = re.findall(r'<a href="(/\?[^"]+)"><b[^>]*>(\d+)[^<]*</b>([^<]+)</a>', text)
    assert [words for _, _, words in links] == [
        "shipped today",
        "measured after shipping",
        "regressed in production",
        "cannot be rolled back yet",
        "post-ship notes due",
    ]
    assert {link.removeprefix("/?only=") for link, _, _ in links if "only" in link} == set(ONLY)
    found = {words: shown(read(page, link.replace("&amp;", "&"))) for link, _, words in links}
    assert found["shipped today"] == ["checkout-api"]
    assert found["cannot be rolled back yet"] == ["checkout-api", "settled"]
    assert found["post-ship notes due"] == ["checkout-api"]
    assert found["regressed in production"] == []


def test_a_tally_keeps_the_filters_that_are_set(page: Client) -> None:
    make_deployment(make_service("checkout-api"))
    text = read(page, "/?team=payments&mine=1&sort=attention")
    assert 'href="/?team=payments&amp;only=notes_due&amp;sort=attention&amp;mine=1"' in text


def test_by_attention_the_rows_stand_without_their_teams(page: Client) -> None:
    make_service("a-quiet-one")
    make_deployment(make_service("indexer", make_team("search")))
    assert shown(read(page)) == ["a-quiet-one", "indexer"]
    text = read(page, "/?sort=attention")
    assert shown(text) == ["indexer", "a-quiet-one"]
    assert 'scope="rowgroup"' not in text


@pytest.mark.parametrize("query", ["team=paymints", "state=good", "colour=red", "only=x", "sort=x", "mine=2"])
def test_a_filter_that_does_not_exist_is_refused(page: Client, query: str) -> None:
    assert page.get(f"/?{query}").status_code == 422


def test_a_refresh_of_what_has_not_changed_is_a_304_in_one_query_beside_the_session(
    page: Client, django_assert_num_queries: Any
) -> None:
    make_deployment(make_service())
    etag = page.get("/?team=payments").headers["ETag"]
    with django_assert_num_queries(4):  # session, user, memberships, version
        answer = page.get("/?team=payments", headers={"If-None-Match": etag, "HX-Request": "true"})
    assert (answer.status_code, answer.content) == (304, b"")


def test_the_page_takes_six_queries_and_then_four_and_a_refresh_one_less(
    page: Client, django_assert_num_queries: Any
) -> None:
    for number in range(5):
        service = make_service(f"service-{number}")
        make_deployment(service)
        make_snapshot(make_release(service), "after")
    who = 3  # session, user, memberships
    with django_assert_num_queries(who + 6):
        read(page)
    with django_assert_num_queries(who + 4):
        read(page)
    with django_assert_num_queries(who + 3):  # a fragment has no list of teams
        page.get("/", headers={"HX-Request": "true"})


def test_a_process_that_has_read_ahead_begins_as_it_goes_on(
    page: Client, django_assert_num_queries: Any
) -> None:
    make_deployment(make_service())
    read_ahead()
    with django_assert_num_queries(3 + 4):
        read(page)


def test_without_a_database_a_process_begins_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OperationalError("the server is away")

    monkeypatch.setattr("releasedesk.web.board.board", refuse)
    with capture_logs() as logged:
        read_ahead()
    assert [one["event"] for one in logged] == ["board_not_read_ahead"]


def test_a_team_that_is_renamed_has_its_new_name_at_once(page: Client, payments: Team) -> None:
    make_deployment(make_service())
    assert "Payments" in read(page)
    Team.objects.update(name="Money")
    assert "Money" in read(page)


def test_what_is_kept_words_its_times_anew(page: Client, clock: Clock) -> None:
    make_deployment(make_service(), at=NOON)
    assert "5 min ago" in read(page)
    clock.tick(2)
    assert "7 min ago" in read(page)
    clock.tick(120)
    assert "today 12:00" in read(page)
    clock.tick(24 * 60)
    assert "yesterday 12:00" in read(page)


def test_a_fragment_is_the_changing_part_alone(page: Client) -> None:
    make_deployment(make_service())
    text = read(page, **{"HX-Request": "true"})
    assert "<html" not in text
    assert 'id="live"' in text
    assert "The board has changed." in text


def test_not_measured_does_not_look_like_fine(page: Client) -> None:
    make_deployment(make_service("unmeasured"))
    measured = make_service("fine")
    make_deployment(measured)
    for phase in ("before", "after"):
        make_snapshot(make_release(measured), phase, requests=requests_of(5000))
    text = read(page)
    assert '<use href="#ask"/></svg>not measured' in text
    assert '<use href="#same"/></svg>no change' in text


def test_without_an_environment_the_page_says_what_to_do(page: Client) -> None:
    make_service()
    Environment.objects.all().delete()
    assert "PUT /api/v1/environments/production" in read(page)


def test_a_long_list_of_needs_is_cut_and_says_so(page: Client, alice: User, clock: Clock) -> None:
    for number in range(45):
        make_deployment(make_service(f"service-{number:02d}"), at=NOON - minutes(number))
    needs = board(Filters(), actor=alice.as_actor(), now=clock.now).needs
    assert f"And {len(needs) - 40} more" in read(page)


def test_names_are_shown_as_text(page: Client) -> None:
    make_team("payments")
    make_deployment(make_service(), actor=Actor("<script>alert(1)</script>", superuser=True))
    text = read(page)
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
