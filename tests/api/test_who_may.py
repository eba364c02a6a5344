"""Who may come in at which door: tokens, scopes, teams, sessions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from releasedesk.accounts.models import Team, User
from releasedesk.actions.tokens import issue_token
from releasedesk.catalog.models import Service, Token
from releasedesk.deliveries.models import Delivery
from tests.api.asking import CHECKOUT, JSON, RELEASE, problem, rows, send
from tests.api.conftest import signed_in
from tests.builders import (
    NOON,
    PLAN,
    event,
    make_plan,
    make_release,
    make_service,
    make_team,
    make_token,
    snapshot_body,
)
from tests.conftest import Clock

REHEARSAL = {
    "environment": "staging",
    "started_at": "2026-11-23T11:00:00Z",
    "finished_at": "2026-11-23T11:01:48Z",
    "outcome": "succeeded",
}
READING = [
    CHECKOUT,
    f"{CHECKOUT}/rollback-plan",
    f"{CHECKOUT}/rollback?environment=production",
    f"{CHECKOUT}/releases",
    RELEASE,
    f"{RELEASE}/snapshots",
    f"{RELEASE}/comparison?environment=production",
    f"{RELEASE}/rollback-plan",
    f"{RELEASE}/note",
]
WRITING: list[tuple[str, str, dict[str, Any]]] = [
    ("PUT", CHECKOUT, {"name": "Checkout"}),
    ("PATCH", CHECKOUT, {"name": "Checkout"}),
    ("PUT", f"{CHECKOUT}/rollback-plan", {**PLAN, "data": "lost"}),
    ("PUT", RELEASE, {"title": "x"}),
    ("PATCH", RELEASE, {"title": "x"}),
    ("PUT", f"{CHECKOUT}/releases/2.0", {"title": "x"}),
    ("POST", f"{RELEASE}/snapshots", snapshot_body()),
    ("PUT", f"{RELEASE}/rollback-plan", {**PLAN, "data": "lost"}),
    ("POST", f"{RELEASE}/rehearsals", REHEARSAL),
    ("PUT", f"{RELEASE}/note", {"reason": "x"}),
]
NAMES = [f"{method} {path.removeprefix('/api/v1')}" for method, path, _ in WRITING]


@pytest.fixture(autouse=True)
def _a_planned_release(checkout: Service) -> None:
    make_plan(checkout)
    make_release(checkout)


def bearer(token: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {token}"})


def write(client: Client, door: tuple[str, str, dict[str, Any]]) -> Any:
    method, path, body = door
    return client.generic(method, path, json.dumps(body), content_type=JSON)


# -- nobody


@pytest.mark.parametrize("path", READING)
def test_a_stranger_reads_nothing(stranger: Client, path: str) -> None:
    response = stranger.get(path)
    problem(response, 401, "not-authenticated")
    assert response["WWW-Authenticate"] == 'Bearer realm="releasedesk"'


@pytest.mark.parametrize(
    "door", [*WRITING, ("POST", "/api/v1/events", event())], ids=[*NAMES, "POST /events"]
)
def test_a_stranger_writes_nothing(stranger: Client, door: tuple[str, str, dict[str, Any]]) -> None:
    before = rows()
    problem(write(stranger, door), 401, "not-authenticated")
    assert (rows(), Delivery.objects.count()) == (before, 0)


@pytest.mark.parametrize(
    "header",
    [
        "Bearer",
        "Bearer ",
        "Bearer x",
        "Bearer rdk_",
        "Bearer rdk_a_b",
        "Bearer rdk_é_b",
        "Basic YTpi",
        "Bearer a b",
        "x",
    ],
)
def test_a_token_that_is_none_is_refused(header: str) -> None:
    problem(Client(headers={"Authorization": header}).get(CHECKOUT), 401, "not-authenticated")


def test_a_token_with_another_secret_is_refused(ci_token: str) -> None:
    response = bearer(ci_token[:-1] + ("a" if ci_token[-1] != "a" else "b")).get(CHECKOUT)
    problem(response, 401, "not-authenticated")
    assert 'error="invalid_token"' in response["WWW-Authenticate"]


def test_a_revoked_token_is_refused(ci: Client, clock: Clock) -> None:
    assert ci.get(CHECKOUT).status_code == 200
    Token.objects.update(revoked_at=clock.now)
    problem(ci.get(CHECKOUT), 401, "not-authenticated")


def test_a_token_ends_with_its_expiry(payments: Team, clock: Clock) -> None:
    expires = clock.now + timedelta(days=1)
    _, text = issue_token(
        payments, service=None, scopes=["read"], name="ci", created_by="alice", now=NOON, expires_at=expires
    )
    assert bearer(text).get(CHECKOUT).status_code == 200
    clock.now = expires
    problem(bearer(text).get(CHECKOUT), 401, "not-authenticated")


def test_a_tokens_last_use_is_written_down_at_most_once_a_minute(ci: Client, clock: Clock) -> None:
    ci.get(CHECKOUT)
    first = Token.objects.get().last_used_at
    clock.tick(0.5)
    ci.get(CHECKOUT)
    assert Token.objects.get().last_used_at == first
    clock.tick(0.5)
    ci.get(CHECKOUT)
    assert Token.objects.get().last_used_at == clock.now


def test_too_many_failed_authentications_are_refused_but_nobody_is_locked_out(
    ci: Client, settings: Settings
) -> None:
    settings.THROTTLE_FAILED_AUTH_PER_MINUTE = 3
    wrong = bearer("rdk_a_b")
    for _ in range(3):
        problem(wrong.get(CHECKOUT), 401)
    refused = wrong.get(CHECKOUT)
    problem(refused, 429, "throttled")
    assert 1 <= int(refused["Retry-After"]) <= 60
    assert ci.get(CHECKOUT).status_code == 200, "another sender behind the same address"


def test_a_token_that_asks_too_often_is_refused(ci: Client, settings: Settings) -> None:
    settings.THROTTLE_TOKEN_PER_MINUTE = 2
    assert [ci.get(CHECKOUT).status_code for _ in range(3)] == [200, 200, 429]


# -- scopes


@pytest.mark.parametrize("door", WRITING, ids=NAMES)
def test_a_token_that_may_only_read_writes_nothing(
    payments: Team, door: tuple[str, str, dict[str, Any]]
) -> None:
    before = rows()
    document = problem(
        write(bearer(make_token(payments, scopes=["read", "events:write"])), door), 403, "forbidden"
    )
    assert "'releases:write'" in document["detail"]
    assert rows() == {**before, "catalog.Token": before["catalog.Token"] + 1}


def test_a_token_that_may_only_plan_sends_no_events(payments: Team) -> None:
    document = problem(send(bearer(make_token(payments, scopes=["releases:write"]))), 403, "forbidden")
    assert "'events:write'" in document["detail"]


@pytest.mark.parametrize("path", READING)
def test_a_token_that_may_only_write_reads_nothing(payments: Team, path: str) -> None:
    problem(bearer(make_token(payments, scopes=["releases:write"])).get(path), 403, "forbidden")


# -- another team


@pytest.mark.parametrize("path", READING)
def test_another_teams_token_reads_nothing(path: str) -> None:
    problem(bearer(make_token(make_team("search"))).get(path), 403, "forbidden")


@pytest.mark.parametrize("door", WRITING, ids=NAMES)
def test_another_teams_token_writes_nothing(door: tuple[str, str, dict[str, Any]]) -> None:
    client = bearer(make_token(make_team("search")))
    before = rows()
    problem(write(client, door), 403, "forbidden")
    assert rows() == before


def test_another_teams_token_reports_nothing() -> None:
    client = bearer(make_token(make_team("search")))
    before = rows()
    problem(send(client), 403, "forbidden")
    assert rows() == before


def test_another_teams_token_lists_only_its_own(checkout: Service) -> None:
    search = make_team("search")
    make_service("search-api", search)
    found = bearer(make_token(search)).get("/api/v1/services").json()
    assert [row["slug"] for row in found["results"]] == ["search-api"]
    near = problem(bearer(make_token(search)).get("/api/v1/services/check"), 404)
    assert "checkout-api" not in str(near)


@pytest.mark.parametrize("path", READING)
def test_a_services_token_reads_no_other_service(payments: Team, path: str) -> None:
    other = make_service("ledger", payments)
    problem(bearer(make_token(payments, other)).get(path), 403, "forbidden")


@pytest.mark.parametrize("door", WRITING, ids=NAMES)
def test_a_services_token_writes_no_other_service(
    payments: Team, door: tuple[str, str, dict[str, Any]]
) -> None:
    client = bearer(make_token(payments, make_service("ledger", payments)))
    before = rows()
    problem(write(client, door), 403, "forbidden")
    assert rows() == before


def test_a_services_token_loses_a_service_that_moves_away(payments: Team, checkout: Service) -> None:
    client = bearer(make_token(payments, checkout))
    assert client.get(CHECKOUT).status_code == 200
    Service.objects.update(team=make_team("search"))
    problem(client.get(CHECKOUT), 403, "forbidden")
    problem(send(client), 403, "forbidden")


# -- people


@pytest.mark.parametrize("door", WRITING, ids=NAMES)
def test_a_viewer_reads_and_writes_nothing(vera: User, door: tuple[str, str, dict[str, Any]]) -> None:
    client = signed_in(vera)
    assert client.get(RELEASE).status_code == 200
    before = rows()
    document = problem(write(client, door), 403, "forbidden")
    assert "Ask an engineer" in document["detail"]
    assert rows() == before


@pytest.mark.parametrize("door", WRITING, ids=NAMES)
def test_charlie_reads_and_writes_nothing(as_charlie: Client, door: tuple[str, str, dict[str, Any]]) -> None:
    assert as_charlie.get(RELEASE).status_code == 200
    before = rows()
    problem(write(as_charlie, door), 403, "forbidden")
    assert rows() == before


@pytest.mark.parametrize("door", WRITING, ids=NAMES)
def test_an_engineer_of_the_team_writes(as_bob: Client, door: tuple[str, str, dict[str, Any]]) -> None:
    assert write(as_bob, door).status_code in {200, 201}


@pytest.mark.parametrize("door", WRITING, ids=NAMES)
def test_a_session_needs_its_csrf_token(as_bob: Client, door: tuple[str, str, dict[str, Any]]) -> None:
    client = Client(enforce_csrf_checks=True)
    client.cookies = as_bob.cookies
    before = rows()
    document = problem(write(client, door), 403, "forbidden")
    assert "CSRF" in document["detail"]
    assert rows() == before


def test_a_person_who_left_is_a_stranger(as_bob: Client, bob: User) -> None:
    bob.is_active = False
    bob.save()
    problem(as_bob.get(CHECKOUT), 401, "not-authenticated")
