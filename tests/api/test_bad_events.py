"""Bad input at `POST /api/v1/events`: each gets its problem document and leaves nothing half written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from releasedesk.deliveries.models import Delivery
from tests.api.asking import problem, rows, send, send_raw, sole_error
from tests.builders import event, snapshot_body
from tests.conftest import Clock


def snapshot(**fields: Any) -> dict[str, Any]:
    return event("snapshot.recorded", snapshot=snapshot_body(**fields))


def rehearsal(**fields: Any) -> dict[str, Any]:
    body = {
        "environment": "staging",
        "started_at": "2026-11-23T11:00:00Z",
        "finished_at": "2026-11-23T11:01:00Z",
        "outcome": "succeeded",
        **fields,
    }
    return event("rollback.rehearsed", environment=None, rehearsal=body)


def without(name: str) -> dict[str, Any]:
    body = event()
    del body[name]
    return body


WRONG: dict[str, tuple[dict[str, Any], str, str]] = {
    "no id": (without("id"), "#/id", "required"),
    "an empty id": (event(id=""), "#/id", "too_short"),
    "a long id": (event(id="x" * 501), "#/id", "too_long"),
    "a number for an id": (event(id=7), "#/id", "type"),
    "a control character in the id": (event(id="a\nb"), "#/id", "control_character"),
    "no type": (without("type"), "#/type", "required"),
    "an unknown type": (event("deployment.succeded"), "#/type", "unknown"),
    "a type that is no text": (event(type={}), "#/type", "type"),
    "no time": (without("occurred_at"), "#/occurred_at", "required"),
    "a time without zone": (event(occurred_at="2026-11-23T12:00:00"), "#/occurred_at", "no_zone"),
    "a number for a time": (event(occurred_at=1763899200), "#/occurred_at", "time"),
    "a number in quotes for a time": (event(occurred_at="1763899200"), "#/occurred_at", "time"),
    "a day that is none": (event(occurred_at="2026-02-30T12:00:00Z"), "#/occurred_at", "time"),
    "year 1": (event(occurred_at="0001-01-01T00:00:00+14:00"), "#/occurred_at", "time"),
    "year 9999": (event(occurred_at="9999-12-31T23:59:59-14:00"), "#/occurred_at", "time"),
    "a clock in the future": (event(occurred_at="2026-11-23T12:10:01Z"), "#/occurred_at", "in_the_future"),
    "no service": (without("service"), "#/service", "required"),
    "a service that is no slug": (event(service="Checkout API"), "#/service", "format"),
    "no environment": (without("environment"), "#/environment", "required"),
    "an empty environment": (event(environment=""), "#/environment", "too_short"),
    "an unknown environment": (event(environment="prod"), "#/environment", "unknown"),
    "no version": (without("version"), "#/version", "required"),
    "an empty version": (event(version=""), "#/version", "format"),
    "a version too long": (event(version="1" * 129), "#/version", "format"),
    "a version with a slash": (event(version="release/1"), "#/version", "format"),
    "a version with an emoji": (event(version="1.0🚀"), "#/version", "format"),
    "a version with a line end": (event(version="1.0\n"), "#/version", "format"),
    "a commit that is none": (event(commit="main"), "#/commit", "format"),
    "a long run": (event(run="1" * 201), "#/run", "too_long"),
    "an address of a file": (event(url="file:///etc/passwd"), "#/url", "url"),
    "a script for an address": (event(url="javascript:alert(1)"), "#/url", "url"),
    "a change without sha": (event(changes=[{}]), "#/changes/0/sha", "required"),
    "a NUL in a subject": (
        event(changes=[{"sha": "0" * 7, "subject": "\0"}]),
        "#/changes/0/subject",
        "control_character",
    ),
    "a NUL in a command": (event(command="\0"), "#/command", "control_character"),
    "half a surrogate pair": (event(command="\ud800"), "#/command", "encoding"),
    "a value for a fingerprint": (event(config={"POOL": "20"}), "#/config/POOL", "format"),
    "an unknown field": (event(enviroment="staging"), "#/enviroment", "unknown_field"),
    "an unknown field of a part": (snapshot(rout="/"), "#/snapshot/rout", "unknown_field"),
    "an outcome that is none": (
        event("check.finished", key="lint", outcome="ok"),
        "#/outcome",
        "unknown",
    ),
    "a check somewhere unknown": (
        event("check.finished", key="lint", outcome="passed", environment="prod"),
        "#/environment",
        "unknown",
    ),
    "an incident without title": (event("incident.opened", incident="1"), "#/title", "required"),
    "a snapshot of an unknown environment": (
        snapshot(environment="prod"),
        "#/snapshot/environment",
        "unknown",
    ),
    "a snapshot of two environments": (snapshot(environment="staging"), "#/environment", "differs"),
    "a window that runs backwards": (snapshot(taken_from="2026-11-23T12:01:00Z"), "#/snapshot", "order"),
    "a window yet to come": (
        snapshot(taken_until="2026-11-23T13:00:00Z"),
        "#/snapshot/taken_until",
        "in_the_future",
    ),
    "samples of unequal length": (
        snapshot(requests={"response_ms": [1, 2], "status": [200]}),
        "#/snapshot/requests",
        "unequal_length",
    ),
    "a time that is no number": (
        snapshot(requests={"response_ms": [float("nan")], "status": [200]}),
        "#/snapshot/requests/response_ms/0",
        "not_finite",
    ),
    "an infinite time": (
        snapshot(requests={"response_ms": [float("inf")], "status": [200]}),
        "#/snapshot/requests/response_ms/0",
        "not_finite",
    ),
    "a negative time": (
        snapshot(requests={"response_ms": [-1], "status": [200]}),
        "#/snapshot/requests/response_ms/0",
        "range",
    ),
    "too many samples": (
        snapshot(requests={"response_ms": [1] * 20_001, "status": [200]}),
        "#/snapshot/requests/response_ms",
        "too_long",
    ),
    "a number beyond all numbers": (
        snapshot(requests={"response_ms": [1], "status": [200], "db_calls": [10**400]}),
        "#/snapshot/requests/db_calls/0",
        "range",
    ),
    "numbers in two forms": (snapshot(summary={"requests": 3}), "#/snapshot", "one_of"),
    "a rehearsal in production": (
        rehearsal(environment="production"),
        "#/rehearsal/environment",
        "production",
    ),
    "a rehearsal of an unknown plan": (rehearsal(plan_version=0), "#/rehearsal/plan_version", "range"),
    "a rehearsal yet to end": (
        rehearsal(finished_at="2026-11-24T11:00:00Z"),
        "#/rehearsal/finished_at",
        "in_the_future",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_is_wrong_is_named_and_leaves_nothing_half_written(ci: Client, what: str) -> None:
    body, pointer, code = WRONG[what]
    before = rows()
    response = send_raw(ci, json.dumps(body).encode())
    error = sole_error(response, 422, "invalid-fields")
    assert (error["pointer"], error["code"]) == (pointer, code)
    assert error["detail"].endswith((".", "?"))
    assert rows() == before
    assert Delivery.objects.get().outcome == "rejected"


def test_every_wrong_field_is_named_at_once(ci: Client) -> None:
    document = problem(send(ci, service="A", version="", occurred_at="now", unheard="of"), 422)
    assert document["detail"] == "4 fields are wrong."
    named = {error["pointer"] for error in document["errors"]}
    assert named == {"#/service", "#/version", "#/occurred_at", "#/unheard"}


def test_an_unknown_environment_is_answered_with_the_known_ones(ci: Client) -> None:
    assert sole_error(send(ci, environment="prod")) == {
        "pointer": "#/environment",
        "code": "unknown",
        "detail": "No environment is called 'prod'.",
        "expected": "one of: staging, production",
        "received": "prod",
    }


def test_an_unknown_type_is_answered_with_the_near_ones(ci: Client) -> None:
    error = sole_error(send(ci, kind="deployment.succeded"))
    assert error["expected"].startswith("one of: deployment.succeeded")


def test_an_unknown_field_is_answered_with_the_one_that_was_meant(ci: Client) -> None:
    assert "Did you mean 'commit'?" in sole_error(send(ci, comit="9f3c123"))["detail"]


def test_a_clock_that_is_ahead_by_less_than_five_minutes_is_believed(ci: Client, clock: Clock) -> None:
    assert send(ci, occurred_at="2026-11-23T12:09:59Z").status_code == 201
    clock.tick(-30)
    error = sole_error(send(ci))
    assert error["expected"] == "at most 5 minutes ahead of the desk, which reads 2026-11-23T11:35:00Z"


def test_a_time_in_another_zone_is_the_same_time(ci: Client) -> None:
    answer = send(ci, occurred_at="2026-11-23T13:00:00+01:00").json()["deployment"]
    assert answer["finished_at"] == "2026-11-23T12:00:00Z"


def test_a_long_value_is_echoed_in_part(ci: Client) -> None:
    error = sole_error(send(ci, id="x" * 100_000))
    assert error["received"] == "x" * 200 + "…"


def test_a_secret_in_a_wrong_field_is_neither_echoed_nor_kept(ci: Client) -> None:
    response = send(ci, config={"DB_PASSWORD": "hunter2"}, api_key="hunter2")
    assert len(problem(response, 422)["errors"]) == 2
    kept = Delivery.objects.get()
    assert b"hunter2" not in response.content
    assert "hunter2" not in json.dumps([kept.body, kept.answer])


def test_a_rejected_event_is_stored_whatever_it_holds(ci: Client) -> None:
    body = event(id="a\0\ud800", type="\ud800", command=float("nan"), run=10**4000)
    assert send_raw(ci, json.dumps(body).encode()).status_code == 422
    kept = Delivery.objects.get()
    assert (kept.key, kept.type) == ("a␀?", "?")
    assert (kept.body["command"], kept.body["run"]) == ("nan", 10**4000)


@pytest.mark.parametrize("body", ["text", 7, None, True])
def test_what_is_no_object_is_refused(ci: Client, body: object) -> None:
    error = sole_error(send_raw(ci, json.dumps(body).encode()))
    assert (error["pointer"], error["code"]) == ("#", "type")
    assert Delivery.objects.get().outcome == "rejected"


def test_who_mistyped_type_is_told_so_with_all_that_no_type_has(ci: Client) -> None:
    sent = {**without("type"), "typ": "deployment.succeeded", "enviroment": "staging"}
    errors = problem(send(ci, sent), 422)["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [
        ("#/type", "required"),
        ("#/typ", "unknown_field"),
        ("#/enviroment", "unknown_field"),
    ]
    assert errors[1]["detail"] == "There is no field 'typ'. Did you mean 'type'?"
    assert "'environment'" in errors[2]["detail"]
