"""A token goes straight to its view; one that was proved a moment ago is not looked up again for an event."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from releasedesk.catalog.models import Scope, Service, Token
from tests.api.asking import CHECKOUT, JSON, problem, send, send_raw
from tests.conftest import Clock


def test_an_event_by_a_known_token_is_one_statement(
    ci: Client, checkout: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    assert send(ci).status_code == 201
    with django_assert_num_queries(3):  # two of them are a savepoint, as a test is a transaction
        assert send(ci, environment="staging").status_code == 201


@pytest.mark.parametrize("raw", [None, b"{", b"[]", b'{"id": 1}'])
def test_a_revoked_token_is_refused_at_once_whatever_it_sends(
    ci: Client, checkout: Service, clock: Clock, raw: bytes | None
) -> None:
    assert send(ci).status_code == 201
    Token.objects.update(revoked_at=clock.now)
    answer = send(ci) if raw is None else send_raw(ci, raw)
    problem(answer, 401, "not-authenticated")


def test_a_token_that_has_just_expired_is_refused(ci: Client, checkout: Service, clock: Clock) -> None:
    assert send(ci).status_code == 201
    Token.objects.update(expires_at=clock.now)
    problem(send(ci), 401, "not-authenticated")


def test_a_token_that_lost_its_scope_is_refused(ci: Client, checkout: Service) -> None:
    assert send(ci).status_code == 201
    Token.objects.update(scopes=[Scope.READ])
    problem(send(ci), 403, "forbidden")


def test_a_known_token_is_looked_up_again_after_a_minute(ci: Client, checkout: Service, clock: Clock) -> None:
    send(ci)
    clock.tick(0.9)
    send(ci)
    assert Token.objects.get().last_used_at == clock.now - timedelta(minutes=0.9)
    clock.tick(0.1)
    send(ci)
    assert Token.objects.get().last_used_at == clock.now


def test_a_known_token_may_not_ask_more_often_than_others(
    ci: Client, checkout: Service, settings: Settings
) -> None:
    settings.THROTTLE_TOKEN_PER_MINUTE = 3
    assert [send(ci).status_code for _ in range(4)] == [201, 201, 201, 429]


def test_a_host_that_is_not_ours_is_refused(ci: Client, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["desk.example"]
    answer = ci.get(CHECKOUT, headers={"Host": "elsewhere.example"})
    problem(answer, 400, "bad-request")


def test_what_is_not_served_is_a_problem_as_for_everybody(ci: Client) -> None:
    problem(ci.get("/api/v1/nothing"), 404, "not-found")


def test_an_answer_says_how_long_it_is_and_keeps_its_headers(ci: Client, checkout: Service) -> None:
    answer = ci.get(CHECKOUT, headers={"Accept": JSON})
    assert int(answer["Content-Length"]) == len(answer.content)
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Request-ID"]
