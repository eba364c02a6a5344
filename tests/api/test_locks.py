"""Locks and freezes over HTTP."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.catalog.models import Service
from releasedesk.releases.models import Lock
from tests.api.asking import post, problem, rows, sole_error
from tests.api.conftest import signed_in
from tests.builders import NOON, make_service, make_team, make_token
from tests.conftest import Clock

LOCKS = "/api/v1/locks"
AUDIT = {"service": "checkout-api", "environment": "production", "reason": "The bank audits."}
WEEKEND = {"kind": "weekly", "days": ["friday"], "starts": "16:00", "ends": "08:00", "ends_on": "monday"}
YEARS_END = {"kind": "dates", "starts": "2026-12-20T18:00", "ends": "2027-01-03T08:00", "timezone": "UTC"}


def locked(client: Client, **fields: Any) -> dict[str, Any]:
    response = post(client, LOCKS, {**AUDIT, **fields})
    assert response.status_code == 201, response.content
    found: dict[str, Any] = response.json()
    return found


def test_ci_locks_its_service_and_ends_the_lock(ci: Client, checkout: Service, clock: Clock) -> None:
    until = "2026-11-23T18:00:00Z"
    found = locked(ci, until=until)
    assert found["state"] == "holds"
    assert found["holds_until"] == found["until"] == until
    assert (found["kind"], found["source"], found["scope"]) == (
        "block",
        "person",
        "checkout-api in production",
    )
    assert ci.get(found["self"]).json() == found
    ended = ci.delete(found["self"]).json()
    assert (ended["state"], ended["released_by"]) == ("ended", "ci (token)")
    clock.tick(5)
    assert ci.delete(found["self"]).json() == ended
    assert ci.get(LOCKS).json()["results"] == []
    assert [row["id"] for row in ci.get(f"{LOCKS}?ended=true").json()["results"]] == [found["id"]]


def test_another_teams_token_hears_of_no_service_of_ours(checkout: Service) -> None:
    others = Client(headers={"Authorization": f"Bearer {make_token(make_team('search'))}"})
    told = problem(post(others, LOCKS, {**AUDIT, "service": "checkout-ap"}), 422)
    assert "checkout-api" not in str(told["errors"])


def test_a_weekend_freeze_waits_on_the_teams_own_clock(
    ci: Client, payments: Team, checkout: Service, clock: Clock
) -> None:
    Team.objects.update(timezone="Europe/Berlin")
    found = locked(ci, window=WEEKEND)
    assert (found["source"], found["state"], found["holds_until"]) == ("freeze", "waits", None)
    assert found["recurs"] == "every Friday 16:00 to Monday 08:00, Europe/Berlin"
    assert found["next"] == {"starts": "2026-11-27T15:00:00Z", "ends": "2026-11-30T07:00:00Z"}
    clock.now = NOON + timedelta(days=5)  # a Saturday
    there = ci.get(found["self"]).json()
    assert (there["state"], there["holds_until"]) == ("holds", "2026-11-30T07:00:00Z")
    assert there["next"] == {"starts": "2026-12-04T15:00:00Z", "ends": "2026-12-07T07:00:00Z"}


def test_dates_are_over_by_themselves(ci: Client, checkout: Service, clock: Clock) -> None:
    found = locked(ci, window=YEARS_END, kind="warn")
    assert found["until"] == "2027-01-03T08:00:00Z"
    assert found["next"] == {"starts": "2026-12-20T18:00:00Z", "ends": "2027-01-03T08:00:00Z"}
    clock.now = NOON + timedelta(days=50)
    assert ci.get(found["self"]).json()["state"] == "ended"
    assert ci.get(LOCKS).json()["count"] == 0


@pytest.mark.parametrize(
    ("wrong", "pointer", "code"),
    [
        ({"reason": " "}, "#/reason", "required"),
        ({"service": "chekout-api"}, "#/service", "unknown"),
        ({"environment": "prod"}, "#/environment", "unknown"),
        ({"kind": "stop"}, "#/kind", "unknown"),
        ({"until": "2026-11-23T11:00:00Z"}, "#/until", "past"),
        ({"until": "2026-11-24T11:00:00"}, "#/until", "no_zone"),
        ({"window": {**WEEKEND, "days": []}}, "#/window/days", "required"),
        ({"window": {**WEEKEND, "starts": "25:00"}}, "#/window/starts", "time"),
        ({"window": {**WEEKEND, "starts": "16:00Z"}}, "#/window/starts", "zone"),
        ({"window": {**WEEKEND, "timezone": "Europe/Berln"}}, "#/window/timezone", "unknown"),
        ({"window": {**WEEKEND, "ends": "16:00", "ends_on": "friday"}}, "#/window/ends", "endless"),
        ({"window": {**WEEKEND, "yearly": True}}, "#/window/yearly", "differs"),
        ({"window": {**YEARS_END, "days": ["friday"]}}, "#/window/days", "differs"),
        ({"window": {**YEARS_END, "ends": "2026-12-20T18:00"}}, "#/window/ends", "order"),
        ({"window": {**YEARS_END, "ends": "2027-12-20T18:00", "yearly": True}}, "#/window/ends", "range"),
        ({"window": {**YEARS_END, "starts": "0001-01-01T00:00"}}, "#/window/starts", "time"),
        ({"window": {**YEARS_END, "starts": "2020-12-20", "ends": "2021-01-03"}}, "#/window/ends", "past"),
        ({"windows": WEEKEND}, "#/windows", "unknown_field"),
        ({"state": "holds"}, "#/state", "read_only"),
    ],
)
def test_what_is_wrong_with_a_lock_is_said_at_its_place_and_nothing_is_kept(
    ci: Client, checkout: Service, wrong: dict[str, Any], pointer: str, code: str
) -> None:
    before = rows()
    error = sole_error(post(ci, LOCKS, {**AUDIT, **wrong}))
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert error["detail"]
    assert rows() == before


def test_a_zone_that_was_mistyped_is_answered_with_the_near_ones(ci: Client, checkout: Service) -> None:
    error = sole_error(post(ci, LOCKS, {**AUDIT, "window": {**WEEKEND, "timezone": "Europe/Berln"}}))
    assert "Europe/Berlin" in error["expected"]


def test_the_list_narrows_to_what_can_stop_a_service_there(
    ci: Client, alice: User, checkout: Service
) -> None:
    make_service("ledger")
    everything = post(signed_in(alice), LOCKS, {"reason": "Power is cut.", "kind": "warn"}).json()["id"]
    here = locked(ci)["id"]
    other = locked(ci, service="ledger", environment=None)["id"]
    elsewhere = locked(ci, environment="staging")["id"]

    def listed(query: str) -> set[int]:
        return {row["id"] for row in ci.get(f"{LOCKS}?{query}").json()["results"]}

    assert listed("") == {everything, here, other, elsewhere}
    assert listed("service=checkout-api") == {everything, here, elsewhere}
    assert listed("service=checkout-api&environment=production") == {everything, here}
    problem(ci.get(f"{LOCKS}?service=chekout"), 404)
    problem(ci.get(f"{LOCKS}?environment=prod"), 404)
    assert sole_error(ci.get(f"{LOCKS}?ended=perhaps"))["pointer"] == "?ended"


def test_the_same_key_locks_once(ci: Client, checkout: Service) -> None:
    key = {"Idempotency-Key": "freeze-1"}
    first, again = (post(ci, LOCKS, AUDIT, **key) for _ in range(2))
    assert (first.status_code, again.status_code) == (201, 200)
    assert again["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()
    assert Lock.objects.count() == 1
    problem(post(ci, LOCKS, {**AUDIT, "reason": "Another."}, **key), 409)


def test_a_lead_locks_everything_under_a_key_and_a_token_may_not(
    alice: User, ci: Client, checkout: Service
) -> None:
    problem(post(ci, LOCKS, {"reason": "Power is cut."}), 403)
    browser = signed_in(alice)
    answers = [post(browser, LOCKS, {"reason": "Power."}, **{"Idempotency-Key": "k"}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 200]
    assert answers[0].json()["scope"] == "all services in all environments"
    problem(ci.delete(answers[0].json()["self"]), 403)


def test_charlie_reads_every_lock_and_ends_none(ci: Client, as_charlie: Client, checkout: Service) -> None:
    found = locked(ci)
    assert as_charlie.get(found["self"]).json()["reason"] == AUDIT["reason"]
    problem(as_charlie.delete(found["self"]), 403)
    problem(post(as_charlie, LOCKS, AUDIT), 403)
    assert Lock.objects.get().released_at is None


def test_a_token_of_another_team_sees_and_ends_nothing(ci: Client, checkout: Service) -> None:
    found = locked(ci)
    theirs = Client(headers={"Authorization": f"Bearer {make_token(make_team('search'))}"})
    problem(theirs.get(found["self"]), 404)
    assert theirs.get(LOCKS).json()["results"] == []
    problem(theirs.delete(found["self"]), 403)
    problem(theirs.get(f"{LOCKS}?service=checkout-api"), 403)


def test_a_token_needs_the_scope_and_a_stranger_a_token(
    payments: Team, checkout: Service, stranger: Client
) -> None:
    reader = Client(headers={"Authorization": f"Bearer {make_token(payments, scopes=['read'])}"})
    assert reader.get(LOCKS).status_code == 200
    problem(post(reader, LOCKS, AUDIT), 403)
    problem(stranger.get(LOCKS), 401)
    problem(post(stranger, LOCKS, AUDIT), 401)


def test_a_lock_that_does_not_exist_is_not_found(ci: Client) -> None:
    problem(ci.get(f"{LOCKS}/4711"), 404)
    problem(ci.delete(f"{LOCKS}/4711"), 404)


def test_the_list_costs_the_same_for_one_and_for_many(
    ci: Client, checkout: Service, django_assert_num_queries: Any
) -> None:
    ci.get(LOCKS)
    for count in (1, 12):
        for _ in range(count):
            locked(ci, window=WEEKEND)
        with django_assert_num_queries(3):  # token, count, rows
            ci.get(LOCKS)
