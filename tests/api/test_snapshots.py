"""Before and after at the API, and what the judge says of them."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from releasedesk.catalog.models import Service
from releasedesk.measurements.bodies import SnapshotBody
from releasedesk.measurements.models import Comparison, Snapshot
from tests.api.asking import RELEASE, post, problem, rows, sole_error
from tests.builders import make_deployment, make_plan, make_release, minutes, requests_of, snapshot_body
from tests.conftest import Clock

SNAPSHOTS = f"{RELEASE}/snapshots"
COMPARISON = f"{RELEASE}/comparison?environment=production"
BEFORE, AFTER = requests_of(2000), requests_of(2000, ms=60, db_calls=3)


@pytest.fixture(autouse=True)
def _a_release(checkout: Service) -> None:
    make_release(checkout)


def test_a_snapshot_is_answered_with_its_summary_in_our_time(ci: Client) -> None:
    body = snapshot_body(taken_from="2026-11-23T12:58:00+01:00", taken_until="2026-11-23T13:00:00+01:00")
    response = post(ci, SNAPSHOTS, body)
    assert response.status_code == 201
    told = response.json()
    assert (told["taken_from"], told["taken_until"]) == ("2026-11-23T11:58:00Z", "2026-11-23T12:00:00Z")
    assert (told["kind"], told["recorded_by"]) == ("requests", "ci (token)")
    assert told["summary"]["requests"] == 300
    assert ci.get(SNAPSHOTS).json()["results"] == [told]


@pytest.mark.parametrize(
    ("numbers", "kind"),
    [
        ({"windows": {"seconds": 15, "response_ms_p95": [180.5, None, 190]}}, "windows"),
        ({"summary": {"requests": 2000, "errors": 3, "response_ms": {"p95": 180}}}, "summary"),
    ],
)
def test_numbers_may_come_in_three_forms(ci: Client, numbers: dict[str, Any], kind: str) -> None:
    body = {**snapshot_body(), "requests": None, **numbers}
    assert post(ci, SNAPSHOTS, body).json()["kind"] == kind
    assert type(Snapshot.objects.get().evidence).__name__.lower() == kind


@pytest.mark.parametrize("example", [SnapshotBody.EXAMPLE, *SnapshotBody.MORE_EXAMPLES.values()])
def test_every_example_of_the_contract_is_taken(ci: Client, example: dict[str, Any], clock: Clock) -> None:
    clock.tick(60)
    told = post(ci, SNAPSHOTS, example)
    assert (told.status_code, told.json()["kind"] in example) == (201, True)


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"environment": "prod"}, "#/environment", "unknown"),
        ({"requests": {"response_ms": ["1"], "status": [200]}}, "#/requests/response_ms/0", "type"),
        ({"requests": {"response_ms": [True, 2], "status": [200, 200]}}, "#/requests/response_ms/0", "type"),
        ({"requests": {"response_ms": [1], "status": ["200"]}}, "#/requests/status/0", "type"),
        ({"phase": "during"}, "#/phase", "unknown"),
        ({"route": ""}, "#/route", "too_short"),
        ({"route": "a\0"}, "#/route", "control_character"),
        ({"taken_from": "2026-11-23T12:30:00Z"}, "#", "order"),
        ({"taken_until": "2026-11-24T00:00:00Z"}, "#/taken_until", "in_the_future"),
        ({"taken_from": "0001-01-01T00:00:00+14:00"}, "#/taken_from", "time"),
        ({"cache_state": "tepid"}, "#/cache_state", "unknown"),
        ({"requests": None}, "#", "one_of"),
        ({"requests": {"response_ms": [], "status": []}}, "#/requests/response_ms", "too_short"),
        ({"requests": {"response_ms": [1], "status": [-1]}}, "#/requests/status/0", "range"),
        (
            {"requests": {"response_ms": [1], "status": [200], "cache": ["\n"]}},
            "#/requests/cache/0",
            "control_character",
        ),
        ({"requests": None, "windows": {"seconds": 0, "error_rate": [0]}}, "#/windows/seconds", "range"),
        ({"requests": None, "windows": {"seconds": 15}}, "#/windows", "required"),
        (
            {"requests": None, "windows": {"seconds": 15, "db_calls": [1e300]}},
            "#/windows/db_calls/0",
            "range",
        ),
        ({"requests": None, "summary": {"requests": 0}}, "#/summary/requests", "range"),
        ({"requests": None, "summary": {"requests": 1, "errors": 2}}, "#/summary", "too_many"),
    ],
    ids=str,
)
def test_a_snapshot_that_cannot_be_is_refused(
    ci: Client, change: dict[str, Any], pointer: str, code: str
) -> None:
    before = rows()
    error = sole_error(post(ci, SNAPSHOTS, {**snapshot_body(), **change}))
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert rows() == before


@pytest.mark.parametrize(
    "numbers",
    [
        {"requests": {"response_ms": [0], "status": [0]}},
        {"requests": {"response_ms": [86_400_000] * 300, "status": [999] * 300, "db_calls": [10**9] * 300}},
        {"requests": {"response_ms": [0] * 300, "status": [200] * 300, "cache": [None] * 300}},
        {"requests": None, "windows": {"seconds": 1e-9, "db_calls": [0] * 6, "response_ms_p95": [None] * 6}},
        {"requests": None, "windows": {"seconds": 15, "response_ms_p95": [86_400_000] * 6}},
        {"requests": None, "summary": {"requests": 10**9, "errors": 10**9, "db_calls": {"mean": 10**6}}},
        {"requests": None, "summary": {"requests": 1}},
        {"requests": None, "summary": {"requests": 1, "response_ms": {}}},
    ],
    ids=str,
)
def test_numbers_at_the_edge_of_what_is_allowed_are_judged(ci: Client, numbers: dict[str, Any]) -> None:
    for phase in ("before", "after", "before"):
        response = post(ci, SNAPSHOTS, {**snapshot_body(phase), **numbers})
        assert response.status_code == 201, response.content
    assert ci.get(COMPARISON).json()["verdict"] in {"inconclusive", "verified", "not_measured", "suspect"}


def test_a_repeated_snapshot_is_kept_once(ci: Client) -> None:
    key = {"Idempotency-Key": "measure-1"}
    first, again = (post(ci, SNAPSHOTS, snapshot_body(), **key) for _ in range(2))
    assert (first.status_code, again.status_code, again.json() == first.json()) == (201, 200, True)
    assert Snapshot.objects.count() == 1


# -- the comparison


def test_before_against_after_is_judged(ci: Client, checkout: Service, clock: Clock) -> None:
    make_plan(checkout)
    make_deployment(checkout, at=clock.now)
    post(ci, SNAPSHOTS, snapshot_body("before", requests=BEFORE))
    clock.tick(10)
    post(ci, SNAPSHOTS, snapshot_body("after", at=clock.now, requests=AFTER))
    told = ci.get(COMPARISON).json()
    assert (told["verdict"], told["environment"], told["route"]) == (
        "verified",
        "production",
        "GET /basket/{id}",
    )
    assert (told["comparable"], told["warnings"], told["triggers_met"]) == (True, [], [])
    calls = next(row for row in told["metrics"] if row["metric"] == "db_calls")
    assert (calls["before"], calls["after"], calls["verdict"]) == (10, 3, "improved")
    assert told["sentence"]


def test_what_has_no_other_side_is_not_measured_and_not_kept(ci: Client) -> None:
    assert ci.get(COMPARISON).json()["verdict"] == "not_measured"
    post(ci, SNAPSHOTS, snapshot_body())
    told = ci.get(f"{COMPARISON}&route=GET /basket/{{id}}").json()
    assert (told["verdict"], told["route"]) == ("not_measured", "GET /basket/{id}")
    assert not Comparison.objects.exists()


def test_of_several_routes_one_must_be_named(ci: Client) -> None:
    for route in ("GET /a", "GET /b"):
        post(ci, SNAPSHOTS, snapshot_body(route=route))
    assert sole_error(ci.get(COMPARISON))["expected"] == "one of: GET /a, GET /b"
    assert ci.get(f"{COMPARISON}&route=GET /b").json()["route"] == "GET /b"


def test_a_window_on_the_wrong_side_of_the_deployment_is_a_warning(
    ci: Client, checkout: Service, clock: Clock
) -> None:
    post(ci, SNAPSHOTS, snapshot_body("before", requests=BEFORE))
    post(ci, SNAPSHOTS, snapshot_body("after", requests=AFTER))
    assert "has not been deployed to production yet" in ci.get(COMPARISON).json()["warnings"][0]
    make_deployment(checkout, at=clock.now - minutes(20))
    assert "The before window ended after" in ci.get(COMPARISON).json()["warnings"][0]


def test_there_is_one_current_comparison_of_a_route(ci: Client) -> None:
    for phase in ("before", "after", "after", "before"):
        post(ci, SNAPSHOTS, snapshot_body(phase))
    assert Comparison.objects.count() == 3
    assert Comparison.objects.current().count() == 1


def test_the_list_comes_without_the_samples(ci: Client) -> None:
    post(ci, SNAPSHOTS, snapshot_body())
    (row,) = ci.get(SNAPSHOTS).json()["results"]
    assert "requests" not in row
    problem(ci.get(f"{SNAPSHOTS}?page=2"), 404)


def test_a_route_that_was_not_measured_is_answered_with_those_that_were(ci: Client) -> None:
    post(ci, SNAPSHOTS, snapshot_body(route="GET /basket"))
    told = ci.get(f"{COMPARISON}&route=GET /baskett").json()
    assert told["verdict"] == "not_measured"
    assert told["warnings"] == ["'GET /baskett' was not measured in production. Measured there: GET /basket."]
    assert ci.get(f"{COMPARISON}&route=GET /basket").json()["warnings"] == []
