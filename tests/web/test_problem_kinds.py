"""What the `type` of a problem document leads to."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releasedesk.problems.problem import KINDS
from releasedesk.web.problem_kinds import WHAT_TO_DO


@pytest.mark.django_db
def test_the_type_of_a_refusal_leads_a_stranger_to_what_to_do(client: Client) -> None:
    refused = client.post("/api/v1/events", {}, content_type="application/json").json()
    answer = client.get(refused["type"].removeprefix("http://testserver"))
    text = answer.content.decode()
    assert (answer.status_code, refused["status"]) == (200, 401)
    assert "a token that is known" in text
    assert "it is refused again" in text


def test_every_kind_has_its_page_and_none_has_one_too_many(client: Client) -> None:
    assert set(WHAT_TO_DO) == set(KINDS)
    for kind in KINDS:
        assert client.get(f"/problems/{kind}").status_code == 200, kind
    assert all(f'href="/problems/{kind}"' in client.get("/problems/").content.decode() for kind in KINDS)


@pytest.mark.django_db
def test_another_kind_is_answered_with_near_ones(client: Client) -> None:
    answer = client.get("/problems/invalid-field")
    assert answer.status_code == 404
    assert "invalid-fields" in answer.content.decode()


@pytest.mark.django_db
def test_what_may_be_needed_while_the_database_is_away_asks_it_nothing(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(0):
        assert "may be sent again" in client.get("/problems/unavailable").content.decode()
