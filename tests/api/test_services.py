"""The catalog at the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import Role
from releasedesk.catalog.models import Service
from tests.api.asking import CHECKOUT, RELEASE, patch, post, problem, put, rows, sole_error
from tests.api.conftest import signed_in
from tests.builders import make_release, make_service, make_team, requests_of, snapshot_body

FIELDS = {
    "name": "Checkout",
    "owner": "bob",
    "repository": "https://git.example/checkout",
    "health_url": "https://checkout.example/health",
}
POLICY = {
    "metric": "db_calls",
    "route": "GET /basket/{id}",
    "kind": "absolute",
    "allowed": 5.0,
    "level": 40.0,
    "critical": True,
    "minimum": 50,
    "must_have": True,
    "muted": False,
}


def test_a_service_is_answered_as_it_was_written(ci: Client, bob: User) -> None:
    response = put(ci, CHECKOUT, {**FIELDS, "metric_policies": [POLICY]})
    assert response.status_code == 201
    assert response.json() == {
        "slug": "checkout-api",
        "team": "payments",
        **FIELDS,
        "metric_policies": [POLICY],
    }
    assert ci.get(CHECKOUT).json() == response.json()


def test_put_replaces_and_patch_changes_what_it_names(ci: Client, bob: User) -> None:
    put(ci, CHECKOUT, {**FIELDS, "metric_policies": [POLICY]})
    patched = patch(ci, CHECKOUT, {"name": "Basket"})
    assert (patched.status_code, patched.json()["owner"], patched.json()["name"]) == (200, "bob", "Basket")
    assert patched.json()["metric_policies"] == [POLICY]
    replaced = put(ci, CHECKOUT, {}).json()
    assert replaced == {
        "slug": "checkout-api",
        "name": "checkout-api",
        "team": "payments",
        "owner": None,
        "repository": None,
        "health_url": None,
        "metric_policies": [],
    }


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({"name": ""}, "#/name", "too_short"),
        ({"name": "a\0"}, "#/name", "control_character"),
        ({"name": "x" * 201}, "#/name", "too_long"),
        ({"owner": ""}, "#/owner", "format"),
        ({"owner": "nobody"}, "#/owner", "unknown"),
        ({"team": "nobody"}, "#/team", "unknown"),
        ({"team": ""}, "#/team", "format"),
        ({"repository": "git@git.example:a"}, "#/repository", "url"),
        ({"repository": "https://"}, "#/repository", "url"),
        ({"repository": "https://[x"}, "#/repository", "url"),
        ({"health_url": "javascript:alert(1)"}, "#/health_url", "url"),
        ({"metric_policies": [{"metric": "cpu"}]}, "#/metric_policies/0/metric", "unknown"),
        ({"metric_policies": [{**POLICY, "allowed": -1}]}, "#/metric_policies/0/allowed", "range"),
        ({"metric_policies": [{**POLICY, "minimum": 10**12}]}, "#/metric_policies/0/minimum", "range"),
        ({"metric_policies": [POLICY, POLICY]}, "#/metric_policies/1/metric", "twice"),
        ({"metric_policies": [{**POLICY, "allowed": None}]}, "#/metric_policies/0/allowed", "required"),
        ({"metric_policies": [{**POLICY, "kind": "both"}]}, "#/metric_policies/0/kind", "unknown"),
        ({"metric_policies": [{**POLICY, "route": ""}]}, "#/metric_policies/0/route", "too_short"),
        (
            {"metric_policies": [{"metric": "error_rate", "level": 5}]},
            "#/metric_policies/0/level",
            "range",
        ),
        ({"metric_policies": None}, "#/metric_policies", "type"),
        ({"slug": "other"}, "#/slug", "read_only"),
    ],
    ids=str,
)
def test_a_service_that_cannot_be_is_refused(
    ci: Client, body: dict[str, Any], pointer: str, code: str
) -> None:
    make_service("checkout-api", make_team("payments"))
    before = rows()
    for write in (put, patch):
        error = sole_error(write(ci, CHECKOUT, body))
        assert (error["pointer"], error["code"]) == (pointer, code)
    assert rows() == before


@pytest.mark.parametrize("slug", ["Checkout", "a" * 65, "a_b", "ä", "a b"])
def test_what_cannot_be_a_slug_is_refused(ci: Client, slug: str) -> None:
    assert "1 to 64 of" in sole_error(put(ci, f"/api/v1/services/{slug}", {}))["expected"]


# -- teams


def test_who_is_in_one_team_need_not_say_which(as_bob: Client, payments: Team) -> None:
    assert put(as_bob, CHECKOUT, {}).json()["team"] == "payments"


def test_who_is_in_several_teams_must_say_which(as_bob: Client, bob: User) -> None:
    Membership.objects.create(user=bob, team=make_team("search"), role=Role.ENGINEER)
    assert sole_error(put(as_bob, CHECKOUT, {}))["pointer"] == "#/team"
    assert put(as_bob, CHECKOUT, {"team": "search"}).json()["team"] == "search"


def test_nobody_registers_a_service_in_another_team(as_bob: Client, ci: Client) -> None:
    make_team("search")
    for client in (as_bob, ci):
        problem(put(client, CHECKOUT, {"team": "search"}), 403, "forbidden")
    assert not Service.objects.exists()


def test_only_somebody_in_both_teams_moves_a_service(
    as_bob: Client, as_charlie: Client, ci: Client, bob: User, checkout: Service
) -> None:
    search = make_team("search")
    for client in (as_bob, as_charlie, ci):
        problem(patch(client, CHECKOUT, {"team": "search"}), 403, "forbidden")
    Membership.objects.create(user=bob, team=search, role=Role.VIEWER)
    problem(patch(as_bob, CHECKOUT, {"team": "search"}), 403, "forbidden")
    Membership.objects.filter(user=bob, team=search).update(role=Role.ENGINEER)
    assert patch(as_bob, CHECKOUT, {"team": "search"}).json()["team"] == "search"
    problem(ci.get(CHECKOUT), 403, "forbidden")


def test_put_without_a_team_leaves_the_service_where_it_is(as_bob: Client, checkout: Service) -> None:
    assert put(as_bob, CHECKOUT, {"name": "x"}).json()["team"] == "payments"


def test_a_person_reads_all_teams_services(as_charlie: Client, checkout: Service) -> None:
    make_service("search-api", make_team("search"))
    listed = as_charlie.get("/api/v1/services").json()
    assert [row["slug"] for row in listed["results"]] == ["checkout-api", "search-api"]


def test_a_viewer_registers_nothing(vera: User) -> None:
    problem(put(signed_in(vera), CHECKOUT, {}), 403, "forbidden")
    assert not Service.objects.exists()


# -- metric policies


@pytest.mark.parametrize(
    ("policies", "verdict"),
    [
        ([], "suspect"),
        ([{"metric": "db_calls", "allowed": 5}], "verified"),
        ([{"metric": "db_calls", "muted": True}], "verified"),
        ([{"metric": "db_calls", "allowed": 1}], "suspect"),
        (
            [{"metric": "cache_hit_rate", "must_have": True}, {"metric": "db_calls", "muted": True}],
            "inconclusive",
        ),
    ],
    ids=str,
)
def test_a_services_own_limits_change_the_verdict(
    ci: Client, checkout: Service, policies: list[dict[str, Any]], verdict: str
) -> None:
    make_release(checkout)
    patch(ci, CHECKOUT, {"metric_policies": policies})
    for phase, calls in (("before", 10), ("after", 12)):
        body = snapshot_body(phase, requests=requests_of(2000, db_calls=calls, cache=None))
        assert post(ci, f"{RELEASE}/snapshots", body).status_code == 201
    assert ci.get(f"{RELEASE}/comparison?environment=production").json()["verdict"] == verdict
