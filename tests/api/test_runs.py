"""Going back over HTTP: the page and the command drive the same run."""

from __future__ import annotations

import pytest
from django.test import Client

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Service
from tests.api.asking import CHECKOUT, post, problem, send
from tests.builders import NOON, make_deployment, make_plan, make_service, make_team, make_token, minutes

ROLLBACK = f"{CHECKOUT}/rollback"
START = {"environment": "production", "reason": "p95 doubled"}


@pytest.fixture
def shipped(checkout: Service) -> Service:
    make_plan(checkout)
    for number, version in enumerate(("1.0", "1.1", "2.0")):
        make_deployment(checkout, version, at=NOON - minutes(60 - number))
    return checkout


def test_the_whole_way(ci: Client, shipped: Service) -> None:
    begun = post(ci, ROLLBACK, START)
    assert begun.status_code == 201
    run = begun.json()
    assert (run["from"], run["to"], run["outcome"], run["joined"]) == ("2.0", "1.1", "running", False)
    assert run["steps"][0]["command"].endswith("VERSION=1.1")
    assert run["page"] == "http://testserver/services/checkout-api/rollback/production/"
    own = f"{ROLLBACK}/runs/{run['id']}"
    ticked = post(ci, f"{own}/ticks", {"step": 1, "exit_code": 0, "seconds": 61.5})
    assert (ticked.status_code, ticked.json()["steps"][0]["exit_code"]) == (200, 0)
    assert ticked.json()["steps"][0]["done_by"] == "ci (token)"
    assert ci.get(f"{ROLLBACK}?environment=production").json()["run"]["id"] == run["id"]
    ended = post(ci, f"{own}/end", {"outcome": "done"})
    assert (ended.status_code, ended.json()["outcome"]) == (200, "done")
    assert ci.get(own).json() == ended.json()


def test_who_comes_second_is_told_who_already_runs_it(ci: Client, shipped: Service) -> None:
    first = post(ci, ROLLBACK, START).json()
    second = post(ci, ROLLBACK, {**START, "to": "1.0"})
    assert second.status_code == 200
    assert (second.json()["joined"], second.json()["id"], second.json()["to"]) == (True, first["id"], "1.1")
    assert second.json()["started_by"] == "ci (token)"


def test_a_start_that_is_sent_again_starts_nothing(ci: Client, shipped: Service) -> None:
    first = post(ci, ROLLBACK, START, **{"Idempotency-Key": "rollback-1"})
    again = post(ci, ROLLBACK, START, **{"Idempotency-Key": "rollback-1"})
    assert (first.status_code, again.status_code) == (201, 200)
    assert (again["Idempotent-Replayed"], again.json()) == ("true", first.json())


def test_cis_own_report_ends_it(ci: Client, shipped: Service) -> None:
    run = post(ci, ROLLBACK, START).json()
    assert send(ci, version="1.1", occurred_at=run["started_at"]).status_code == 201
    told = ci.get(f"{ROLLBACK}/runs/{run['id']}").json()
    assert (told["outcome"], told["ended_by"]) == ("done", "ci (token)")


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("", {"environment": "prod"}, 422),
        ("", {"environment": "production", "to": "9.9"}, 422),
        ("", {"environment": "staging"}, 409),
        ("", {}, 422),
        ("/runs/99/ticks", {"step": 1}, 404),
        ("/runs/99/end", {"outcome": "done"}, 404),
    ],
)
def test_what_cannot_be_is_a_problem(
    ci: Client, shipped: Service, path: str, body: dict[str, str], status: int
) -> None:
    problem(post(ci, f"{ROLLBACK}{path}", body), status)


def test_a_step_that_is_not_there_and_an_end_that_is_none_are_named(ci: Client, shipped: Service) -> None:
    own = f"{ROLLBACK}/runs/{post(ci, ROLLBACK, START).json()['id']}"
    (error,) = problem(post(ci, f"{own}/ticks", {"step": 9}), 422)["errors"]
    assert (error["pointer"], error["expected"]) == ("#/step", "1 to 2")
    (error,) = problem(post(ci, f"{own}/end", {"outcome": "over"}), 422)["errors"]
    assert error["pointer"] == "#/outcome"
    post(ci, f"{own}/end", {"outcome": "stopped"})
    assert problem(post(ci, f"{own}/end", {"outcome": "done"}), 409)["retryable"] is False


def test_charlies_token_and_one_that_only_reads_are_refused(
    shipped: Service, ci: Client, charlie: User
) -> None:
    run = post(ci, ROLLBACK, START).json()
    for token in (make_token(make_team("search")), make_token(make_team("payments"), scopes=["read"])):
        other = Client(headers={"Authorization": f"Bearer {token}"})
        for path in ("", f"/runs/{run['id']}/ticks", f"/runs/{run['id']}/end"):
            problem(post(other, f"{ROLLBACK}{path}", START), 403)


def test_a_run_of_another_service_is_not_found_under_this_one(ci: Client, shipped: Service) -> None:
    run = post(ci, ROLLBACK, START).json()
    make_service("ledger")
    problem(ci.get(f"/api/v1/services/ledger/rollback/runs/{run['id']}"), 404)
