"""CloudEvents at `POST /api/v1/events`: in an envelope, in headers, in a list, or a CDEvent by itself."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import DESK
from releasedesk.actions.aliases import name_environment
from releasedesk.catalog.models import Environment
from releasedesk.deliveries.models import Delivery
from releasedesk.releases.models import Deployment, Live, Release
from tests.api.asking import problem, rows, sole_error
from tests.builders import NOON, event, make_team, make_token
from tests.releases.folded import stored

STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"


def cdevent(**fields: Any) -> dict[str, Any]:
    """A service was deployed, as specification 0.4 says it."""
    context = {
        "version": "0.4.1",
        "id": "271069a8",
        "source": "/ci/payments",
        "type": "dev.cdevents.service.deployed.0.2.0",
        "timestamp": "2026-11-23T11:58:00Z",
        **fields,
    }
    content = {"environment": {"id": "production"}, "artifactId": "pkg:oci/checkout-api@sha256%3A0b?tag=1.0"}
    return {"context": context, "subject": {"id": "checkout-api", "type": "service", "content": content}}


def envelope(data: dict[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    data = data or cdevent()
    context = data["context"]
    return {
        "specversion": "1.0",
        **{name: context[name] for name in ("id", "source", "type")},
        "time": context["timestamp"],
        "datacontenttype": "application/json",
        "data": data,
        **fields,
    }


def headers_of(structured: dict[str, Any]) -> dict[str, str]:
    attributes = {
        name: value for name, value in structured.items() if name not in {"data", "datacontenttype"}
    }
    return {f"ce-{name}": str(value) for name, value in attributes.items()}


def post(client: Client, body: object, media_type: str = "application/json", **headers: str) -> Any:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/api/v1/events", raw, content_type=media_type, headers=named)


def binary(
    client: Client, structured: dict[str, Any], media_type: str = "application/json", **more: str
) -> Any:
    return post(client, structured["data"], media_type, **{**headers_of(structured), **more})


# -- one event


def test_an_event_in_its_envelope_is_applied(ci: Client) -> None:
    response = post(ci, envelope(), STRUCTURED)
    assert response.status_code == 201, response.content
    body = response.json()
    assert (body["id"], body["outcome"], body["service"], body["version"]) == (
        "271069a8",
        "applied",
        "checkout-api",
        "1.0",
    )
    kept = Delivery.objects.get()
    assert (kept.source, kept.key, kept.type) == (
        "/ci/payments",
        "271069a8",
        "dev.cdevents.service.deployed.0.2.0",
    )
    assert Live.objects.get().release.version == "1.0"


@pytest.mark.parametrize(
    "media_type",
    [
        "application/cloudevents+json; charset=utf-8",
        "APPLICATION/CLOUDEVENTS+JSON",
        'application/cloudevents+json;charset="UTF-8"',
        "application/json",
        "Application/JSON; charset=US-ASCII",
    ],
)
def test_an_envelope_is_known_however_its_media_type_is_spelt(ci: Client, media_type: str) -> None:
    assert post(ci, envelope(), media_type).status_code == 201


@pytest.mark.parametrize("media_type", ["application/json", "application/vnd.cdevents+json", "text/json"])
def test_an_event_in_headers_is_the_same_event(ci: Client, media_type: str) -> None:
    assert binary(ci, envelope(), media_type).status_code == 201
    again = post(ci, envelope(datacontenttype=media_type), STRUCTURED)
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")


def test_what_a_delivery_is_given_on_its_way_makes_no_other_event(ci: Client) -> None:
    statuses = []
    for trace in ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "00-1-2-00"):
        told = envelope(traceparent=trace, knativearrivaltime=trace)
        statuses.append(post(ci, told, STRUCTURED).status_code)
        statuses.append(post(ci, told["data"], **headers_of(told)).status_code)
    assert statuses == [201, 200, 200, 200]


def test_a_source_may_be_long_and_is_kept_without_the_password_in_it(ci: Client) -> None:
    source = f"https://ci:hunter2@jenkins.example/{'job/' * 60}"
    assert post(ci, cdevent(source=source)).status_code == 201
    assert post(ci, cdevent(source=f"{source}/other")).status_code == 201, "told apart by what is cut off"
    assert post(ci, cdevent(source=source)).status_code == 200
    kept = Delivery.objects.values_list("source", flat=True)
    assert len(set(kept)) == 2
    assert all(len(name) == 200 and "hunter2" not in name for name in kept)
    assert sole_error(post(ci, cdevent(source=f"/{'x' * 2000}")))["code"] == "too_long"


def test_data_are_json_where_an_envelope_says_nothing(ci: Client) -> None:
    told = envelope()
    del told["datacontenttype"]
    assert post(ci, told, STRUCTURED).status_code == 201
    assert binary(ci, envelope()).status_code == 200


def test_a_cdevent_without_a_subject_is_judged_as_one(ci: Client) -> None:
    told = cdevent()
    del told["subject"]
    assert sole_error(post(ci, told))["pointer"] == "#/subject"


def test_headers_are_percent_decoded(ci: Client) -> None:
    response = binary(ci, envelope(), ce_id="%C3%BCber%20alles%22", ce_source='"/ci/a b"')
    assert response.json()["id"] == 'über alles"'
    assert (Delivery.objects.get().key, Delivery.objects.get().source) == ('über alles"', "/ci/a b")


def test_a_cdevent_may_come_by_itself(ci: Client) -> None:
    assert post(ci, cdevent()).status_code == 201
    assert post(ci, cdevent()).status_code == 200
    assert (Delivery.objects.get().source, Delivery.objects.get().key) == ("/ci/payments", "271069a8")


def test_data_may_come_as_base64_and_is_masked_all_the_same(ci: Client) -> None:
    data = cdevent()
    data["customData"] = {"token": "hunter2"}
    told = envelope()
    del told["data"]
    told["data_base64"] = base64.b64encode(json.dumps(data).encode()).decode()
    assert post(ci, told, STRUCTURED).status_code == 201
    assert Delivery.objects.get().body["data"]["customData"] == {"token": "•••"}


@pytest.mark.parametrize(
    "data", ["%%%", base64.b64encode(b"\xff").decode(), base64.b64encode(b"[" * 900 + b"]" * 900).decode()]
)
def test_base64_of_anything_else_is_data_we_do_not_read(ci: Client, data: str) -> None:
    told = {"specversion": "1.0", "id": "1", "source": "/s", "type": "com.example.photo", "data_base64": data}
    assert post(ci, told, STRUCTURED).json()["outcome"] == "ignored"


def test_a_type_we_do_not_know_is_kept_as_ignored_and_says_so(ci: Client) -> None:
    told = {"specversion": "1.0", "id": "1", "source": "/s", "type": "com.example.thing"}
    response = post(ci, told, STRUCTURED)
    assert (response.status_code, response.json()["outcome"]) == (202, "ignored")
    assert "'com.example.thing'" in response.json()["detail"]
    assert post(ci, told, STRUCTURED).status_code == 200
    assert post(ci, b"", "", **headers_of({**told, "id": "2"})).status_code == 202, "no data, no media type"


def test_an_unknown_environment_waits(ci: Client) -> None:
    told = envelope()
    told["data"]["subject"]["content"]["environment"]["id"] = "prod-eu"
    response = post(ci, told, STRUCTURED)
    assert (response.status_code, response.json()["outcome"]) == (202, "unmatched")
    assert response.json()["environment"] == "prod-eu"
    assert not Release.objects.exists()
    assert not Environment.objects.filter(name="prod-eu").exists()


def test_two_sources_may_use_the_same_id_and_one_source_may_not(ci: Client) -> None:
    assert post(ci, envelope(), STRUCTURED).status_code == 201
    assert post(ci, envelope(source="/ci/other"), STRUCTURED).status_code == 201
    told = problem(post(ci, envelope(subject="other"), STRUCTURED), 409, "conflict")
    assert [error["pointer"] for error in told["errors"]] == ["#/id", "#/subject"]
    told = problem(binary(ci, envelope(subject="else")), 409, "conflict")
    assert [error["pointer"] for error in told["errors"]] == ["ce-id", "ce-subject"]


WRONG = {
    "specversion": (None, "required"),
    "id": ("", "too_short"),
    "source": ("x" * 2001, "too_long"),
    "type": ("a\nb", "control_character"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_attribute_is_named_where_it_was_written(ci: Client, name: str) -> None:
    value, code = WRONG[name]
    told: dict[str, Any] = {**envelope(), name: value}
    if value is None:
        del told[name]
    before = rows()
    error = sole_error(post(ci, told, STRUCTURED))
    assert (error["pointer"], error["code"]) == (f"#/{name}", code)
    told = {**told, name: value.replace("\n", "%0A")} if value else told
    error = sole_error(binary(ci, told))
    assert (error["pointer"], error["code"]) == (f"ce-{name}", code)
    assert rows() == before


def test_another_specversion_is_refused_with_the_one_we_read(ci: Client) -> None:
    error = sole_error(post(ci, envelope(specversion="0.3"), STRUCTURED))
    assert (error["pointer"], error["expected"], error["received"]) == ("#/specversion", "one of: 1.0", "0.3")


def test_what_is_wrong_inside_is_named_within_the_data(ci: Client) -> None:
    told = envelope(cdevent(timestamp="2026-11-23T12:00:00"))
    assert sole_error(post(ci, told, STRUCTURED))["pointer"] == "#/data/context/timestamp"
    assert sole_error(binary(ci, told))["pointer"] == "#/context/timestamp"
    assert sole_error(post(ci, told["data"]))["pointer"] == "#/context/timestamp"


def test_an_envelope_decides_over_headers_beside_it(ci: Client) -> None:
    response = post(ci, envelope(), STRUCTURED, ce_id="other", ce_specversion="0.1")
    assert (response.status_code, response.json()["id"]) == (201, "271069a8")


def test_a_key_beside_an_event_can_only_say_its_id(ci: Client) -> None:
    assert post(ci, envelope(), STRUCTURED, Idempotency_Key="271069a8").status_code == 201
    error = sole_error(binary(ci, envelope(id="2"), Idempotency_Key="3"))
    assert (error["pointer"], error["code"]) == ("ce-id", "differs")


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/xml", "", "application/cloudevents+xml", "application/json; charset=utf-16"],
)
def test_another_media_type_is_refused_with_those_we_read(ci: Client, media_type: str) -> None:
    document = problem(post(ci, envelope(), media_type), 415, "unsupported-media-type")
    assert "UTF-8" in document["detail"]
    if "utf-16" not in media_type:
        assert all(f"`{one}`" in document["detail"] for one in ("application/json", STRUCTURED, BATCH))


def test_charlie_reports_nothing_of_ours(ci: Client) -> None:
    post(ci, envelope(), STRUCTURED)
    other = Client(headers={"Authorization": f"Bearer {make_token(make_team('search'))}"})
    assert problem(post(other, envelope(), STRUCTURED), 403)
    assert post(other, [envelope()]).json()["results"][0]["status"] == 403


# -- many


def results(response: Any) -> list[dict[str, Any]]:
    assert response.status_code == 207, response.content
    found: list[dict[str, Any]] = response.json()["results"]
    assert [one["index"] for one in found] == list(range(len(found)))
    assert all(list(one) == ["index", "id", "status", "outcome", "problem"] for one in found)
    return found


def test_each_of_a_list_is_answered_for_itself_and_a_bad_one_sinks_no_other(ci: Client) -> None:
    good, bad, last = (
        event(id="1"),
        event(id="2", environment="prod"),
        event("check.finished", id="4", key="lint"),
    )
    response = post(
        ci, [good, bad, good, {**good, "version": "2"}, "text", envelope(), {**last, "outcome": "passed"}]
    )
    found = results(response)
    assert [one["status"] for one in found] == [201, 422, 200, 409, 422, 201, 201]
    assert [one["outcome"] for one in found] == [
        "applied",
        "rejected",
        "applied",
        "rejected",
        "rejected",
        "applied",
        "applied",
    ]
    assert [one["id"] for one in found] == ["1", "2", "1", "1", None, "271069a8", "4"]
    refused = found[1]["problem"]
    assert (refused["status"], refused["errors"][0]["pointer"]) == (422, "#/environment")
    assert refused["request_id"] == response["X-Request-ID"]
    assert [one["problem"] is None for one in found] == [True, False, True, False, False, True, True]
    assert Delivery.objects.exclude(outcome="rejected").count() == 3


def test_a_list_sent_again_is_answered_as_before(ci: Client) -> None:
    body = [event(id=str(number), version=f"1.{number}") for number in range(3)]
    assert [one["status"] for one in results(post(ci, body))] == [201] * 3
    before = rows()
    assert [one["status"] for one in results(post(ci, body))] == [200] * 3
    assert rows() == before


def test_a_batch_of_cloudevents_needs_their_envelopes(ci: Client) -> None:
    found = results(post(ci, [envelope(), event()], BATCH))
    assert [one["status"] for one in found] == [201, 422]
    assert {error["pointer"] for error in found[1]["problem"]["errors"]} == {"#/specversion", "#/source"}
    assert sole_error(post(ci, envelope(), BATCH))["expected"] == "a list"
    assert sole_error(post(ci, [envelope()], STRUCTURED))["expected"] == "an object"


def test_a_batch_goes_as_fast_as_the_desks_own_and_comes_to_the_same_as_its_events_alone(
    ci: Client, payments: Team, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    """The first of a service registers it; a rollback and what comes late fold a place anew once."""
    name_environment(DESK, payments, "prod-eu", Environment.objects.get(name="production"), now=NOON)

    def history(service: str) -> list[dict[str, Any]]:
        told = []
        for number, version in enumerate("12314253"):
            data = cdevent(id=f"{service} {number}", timestamp=f"2026-11-23T11:{50 - number}:00Z")
            data["subject"] = {
                "id": service,
                "content": {
                    "environment": {"id": "prod-eu"},
                    "artifactId": f"pkg:oci/{service}?tag={version}",
                },
            }
            told.append(envelope(data))
        return told

    together = history("together")
    with django_assert_max_num_queries(70):
        found = results(post(ci, together, BATCH))
    assert [one["status"] for one in found] == [201] * len(together)
    for number, one in enumerate(history("alone-api")):
        assert post(ci, one, STRUCTURED).status_code == 201, number
    assert str(stored("together")).replace("together", "alone-api") == str(stored("alone-api"))
    again = post(ci, together[2], STRUCTURED)
    row = Deployment.objects.get(finish__key=together[2]["id"])
    assert again.json()["deployment"]["mode"] == row.mode


def test_an_empty_list_says_nothing(ci: Client) -> None:
    assert results(post(ci, [])) == []


def test_a_list_has_its_limits(ci: Client) -> None:
    error = sole_error(post(ci, [event()] * 501))
    assert (error["pointer"], error["expected"]) == ("#", "at most 500")
    assert problem(post(ci, b" " * 8_000_001), 413)["detail"].startswith("The body is over 8 MB")
    assert problem(post(ci, b'{"a": "' + b"x" * 1_000_000 + b'"}'), 413)["detail"].startswith(
        "The body is over 1 MB"
    )
    large = [event(command="x" * 40_000) for _ in range(40)]
    assert [one["status"] for one in results(post(ci, large))] == [201] * 40
    assert not Delivery.objects.filter(outcome="rejected").exists()


@pytest.mark.parametrize(
    ("media_type", "raw", "kept"),
    [
        ("text/plain", "grün, token=abc".encode(), {"data": "grün, token=•••"}),
        ("application/xml", b"<a/>", {"data": "<a/>"}),
        ("application/octet-stream", b"\xff\x00", {"data_base64": "/wA="}),
    ],
)
def test_what_nobody_here_reads_may_hold_anything_and_is_kept(
    ci: Client, media_type: str, raw: bytes, kept: dict[str, str]
) -> None:
    names = {"ce-specversion": "1.0", "ce-id": "1", "ce-source": "/x", "ce-type": "com.example.done"}
    answers = [post(ci, raw, media_type, **names) for _ in range(2)]
    assert [(answer.status_code, answer.json()["outcome"]) for answer in answers] == [
        (202, "ignored"),
        (200, "ignored"),
    ]
    body = Delivery.objects.get().body
    assert {
        name: body[name] for name in body if name.startswith("data") and name != "datacontenttype"
    } == kept
    whole = {**body, "data": raw.decode()} if "data" in body else body
    assert post(ci, whole, STRUCTURED).status_code == 200, "it is the same event"


def test_a_cdevent_that_is_no_json_is_told_what_is_read(ci: Client) -> None:
    names = headers_of(envelope())
    problem(post(ci, b"<a/>", "application/xml", **names), 415, "unsupported-media-type")
    problem(post(ci, b" " * 1_000_001, "text/plain", **{**names, "ce-type": "other"}), 413, "too-large")
