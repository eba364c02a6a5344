"""`POST /api/v1/events`: facts go in, once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from releasedesk.accounts.models import Team
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Item
from releasedesk.deliveries.models import Delivery
from releasedesk.measurements.models import Snapshot
from releasedesk.releases.models import Deployment, DeploymentFact, Incident, Live, Release, ReportedConfig
from releasedesk.rollbacks.models import Rehearsal
from tests.api.asking import problem, rows, send, sole_error
from tests.builders import event, make_plan, make_service, make_team, make_token, snapshot_body

REHEARSAL = {
    "environment": "staging",
    "started_at": "2026-11-23T11:00:00Z",
    "finished_at": "2026-11-23T11:01:48Z",
    "outcome": "succeeded",
}


def test_a_success_is_answered_with_everything_the_sender_may_need(ci: Client) -> None:
    response = send(ci, id="build-8812", version="1.0", run="8812")
    deployment = Deployment.objects.get()
    assert response.status_code == 201
    assert response.json() == {
        "id": "build-8812",
        "outcome": "applied",
        "service": "checkout-api",
        "environment": "production",
        "version": "1.0",
        "release_url": "http://testserver/services/checkout-api/releases/1.0/",
        "deployment": {
            "id": deployment.pk,
            "status": "succeeded",
            "mode": "forward",
            "started_at": None,
            "finished_at": "2026-11-23T12:00:00Z",
        },
    }
    assert Live.objects.get().release.version == "1.0"


def test_the_first_event_about_a_service_registers_it_in_the_senders_team(ci: Client, payments: Team) -> None:
    send(ci, service="brand-new")
    service = Service.objects.get()
    assert (service.slug, service.team) == ("brand-new", payments)


def test_a_start_and_its_finish_are_one_deployment(ci: Client) -> None:
    send(ci, kind="deployment.started", occurred_at="2026-11-23T11:58:00Z")
    answer = send(ci).json()["deployment"]
    assert (answer["status"], answer["started_at"]) == ("succeeded", "2026-11-23T11:58:00Z")
    assert Deployment.objects.count() == 1


def test_a_failure_makes_nothing_live(ci: Client) -> None:
    answer = send(ci, kind="deployment.failed").json()["deployment"]
    assert (answer["status"], answer["mode"]) == ("failed", None)
    assert not Live.objects.exists()


def test_a_deployment_teaches_what_ci_knows_of_the_release(ci: Client) -> None:
    changes = [{"sha": "9f3c1234", "subject": "cache the total", "author": "ines"}]
    send(
        ci,
        commit="9f3c1234",
        command="make deploy",
        files_touched=["b.py", "a.py"],
        changes=changes,
        url="https://ci.example/1",
    )
    send(ci, commit="0000000", files_touched=["c.py"], changes=changes, occurred_at="2026-11-23T10:00:00Z")
    release = Release.objects.get()
    assert release.reported_commit == "9f3c1234", "the latest fact's, not the last one's to arrive"
    assert release.files_touched == ["a.py", "b.py", "c.py"]
    assert [change.subject for change in release.changes.all()] == ["cache the total"]
    assert DeploymentFact.objects.get(command="make deploy").url == "https://ci.example/1"


def test_of_an_address_user_and_password_are_left_out(ci: Client) -> None:
    assert send(ci, url="https://ci:hunter2@ci.example:8443/1?a=b@c").status_code == 201
    assert DeploymentFact.objects.get().url == "https://ci.example:8443/1?a=b@c"


def test_a_deployment_may_carry_its_configuration(ci: Client) -> None:
    digests = {"DATABASE_POOL": "hmac-sha256:" + "0" * 64}
    assert send(ci, config=digests).status_code == 201
    assert ReportedConfig.objects.get().digests == digests


def test_a_finished_check_ticks_its_item(ci: Client) -> None:
    answer = send(ci, kind="check.finished", key="lint", outcome="passed", url="https://ci.example/lint")
    item = Item.objects.get(key="lint")
    assert (answer.status_code, answer.json()["deployment"]) == (201, None)
    assert (item.outcome, item.evidence, item.decided_by) == (
        "passed",
        "https://ci.example/lint",
        "ci (token)",
    )


def test_of_two_checks_the_later_one_counts_in_whatever_order_they_arrive(ci: Client) -> None:
    send(ci, kind="check.finished", key="lint", outcome="passed", occurred_at="2026-11-23T11:00:00Z")
    send(ci, kind="check.finished", key="lint", outcome="failed", occurred_at="2026-11-23T10:00:00Z")
    assert Item.objects.get(key="lint").outcome == "passed"


def test_a_check_that_no_list_has_is_refused_with_the_near_ones(ci: Client) -> None:
    error = sole_error(send(ci, kind="check.finished", key="unit-tests", outcome="passed"))
    assert (error["pointer"], error["code"]) == ("#/key", "unknown")
    assert error["expected"].startswith("one of: unit_tests")


def test_a_snapshot_may_come_as_an_event(ci: Client) -> None:
    answer = send(ci, kind="snapshot.recorded", snapshot=snapshot_body())
    assert answer.status_code == 201, answer.content
    assert Snapshot.objects.get().release.version == "2026.11.23-2"


def test_a_rehearsal_may_come_as_an_event(ci: Client) -> None:
    make_plan(make_service())
    answer = send(ci, kind="rollback.rehearsed", environment=None, rehearsal=REHEARSAL)
    assert (answer.status_code, answer.json()["environment"]) == (201, "staging")
    assert Rehearsal.objects.get().seconds == 108


@pytest.mark.parametrize("order", [("opened", "resolved"), ("resolved", "opened")])
def test_an_incident_opens_and_ends_in_whatever_order_it_is_told(ci: Client, order: tuple[str, str]) -> None:
    told = {
        "opened": {"title": "Basket is slow", "occurred_at": "2026-11-23T11:00:00Z"},
        "resolved": {"occurred_at": "2026-11-23T11:30:00Z"},
    }
    for word in order:
        answer = send(ci, kind=f"incident.{word}", incident="INC-7", **told[word])
        assert answer.status_code == 201, answer.content
    incident = Incident.objects.get()
    assert (incident.title, incident.release) == ("Basket is slow", Release.objects.get())
    assert incident.opened_at == datetime(2026, 11, 23, 11, 0, tzinfo=UTC)
    assert incident.resolved_at == datetime(2026, 11, 23, 11, 30, tzinfo=UTC)


def test_a_reported_configuration_needs_no_version(ci: Client) -> None:
    body = event("config.reported", config={"A": "hmac-sha256:" + "a" * 32})
    del body["version"]
    answer = send(ci, body)
    assert (answer.status_code, answer.json()["release_url"]) == (201, None)
    assert ReportedConfig.objects.get().release is None


# -- again ---------------------------------------------------------------------------------------------------


def test_a_repeated_event_is_answered_as_before_and_changes_nothing(ci: Client) -> None:
    body = event()
    first = send(ci, body)
    before = rows()
    again = send(ci, body)
    assert (again.status_code, again["Idempotent-Replayed"]) == (200, "true")
    assert again.json() == first.json()
    assert "Idempotent-Replayed" not in first
    assert rows() == before


def test_the_same_body_in_another_spelling_is_the_same_body(ci: Client) -> None:
    body = event()
    send(ci, body)
    reordered = dict(reversed(body.items()))
    assert send(ci, reordered).status_code == 200


def test_the_same_id_with_another_body_is_refused_and_leaves_nothing(ci: Client) -> None:
    send(ci, id="build-1")
    before = rows()
    told = problem(send(ci, id="build-1", version="other", command="DB_PASSWORD=x make"), 409, "conflict")
    assert [(error["pointer"], error["code"]) for error in told["errors"]] == [
        ("#/id", "used"),
        ("#/version", "differs"),
        ("#/command", "differs"),
    ]
    assert [error["received"] for error in told["errors"]] == ["build-1", "other", "DB_PASSWORD=••• make"]
    assert [error["expected"] for error in told["errors"][1:]] == [
        "2026.11.23-2, as it came first",
        "nothing, as it came first",
    ]
    assert rows() == before


def test_of_a_body_that_is_forgotten_nothing_is_compared(ci: Client) -> None:
    send(ci, id="build-1")
    Delivery.objects.update(body={})
    assert sole_error(send(ci, id="build-1", version="other"), 409)["code"] == "used"


def test_a_rotated_token_changes_nothing(ci: Client, payments: Team) -> None:
    body = event()
    send(ci, body)
    rotated = Client(headers={"Authorization": f"Bearer {make_token(payments)}"})
    assert send(rotated, body).status_code == 200


def test_two_teams_may_use_the_same_id(ci: Client) -> None:
    other = Client(headers={"Authorization": f"Bearer {make_token(make_team('search'))}"})
    assert send(ci, id="build-1").status_code == 201
    assert send(other, id="build-1", service="search-api").status_code == 201


def test_an_id_that_a_services_former_team_has_used_is_taken(ci: Client, checkout: Service) -> None:
    send(ci, id="build-1")
    search = make_team("search")
    Service.objects.update(team=search)
    other = Client(headers={"Authorization": f"Bearer {make_token(search)}"})
    before = rows()
    assert sole_error(send(other, id="build-1"), 409, "conflict")["received"] == "build-1"
    assert rows() == before
    assert send(other, id="build-2").status_code == 201


def test_a_repeated_event_is_answered_as_before_though_its_service_was_renamed(ci: Client) -> None:
    body = event("check.finished", key="lint", outcome="passed", environment=None)
    first = send(ci, body)
    Service.objects.update(slug="renamed")
    assert send(ci, body).json() == first.json()


@pytest.mark.parametrize("header", ["build-1", '"build-1"', ' "build-1" '])
def test_an_idempotency_key_may_say_the_id_again(ci: Client, header: str) -> None:
    response = ci.post(
        "/api/v1/events",
        event(id="build-1"),
        content_type="application/json",
        headers={"Idempotency-Key": header},
    )
    assert response.status_code == 201


def test_an_idempotency_key_beyond_ascii_is_compared_as_utf8(ci: Client) -> None:
    key = "bäckerei-1".encode().decode("latin-1")  # as WSGI hands it over
    response = ci.post(
        "/api/v1/events",
        event(id="bäckerei-1"),
        content_type="application/json",
        headers={"Idempotency-Key": key},
    )
    assert response.status_code == 201


def test_an_idempotency_key_that_differs_from_the_id_is_refused(ci: Client) -> None:
    response = ci.post(
        "/api/v1/events", event(id="a"), content_type="application/json", headers={"Idempotency-Key": "b"}
    )
    assert sole_error(response)["code"] == "differs"
    assert not Release.objects.exists()


@pytest.mark.parametrize("header", ["", '""', "x" * 501, "a\tb"])
def test_an_idempotency_key_that_cannot_be_one_is_refused(ci: Client, header: str) -> None:
    response = ci.post(
        "/api/v1/events", event(id="a"), content_type="application/json", headers={"Idempotency-Key": header}
    )
    assert sole_error(response)["pointer"] == "Idempotency-Key"


# -- kept until it can be applied ----------------------------------------------------------------------------


def test_an_unknown_service_waits_where_nothing_registers_it(ci: Client, settings: Settings) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    body = event()
    response = send(ci, body)
    assert (response.status_code, response.json()["outcome"]) == (202, "unmatched")
    assert (response.json()["release_url"], response.json()["deployment"]) == (None, None)
    assert Delivery.objects.get().outcome == "unmatched"
    assert not Service.objects.exists()
    assert send(ci, body).status_code == 200


def test_a_services_token_registers_no_other(checkout: Service, payments: Team) -> None:
    client = Client(headers={"Authorization": f"Bearer {make_token(payments, checkout)}"})
    assert send(client).status_code == 201
    assert send(client, service="unknown").status_code == 202
    assert Service.objects.count() == 1


def test_an_unknown_environment_is_refused_even_where_the_service_would_wait(
    ci: Client, settings: Settings
) -> None:
    settings.REGISTER_UNKNOWN_SERVICES = False
    assert sole_error(send(ci, environment="prod"))["expected"] == "one of: staging, production"
    assert Delivery.objects.get().outcome == "rejected"


# -- what is kept --------------------------------------------------------------------------------------------


def test_a_delivery_is_kept_masked_with_the_digest_of_the_original(ci: Client) -> None:
    fields: dict[str, Any] = {"command": "DEPLOY_TOKEN=hunter2 make deploy"}
    send(ci, id="a", **fields)
    kept = Delivery.objects.get()
    assert kept.body["command"] == "DEPLOY_TOKEN=••• make deploy"
    assert (kept.key, kept.source, kept.type) == ("a", "native", "deployment.succeeded")
    assert (kept.outcome, kept.service, kept.actor) == ("applied", Service.objects.get(), "ci (token)")
    other = send(ci, id="a", command="DEPLOY_TOKEN=hunter3 make deploy")
    assert other.status_code == 409, "masked alike, and yet not the same body"


def test_a_rejected_event_is_kept_and_does_not_occupy_its_id(ci: Client) -> None:
    refused = send(ci, id="a", environment="prod")
    assert refused.status_code == 422
    kept = Delivery.objects.get()
    assert (kept.outcome, kept.key, kept.body["environment"]) == ("rejected", "a", "prod")
    assert kept.answer["errors"] == refused.json()["errors"]
    assert send(ci, id="a", environment="prod").status_code == 422
    assert send(ci, id="a", environment="staging").status_code == 201
    assert [row.outcome for row in Delivery.objects.order_by("id")] == ["rejected", "rejected", "applied"]


def test_a_persons_session_sends_no_events(as_bob: Client) -> None:
    problem(send(as_bob), 403, "forbidden")
    assert not Delivery.objects.exists()


def test_changes_and_files_may_be_null_as_other_fields_may(ci: Client) -> None:
    assert send(ci, changes=None, files_touched=None).status_code == 201
    release = Release.objects.get()
    assert (release.changes.count(), release.files_touched) == (0, [])


@pytest.mark.parametrize(("started", "status"), [("11:30", "started"), ("10:30", "lost")])
def test_a_start_of_long_ago_is_answered_as_lost(ci: Client, started: str, status: str) -> None:
    answer = send(ci, kind="deployment.started", occurred_at=f"2026-11-23T{started}:00Z").json()
    assert answer["deployment"]["status"] == status
