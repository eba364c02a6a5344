"""The checklist of a release over HTTP: who may say what about an item."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import ProgrammingError, transaction
from django.test import Client

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.checklist_template import LineBody, Scope, put_line, remove_line
from releasedesk.actions.passages import judge_passages
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Item, Template
from releasedesk.releases.models import Passage, Release
from tests.api.asking import CHECKOUT, RELEASE, problem, put, send, sole_error
from tests.api.conftest import signed_in
from tests.builders import (
    NOON,
    make_deployment,
    make_release,
    make_service,
    make_shippable,
    make_team,
    minutes,
)
from tests.conftest import Clock

LIST = f"{RELEASE}/checklist"


@pytest.fixture(autouse=True)
def release(checkout: Service) -> Release:
    return make_release(checkout)


@pytest.fixture
def as_alice(alice: User) -> Client:
    return signed_in(alice)


def write_line(service: Service | None = None, team: Team | None = None, **fields: Any) -> Template:
    body = LineBody.read({"label": "Load test", "key": "load", **fields})
    return put_line(DESK, Scope(team, service), body, now=NOON)


def outcome_of(client: Client, key: str = "lint") -> dict[str, Any]:
    found: dict[str, Any] = next(item for item in client.get(LIST).json()["items"] if item["key"] == key)
    return found


def test_a_release_begins_with_both_lists_in_their_order(ci: Client) -> None:
    items = ci.get(LIST).json()["items"]
    assert [item["key"] for item in items] == [
        *("lint", "unit_tests", "integration", "staging_config", "tag"),
        *("permissions", "secrets", "headers", "upload_limits", "logging"),
    ]
    assert {item["list"] for item in items if item["required"]} == {"release"}
    assert {item["outcome"] for item in items} == {"open"}


def test_ci_ticks_an_item_with_its_evidence(ci: Client) -> None:
    body = {"outcome": "passed", "evidence": "https://ci.example/8812"}
    found = put(ci, f"{LIST}/lint", body).json()
    assert (found["outcome"], found["evidence"]) == ("passed", "https://ci.example/8812")
    assert (found["decided_by"], found["decided_at"]) == ("ci (token)", "2026-11-23T12:05:00Z")
    assert outcome_of(ci) == found
    assert put(ci, f"{LIST}/lint", {"outcome": "open"}).json()["decided_by"] is None


def test_an_item_that_is_not_there_is_answered_with_the_near_ones(ci: Client) -> None:
    error = sole_error(put(ci, f"{LIST}/unit-tests", {"outcome": "passed"}), 404)
    assert "unit_tests" in error["expected"]


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"outcome": "done"}, "#/outcome"),
        ({}, "#/outcome"),
        ({"outcome": "passed", "evidence": "javascript:alert(1)"}, "#/evidence"),
        ({"outcome": "passed", "label": "Mine"}, "#/label"),
        ({"outcome": "passed", "evidense": "x"}, "#/evidense"),
    ],
)
def test_what_is_wrong_with_a_decision_is_said_at_its_place(
    ci: Client, body: dict[str, Any], pointer: str
) -> None:
    assert sole_error(put(ci, f"{LIST}/lint", body))["pointer"] == pointer


@pytest.mark.parametrize("outcome", ["waived", "not_applicable"])
def test_to_let_a_required_item_be_takes_a_lead_and_a_reason(
    ci: Client, as_bob: Client, as_alice: Client, outcome: str
) -> None:
    body = {"outcome": outcome, "reason": "The linters crash on this file; ticket 12."}
    for client in (ci, as_bob):
        problem(put(client, f"{LIST}/lint", body), 403)
    assert sole_error(put(as_alice, f"{LIST}/lint", {"outcome": outcome}))["pointer"] == "#/reason"
    assert sole_error(put(as_alice, f"{LIST}/lint", {**body, "reason": "  "}))["pointer"] == "#/reason"
    assert outcome_of(ci)["outcome"] == "open"
    found = put(as_alice, f"{LIST}/lint", body).json()
    assert (found["outcome"], found["decided_by"], found["reason"]) == (outcome, "alice", body["reason"])


def test_what_is_not_required_an_engineer_rules_out_with_a_reason(as_bob: Client) -> None:
    assert sole_error(put(as_bob, f"{LIST}/headers", {"outcome": "not_applicable"}))["pointer"] == "#/reason"
    body = {"outcome": "not_applicable", "reason": "No HTTP in this service."}
    assert put(as_bob, f"{LIST}/headers", body).json()["outcome"] == "not_applicable"
    problem(put(as_bob, f"{LIST}/headers", {**body, "outcome": "waived"}), 403)


def test_charlie_reads_the_list_and_decides_nothing(as_charlie: Client, vera: User) -> None:
    assert as_charlie.get(LIST).status_code == 200
    for client in (as_charlie, signed_in(vera)):
        problem(put(client, f"{LIST}/lint", {"outcome": "passed"}), 403)
    assert not Item.objects.exclude(outcome="open").exists()


def test_a_later_check_of_ci_takes_the_place_of_an_earlier_decision(ci: Client, as_bob: Client) -> None:
    put(as_bob, f"{LIST}/lint", {"outcome": "passed"})
    check = {"kind": "check.finished", "key": "lint", "outcome": "failed", "version": "1.0"}
    assert send(ci, **check).status_code == 201  # at noon, before bob
    assert outcome_of(ci)["outcome"] == "passed"
    assert send(ci, **check, occurred_at="2026-11-23T12:06:00Z").status_code == 201
    assert outcome_of(ci)["outcome"] == "failed"


def test_the_nearer_template_counts_and_old_releases_keep_theirs(ci: Client, checkout: Service) -> None:
    team = checkout.team
    write_line(
        team=team, key="lint", label="Ruff", position=1, help="All rules.", link="https://wiki.example"
    )
    write_line(team=team, key="load", required=True, tier="production", position=5)
    write_line(service=checkout, key="load", label="Load test of the basket", position=5)
    write_line(service=checkout, key="tag", label="Tag", left_out=True)
    make_release(checkout, "2.0")
    new = ci.get(LIST.replace("/1.0/", "/2.0/")).json()["items"]
    keys = [item["key"] for item in new]
    assert keys[:5] == ["lint", "load", "unit_tests", "integration", "staging_config"]
    assert "tag" not in keys
    assert (new[0]["label"], new[0]["link"], new[0]["required"]) == ("Ruff", "https://wiki.example", False)
    assert (new[1]["label"], new[1]["required"], new[1]["tier"]) == ("Load test of the basket", False, None)
    assert outcome_of(ci)["label"] == "Linting"


def test_the_templates_of_others_do_not_matter(ci: Client, checkout: Service) -> None:
    search = make_team("search")
    write_line(team=search, key="lint", label="Theirs")
    write_line(service=make_service("indexer", search), key="lint", label="Theirs")
    make_release(checkout, "2.0")
    assert not Item.objects.filter(label="Theirs").exists()


def test_a_template_that_is_deleted_while_in_use_takes_nothing_with_it(ci: Client, checkout: Service) -> None:
    line = write_line(service=checkout, required=True)
    make_release(checkout, "2.0")
    remove_line(DESK, line)
    items = {item["key"]: item for item in ci.get(LIST.replace("/1.0/", "/2.0/")).json()["items"]}
    assert items["load"]["required"]
    assert put(ci, f"{LIST.replace('/1.0/', '/2.0/')}/load", {"outcome": "passed"}).status_code == 200
    make_release(checkout, "3.0")
    assert "load" not in {item["key"] for item in ci.get(LIST.replace("/1.0/", "/3.0/")).json()["items"]}


def test_all_that_was_decided_stays_the_newest_first(ci: Client, as_alice: Client, checkout: Service) -> None:
    release = make_release(checkout, "1.1")
    for number, (outcome, at) in enumerate((("failed", NOON), ("passed", NOON - minutes(5)))):
        told = {"version": "1.1", "key": "lint", "outcome": outcome, "occurred_at": at.isoformat()}
        answer = send(ci, kind="check.finished", id=f"lint-{number}", environment=None, **told)
        assert answer.status_code == 201, answer.content
    path = f"{CHECKOUT}/releases/1.1/checklist/lint"
    put(as_alice, path, {"outcome": "waived", "reason": "The linter itself is broken."})
    item = ci.get(path).json()
    assert item["outcome"] == "waived"
    assert [(one["outcome"], one["by"], one["reason"]) for one in item["decisions"]] == [
        ("waived", "alice", "The linter itself is broken."),
        ("failed", "ci (token)", None),
        ("passed", "ci (token)", None),
    ]
    with pytest.raises(ProgrammingError, match="Cannot update rows"), transaction.atomic():
        release.items.get(key="lint").decisions.update(outcome="passed")


def test_what_was_decided_again_after_shipping_counts_as_it_was(
    ci: Client, as_alice: Client, checkout: Service, alice: User, clock: Clock
) -> None:
    Service.objects.update(created_at=NOON - minutes(1000))
    release = make_shippable(checkout, "1.1", owner="alice")
    make_deployment(checkout, "1.1", at=NOON, commit="9f3c123")
    clock.tick(30)
    path = f"{CHECKOUT}/releases/1.1/checklist/lint"
    put(as_alice, path, {"outcome": "failed"})
    assert judge_passages(checkout.pk, now=clock.now) > 0
    passage = Passage.objects.get(fact__release=release, fact__environment__name="production")
    assert passage.is_open, passage.unmet
    assert ci.get(path).json()["outcome"] == "failed"
