"""Rollback plans and their rehearsals at the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Service
from releasedesk.deliveries.models import Delivery
from releasedesk.rollbacks.models import Plan, Rehearsal
from tests.api.asking import CHECKOUT, RELEASE, post, problem, put, rows, sole_error
from tests.builders import PLAN, make_plan, make_release, make_service

STANDING, OWN, REHEARSALS = f"{CHECKOUT}/rollback-plan", f"{RELEASE}/rollback-plan", f"{RELEASE}/rehearsals"
REHEARSED: dict[str, Any] = {
    "environment": "staging",
    "started_at": "2026-11-23T11:00:00Z",
    "finished_at": "2026-11-23T11:01:48Z",
    "outcome": "succeeded",
    "command": "releasedesk rehearse",
    "steps": [{"exit_code": 0, "seconds": 70.5, "output_tail": "done"}, {"exit_code": None, "seconds": None}],
}


@pytest.fixture(autouse=True)
def _a_release(checkout: Service) -> None:
    make_release(checkout)


def with_step(**step: Any) -> dict[str, Any]:
    return {**PLAN, "steps": [{"instruction": "Go back", **step}]}


@pytest.mark.parametrize("path", [STANDING, OWN])
def test_a_plan_is_answered_as_it_was_written(ci: Client, bob: User, path: str) -> None:
    problem(ci.get(path), 404, "not-found")
    response = put(ci, path, {**PLAN, "owner": "bob", "stand_in": "bob", "data_note": "Sessions are lost."})
    assert response.status_code == 201
    assert response.json() == {
        "plan_version": 1,
        "inherited": False,
        "owner": "bob",
        "stand_in": "bob",
        "data": "comes_back",
        "data_note": "Sessions are lost.",
        "triggers": PLAN["triggers"],
        "steps": [{"check": None, "expected": None, "irreversible": False, **step} for step in PLAN["steps"]],
        "created_by": "ci (token)",
        "created_at": "2026-11-23T12:05:00Z",
    }
    assert ci.get(path).json() == response.json()


@pytest.mark.parametrize("path", [STANDING, OWN])
def test_an_equal_text_makes_no_new_version(ci: Client, path: str) -> None:
    put(ci, path, PLAN)
    again = put(ci, path, {**PLAN, "data_note": None})
    assert (again.status_code, again.json()["plan_version"], Plan.objects.count()) == (200, 1, 1)


def test_what_a_step_is_expected_to_print_is_part_of_the_text(ci: Client) -> None:
    put(ci, OWN, with_step(command="deploy"))
    changed = put(ci, OWN, with_step(command="deploy", expected="rolled out"))
    assert (changed.status_code, changed.json()["steps"][0]["expected"]) == (201, "rolled out")
    assert put(ci, OWN, with_step(command="deploy", expected="rolled out")).status_code == 200


def test_another_owner_alone_makes_no_new_version(ci: Client, bob: User) -> None:
    put(ci, OWN, PLAN)
    changed = put(ci, OWN, {**PLAN, "owner": "bob"})
    assert (changed.status_code, changed.json()["owner"], Plan.objects.count()) == (200, "bob", 1)


@pytest.mark.parametrize(
    "change",
    [
        {"data": "lost"},
        {"data_note": "x"},
        {"triggers": []},
        {"steps": PLAN["steps"][:1]},
        {"steps": PLAN["steps"][::-1]},
        {"steps": [{**PLAN["steps"][0], "irreversible": True}, PLAN["steps"][1]]},
    ],
    ids=str,
)
def test_another_text_makes_a_new_version(ci: Client, change: dict[str, Any]) -> None:
    put(ci, OWN, PLAN)
    changed = put(ci, OWN, {**PLAN, **change})
    assert (changed.status_code, changed.json()["plan_version"]) == (201, 2)
    assert ci.get(OWN).json() == changed.json()
    assert put(ci, OWN, PLAN).json()["plan_version"] == 3, "going back to a text is a change too"


def test_a_release_without_a_plan_of_its_own_inherits_the_standing_one(ci: Client) -> None:
    put(ci, STANDING, PLAN)
    assert (ci.get(OWN).json()["inherited"], ci.get(OWN).json()["plan_version"]) == (True, 1)
    put(ci, OWN, {**PLAN, "data": "lost"})
    assert ci.get(OWN).json()["inherited"] is False


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (with_step(command="deploy {target-version} {target_verion}"), "#/steps/0/command", "undefined"),
        (with_step(command="a\nb"), "#/steps/0/command", "control_character"),
        (with_step(command="\x1b[2J"), "#/steps/0/command", "control_character"),
        (with_step(command="x" * 4001), "#/steps/0/command", "too_long"),
        (with_step(check="a\u202eb"), "#/steps/0/check", "control_character"),
        (with_step(seconds=-1), "#/steps/0/seconds", "range"),
        (with_step(seconds=10**12), "#/steps/0/seconds", "range"),
        (with_step(seconds="5"), "#/steps/0/seconds", "type"),
        (with_step(irreversible="yes"), "#/steps/0/irreversible", "type"),
        (with_step(seconds=1.5), "#/steps/0/seconds", "type"),
        ({**PLAN, "steps": [{"instruction": ""}]}, "#/steps/0/instruction", "too_short"),
        ({**PLAN, "steps": [{"instruction": "x"}] * 51}, "#/steps", "too_long"),
        ({**PLAN, "triggers": [{"metric": "cpu", "above": 1}]}, "#/triggers/0/metric", "unknown"),
        ({**PLAN, "triggers": [{"metric": "db_calls"}]}, "#/triggers/0", "one_of"),
        ({**PLAN, "triggers": [{"metric": "db_calls", "above": 1, "below": 1}]}, "#/triggers/0", "one_of"),
        ({**PLAN, "triggers": [{"metric": "db_calls", "above": 1e300}]}, "#/triggers/0/above", "range"),
        ({**PLAN, "data": "maybe"}, "#/data", "unknown"),
        ({**PLAN, "owner": "nobody"}, "#/owner", "unknown"),
        ({**PLAN, "plan_version": 7}, "#/plan_version", "read_only"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_plan_that_cannot_be_is_refused(ci: Client, body: dict[str, Any], pointer: str, code: str) -> None:
    before = rows()
    error = sole_error(put(ci, OWN, body))
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert rows() == before


def test_an_unknown_placeholder_is_refused_with_the_near_name(ci: Client) -> None:
    error = sole_error(put(ci, OWN, with_step(command="deploy {target_verion} ${HOME}")))
    assert "{target_verion} (did you mean {target_version}?)" in error["detail"]
    assert error["expected"].startswith("one of: service, environment, version")


# -- rehearsals


def test_a_rehearsal_is_answered_with_how_long_it_took(ci: Client) -> None:
    put(ci, OWN, PLAN)
    response = post(ci, REHEARSALS, REHEARSED)
    assert response.status_code == 201
    steps = [REHEARSED["steps"][0], {**REHEARSED["steps"][1], "output_tail": None}]
    assert response.json() == {
        "id": Rehearsal.objects.get().pk,
        "plan_version": 1,
        **REHEARSED,
        "steps": steps,
        "seconds": 108.0,
    }


def test_without_a_plan_there_is_nothing_to_rehearse(ci: Client) -> None:
    before = rows()
    assert "has no rollback plan yet" in problem(post(ci, REHEARSALS, REHEARSED), 409, "conflict")["detail"]
    assert rows() == before


def test_a_rehearsal_may_name_an_earlier_version(ci: Client) -> None:
    put(ci, OWN, PLAN)
    put(ci, OWN, {**PLAN, "data": "lost"})
    assert post(ci, REHEARSALS, {**REHEARSED, "plan_version": 1}).json()["plan_version"] == 1
    assert post(ci, REHEARSALS, REHEARSED).json()["plan_version"] == 2
    error = sole_error(post(ci, REHEARSALS, {**REHEARSED, "plan_version": 3}))
    assert (error["pointer"], error["expected"]) == ("#/plan_version", "1 to 2")


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"environment": "production"}, "#/environment", "production"),
        ({"environment": "stagging"}, "#/environment", "unknown"),
        ({"finished_at": "2026-11-23T10:00:00Z"}, "#", "order"),
        ({"finished_at": "2026-11-23T13:00:00Z"}, "#/finished_at", "in_the_future"),
        ({"outcome": "maybe"}, "#/outcome", "unknown"),
        ({"steps": [{"exit_code": 10**9}]}, "#/steps/0/exit_code", "range"),
        ({"steps": [{"exit_code": 0}, {"exit_code": 3}]}, "#/steps/1/exit_code", "step_failed"),
        ({"steps": [{"exit_code": 0}] * 6}, "#/steps", "steps"),
        ({"outcome": "failed", "steps": [{"exit_code": 3}] * 6}, "#/steps", "steps"),
        ({"steps": [{"output_tail": "\0"}]}, "#/steps/0/output_tail", "control_character"),
        ({"plan_version": 10**10}, "#/plan_version", "range"),
    ],
    ids=str,
)
def test_a_rehearsal_that_cannot_be_is_refused(
    ci: Client, change: dict[str, Any], pointer: str, code: str
) -> None:
    put(ci, OWN, PLAN)
    before = rows()
    error = sole_error(post(ci, REHEARSALS, {**REHEARSED, **change}))
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert rows() == before


# -- Idempotency-Key


@pytest.mark.parametrize("key", ["rehearsal-1", '"rehearsal-1"'])
def test_a_post_with_a_key_is_performed_once(ci: Client, key: str) -> None:
    put(ci, OWN, PLAN)
    first = post(ci, REHEARSALS, REHEARSED, **{"Idempotency-Key": "rehearsal-1"})
    again = post(ci, REHEARSALS, REHEARSED, **{"Idempotency-Key": key})
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert Rehearsal.objects.count() == 1


def test_a_post_without_a_key_is_performed_each_time(ci: Client) -> None:
    put(ci, OWN, PLAN)
    assert [post(ci, REHEARSALS, REHEARSED).status_code for _ in range(2)] == [201, 201]


def test_a_key_with_another_body_is_refused(ci: Client) -> None:
    put(ci, OWN, PLAN)
    post(ci, REHEARSALS, REHEARSED, **{"Idempotency-Key": "1"})
    refused = post(ci, REHEARSALS, {**REHEARSED, "outcome": "failed"}, **{"Idempotency-Key": "1"})
    assert sole_error(refused, 409, "conflict")["pointer"] == "Idempotency-Key"
    assert Rehearsal.objects.count() == 1


def test_a_key_belongs_to_one_release_and_to_one_kind_of_request(ci: Client, checkout: Service) -> None:
    make_plan(checkout)
    make_release(checkout, "2.0")
    for path in (REHEARSALS, f"{CHECKOUT}/releases/2.0/rehearsals"):
        assert post(ci, path, REHEARSED, **{"Idempotency-Key": "1"}).status_code == 201


def test_what_was_refused_leaves_its_key_free(ci: Client) -> None:
    key = {"Idempotency-Key": "1"}
    assert post(ci, REHEARSALS, REHEARSED, **key).status_code == 409
    put(ci, OWN, PLAN)
    assert post(ci, REHEARSALS, REHEARSED, **key).status_code == 201
    assert Delivery.objects.get().outcome == "applied"


def test_a_key_works_with_the_longest_names_there_may_be(ci: Client) -> None:
    service = make_service("s" * 64)
    release = make_release(service, "1" * 128)
    make_plan(service, release)
    path = f"/api/v1/services/{service.slug}/releases/{release.version}/rehearsals"
    assert post(ci, path, REHEARSED, **{"Idempotency-Key": "k" * 500}).status_code == 201


THREE_STEPS = [
    {"instruction": "Deploy it.", "command": "deploy {target_version}"},
    {"instruction": "Warm the cache.", "command": "warm"},
    {"instruction": "Watch the errors."},
]


@pytest.mark.parametrize(
    ("outcome", "codes", "status"),
    [
        ("succeeded", [], 201),
        ("succeeded", [0], 422),
        ("succeeded", [0, 0], 201),
        ("succeeded", [0, 0, None], 201),
        ("failed", [1], 201),
        ("failed", [0, 0, 0, 1], 422),
    ],
)
def test_a_rehearsal_that_succeeded_has_carried_out_every_command(
    ci: Client, outcome: str, codes: list[int | None], status: int
) -> None:
    put(ci, OWN, {**PLAN, "steps": THREE_STEPS})
    steps = [{"exit_code": code} for code in codes]
    response = post(ci, REHEARSALS, {**REHEARSED, "outcome": outcome, "steps": steps})
    assert response.status_code == status, response.content
    if status == 422:
        expected = "2 to 3 steps" if outcome == "succeeded" else "0 to 3 steps"
        error = sole_error(response)
        assert (error["pointer"], error["expected"], error["received"]) == ("#/steps", expected, len(codes))


def test_a_step_that_failed_is_shown_with_its_exit_code(ci: Client) -> None:
    put(ci, OWN, PLAN)
    error = sole_error(post(ci, REHEARSALS, {**REHEARSED, "steps": [{"exit_code": 3}]}))
    assert (error["pointer"], error["received"]) == ("#/steps/0/exit_code", 3)
