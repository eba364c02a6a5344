"""Plans of releases at the API, and what became of them."""

from __future__ import annotations

import pytest
from django.test import Client

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Service
from releasedesk.releases.models import Release
from tests.api.asking import CHECKOUT, RELEASE, patch, problem, put, rows, sole_error
from tests.builders import make_deployment, make_plan, make_release, make_snapshot, minutes, requests_of
from tests.conftest import Clock

PLANNED = {
    "title": "Cache the basket total",
    "reason": "The basket takes 190 ms.",
    "change": "Keep the total for 60 s.",
    "expected_result": "p95 below 100 ms",
    "rollback_note": "Deploy the version before.",
    "route": "GET /basket/{id}",
    "expected_input": "A basket of 20 lines",
    "slow_part": "SELECT … FROM line",
    "users_notice": "The basket page",
    "assumptions": "Prices change once a day.",
    "commit": "9f3c1234",
    "irreversible": False,
}


def test_a_release_is_answered_with_its_plan_and_what_became_of_it(
    ci: Client, checkout: Service, bob: User
) -> None:
    changes = [
        {"sha": "9f3c1234", "subject": "cache it", "author": "ines", "committed_at": "2026-11-22T09:00:00Z"}
    ]
    response = put(ci, RELEASE, {**PLANNED, "owner": "bob", "changes": changes})
    assert response.status_code == 201
    assert response.json() == {
        "service": "checkout-api",
        "version": "1.0",
        **PLANNED,
        "owner": "bob",
        "verdict": "not_measured",
        "state": "planned",
        "planned_at": "2026-11-23T12:05:00Z",
        "created_at": "2026-11-23T12:05:00Z",
        "self": f"http://testserver{RELEASE}",
        "url": "http://testserver/services/checkout-api/releases/1.0/",
        "changes": changes,
        "deployments": [],
    }
    assert ci.get(RELEASE).json() == response.json()
    assert ci.get(RELEASE)["ETag"] == response["ETag"] == '"1"'


def test_what_nobody_wrote_is_null(ci: Client, checkout: Service) -> None:
    shown = put(ci, RELEASE, {}).json()
    assert {shown[name] for name in PLANNED if name != "irreversible"} == {None}
    assert shown["owner"] is None


def test_put_replaces_the_plan(ci: Client, checkout: Service) -> None:
    put(ci, RELEASE, PLANNED)
    response = put(ci, RELEASE, {"title": "Another"})
    assert (response.status_code, response["ETag"]) == (200, '"2"')
    assert (response.json()["title"], response.json()["reason"]) == ("Another", None)


def test_patch_changes_what_it_names(ci: Client, checkout: Service) -> None:
    assert patch(ci, RELEASE, PLANNED).status_code == 201
    response = patch(ci, RELEASE, {"title": "Another", "irreversible": True})
    assert response.status_code == 200
    assert response.json() == {**ci.get(RELEASE).json(), **PLANNED, "title": "Another", "irreversible": True}


def test_patch_may_empty_a_field(ci: Client, checkout: Service) -> None:
    put(ci, RELEASE, PLANNED)
    assert patch(ci, RELEASE, {"reason": None}).json()["reason"] is None


def test_patch_adds_changes_and_put_replaces_them(ci: Client, checkout: Service) -> None:
    first, second = {"sha": "1111111"}, {"sha": "2222222"}
    patch(ci, RELEASE, {"changes": [first, first]})
    assert len(patch(ci, RELEASE, {"changes": [second]}).json()["changes"]) == 2
    assert len(put(ci, RELEASE, {}).json()["changes"]) == 2, "left out, they stay: CI reports them"
    assert [change["sha"] for change in put(ci, RELEASE, {"changes": [second]}).json()["changes"]] == [
        "2222222"
    ]


def test_a_new_release_starts_with_both_checklists_and_the_standing_plan(
    ci: Client, checkout: Service
) -> None:
    standing = make_plan(checkout, data_note="Sessions are lost.")
    put(ci, RELEASE, {})
    release = Release.objects.get()
    keys = list(release.items.order_by("list", "position").values_list("key", flat=True))
    assert keys[:5] == ["lint", "unit_tests", "integration", "staging_config", "tag"]
    assert keys[5:] == ["permissions", "secrets", "headers", "upload_limits", "logging"]
    copy = release.plans.get()
    assert (copy.version, copy.digest, copy.data_note) == (1, standing.digest, "Sessions are lost.")
    assert [step.command for step in copy.steps.all()] == [step.command for step in standing.steps.all()]
    assert (standing.steps.count(), standing.release) == (2, None)


def test_an_owner_who_is_nobody_is_refused_with_who_is_somebody(
    ci: Client, checkout: Service, alice: User, bob: User
) -> None:
    before = rows()
    error = sole_error(put(ci, RELEASE, {"owner": "bobby"}))
    assert (error["pointer"], error["code"], error["expected"]) == (
        "#/owner",
        "unknown",
        "one of: bob, alice",
    )
    assert rows() == before


@pytest.mark.parametrize(
    "name", ["version", "service", "verdict", "state", "deployments", "self", "url", "created_at"]
)
def test_what_the_desk_says_itself_cannot_be_written(ci: Client, checkout: Service, name: str) -> None:
    error = sole_error(put(ci, RELEASE, {name: "x"}))
    assert (error["code"], error["detail"]) == ("read_only", f"'{name}' is read-only; leave it out.")


@pytest.mark.parametrize("version", ["1" * 129, "-1", "1 0", "1.0🚀", "%0a"])
def test_what_cannot_be_a_version_is_refused(ci: Client, checkout: Service, version: str) -> None:
    error = sole_error(put(ci, f"{CHECKOUT}/releases/{version}", {}))
    assert "1 to 128 of" in error["expected"]


def test_a_version_may_hold_every_mark_it_is_allowed(ci: Client, checkout: Service) -> None:
    path = f"{CHECKOUT}/releases/2026.11.23-2_rc+1:a@b~c"
    shown = put(ci, path, {}).json()
    assert ci.get(shown["self"]).json() == shown


# -- If-Match


@pytest.mark.parametrize("write", [put, patch])
def test_a_writer_who_has_read_the_present_state_writes(ci: Client, checkout: Service, write: type) -> None:
    tag = put(ci, RELEASE, PLANNED)["ETag"]
    assert write(ci, RELEASE, {"title": "Mine"}, **{"If-Match": tag}).status_code == 200
    refused = write(ci, RELEASE, {"title": "Late"}, **{"If-Match": tag})
    assert 'its ETag is now "2"' in problem(refused, 412, "changed-meanwhile")["detail"]
    assert Release.objects.get().title == "Mine"


@pytest.mark.parametrize("tag", ["*", 'W/"1"', ' "1" ', '"7", "1"', '"abc",W/"1"'])
def test_other_spellings_of_the_present_state_count(ci: Client, checkout: Service, tag: str) -> None:
    put(ci, RELEASE, PLANNED)
    assert put(ci, RELEASE, {}, **{"If-Match": tag}).status_code == 200


@pytest.mark.parametrize("tag", ['"1"', "*", "x", '"99999999999"', '"abc"'])
def test_no_state_matches_what_does_not_exist(ci: Client, checkout: Service, tag: str) -> None:
    before = rows()
    problem(put(ci, RELEASE, {}, **{"If-Match": tag}), 412, "changed-meanwhile")
    assert rows() == before


@pytest.mark.parametrize("write", [put, patch])
def test_a_writer_who_wants_a_new_release_never_changes_one(
    ci: Client, checkout: Service, write: type
) -> None:
    new = {"If-None-Match": "*"}
    assert write(ci, RELEASE, {"title": "First"}, **new).status_code == 201
    problem(write(ci, RELEASE, {"title": "Second"}, **new), 412, "changed-meanwhile")
    problem(write(ci, RELEASE, {"title": "Both"}, **new, **{"If-Match": "*"}), 412, "changed-meanwhile")
    assert Release.objects.get().title == "First"


# -- what became of it


def test_a_release_that_ci_was_first_to_speak_of_can_still_be_planned(ci: Client, checkout: Service) -> None:
    make_deployment(checkout, commit="0000000")
    assert ci.get(RELEASE).json()["planned_at"] is None
    shown = put(ci, RELEASE, {"title": "Late"})
    assert (shown.status_code, shown.json()["planned_at"]) == (200, "2026-11-23T12:05:00Z")
    assert shown.json()["commit"] == "0000000", "reported; the plan names none"


def test_its_deployments_are_told_the_newest_first(ci: Client, checkout: Service, clock: Clock) -> None:
    noon = clock.now - minutes(5)
    make_deployment(checkout, "0.9", at=noon - minutes(60))
    make_deployment(checkout, kind="started", at=noon - minutes(2), run="8812")
    make_deployment(checkout, at=noon, run="8812", command="make deploy", url="https://ci.example/8812")
    make_deployment(checkout, kind="started", environment="staging", at=noon + minutes(1))
    waiting, done = ci.get(RELEASE).json()["deployments"]
    assert done == {
        "id": done["id"],
        "environment": "production",
        "status": "succeeded",
        "mode": "forward",
        "started_at": "2026-11-23T11:58:00Z",
        "finished_at": "2026-11-23T12:00:00Z",
        "seconds": 120.0,
        "rehearsed_seconds": None,
        "replaced": "0.9",
        "run": "8812",
        "command": "make deploy",
        "by": "desk",
        "url": "https://ci.example/8812",
        "gate": None,  # it is judged by a job, soon after
    }
    assert waiting["status"] == "started"
    clock.tick(60)
    assert ci.get(RELEASE).json()["deployments"][0]["status"] == "lost"


def test_the_list_tells_verdict_and_state_of_each(ci: Client, checkout: Service) -> None:
    release = make_release(checkout, "1.0", title="Slow")
    make_deployment(checkout, "1.0")
    make_snapshot(release, "before")
    make_snapshot(release, "after", requests=requests_of(ms=400))
    make_release(checkout, "2.0")
    page = ci.get(f"{CHECKOUT}/releases").json()
    told = [(row["version"], row["verdict"], row["state"]) for row in page["results"]]
    assert told == [("2.0", "not_measured", "planned"), ("1.0", "suspect", "suspect")]
    assert (page["count"], page["next"], page["previous"]) == (2, None, None)


def test_a_long_list_comes_in_pages(ci: Client, checkout: Service) -> None:
    for number in range(51):
        make_release(checkout, f"1.{number}")
    first = ci.get(f"{CHECKOUT}/releases").json()
    assert (len(first["results"]), first["next"]) == (50, f"http://testserver{CHECKOUT}/releases?page=2")
    second = ci.get(first["next"]).json()
    assert [row["version"] for row in second["results"]] == ["1.0"]
    assert second["previous"] == f"http://testserver{CHECKOUT}/releases?page=1"
    problem(ci.get(f"{CHECKOUT}/releases?page=3"), 404)
    assert sole_error(ci.get(f"{CHECKOUT}/releases?page=0"))["pointer"] == "?page"
