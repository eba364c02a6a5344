"""`GET …/rollback`: can we go back, to what, and how? For machines and for a terminal at night."""

from __future__ import annotations

import pytest
from django.test import Client

from releasedesk.accounts.models import User
from releasedesk.catalog.models import Service
from tests.api.asking import CHECKOUT, problem
from tests.builders import (
    NOON,
    PLAN,
    make_deployment,
    make_plan,
    make_rehearsal,
    make_release,
    make_snapshot,
    minutes,
    requests_of,
)

ROLLBACK = f"{CHECKOUT}/rollback?environment=production"


@pytest.fixture
def shipped(checkout: Service, bob: User) -> Service:
    """1.0, then 1.1, then 2.0, with a plan that was rehearsed."""
    make_plan(checkout, owner="bob")
    make_deployment(
        checkout, "1.0", at=NOON - minutes(30), commit="1111111", command="make deploy VERSION=1.0"
    )
    make_deployment(checkout, "1.1", at=NOON - minutes(20), commit="2222222")
    live = make_release(checkout, "2.0", title="Cache the total", commit="3333333")
    make_rehearsal(live, finished_at=NOON - minutes(10))
    make_deployment(checkout, "2.0", at=NOON)
    return checkout


def test_the_answer_says_all_that_is_needed_to_go_back(ci: Client, shipped: Service) -> None:
    answer = ci.get(f"{ROLLBACK}&to=1.0")
    assert answer.status_code == 200
    assert answer.json() == {
        "service": "checkout-api",
        "environment": "production",
        "ready": True,
        "reasons": [],
        "live": {
            "version": "2.0",
            "title": "Cache the total",
            "commit": "3333333",
            "verdict": "not_measured",
            "state": "shipped",
            "since": "2026-11-23T12:00:00Z",
            "by": "desk",
        },
        "target": {
            "version": "1.0",
            "title": None,
            "commit": "1111111",
            "verdict": "not_measured",
            "state": "shipped",
            "why": "the one you named, not measured, live 10 min, until 2026-11-23 11:40 UTC",
            "live_from": "2026-11-23T11:30:00Z",
            "live_until": "2026-11-23T11:40:00Z",
        },
        "may_name": ["1.0"],
        "between": [{"version": "1.1", "title": None}],
        "triggers_met": [],
        "plan_version": 1,
        "steps": [
            {
                "instruction": "Deploy the previous version",
                "command": "make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=1.0",
                "missing": [],
                "expected": None,
                "check": None,
                "seconds": 70,
                "irreversible": False,
            },
            {
                "instruction": "Check that it is live",
                "command": "curl -fsS https://checkout-api.example/health",
                "missing": [],
                "expected": None,
                "check": None,
                "seconds": 5,
                "irreversible": False,
            },
        ],
        "data": "comes_back",
        "data_note": None,
        "rehearsed_seconds": 108.0,
        "rehearsed_at": "2026-11-23T11:50:00Z",
        "run": None,
        "last_command": None,
    }


def test_each_reason_says_where_it_is_mended(ci: Client, checkout: Service) -> None:
    make_deployment(checkout, "1.0", at=NOON - minutes(30), command="make deploy VERSION=1.0")
    make_deployment(checkout, "2.0")
    answer = ci.get(ROLLBACK).json()
    assert answer["ready"] is False
    assert answer["reasons"] == [
        {
            "code": "no_plan",
            "severity": "blocking",
            "detail": "There is no rollback plan.",
            "fix": "http://testserver/services/checkout-api/releases/2.0/#rollback-plan",
        }
    ]
    assert (answer["steps"], answer["data"], answer["plan_version"]) == ([], None, None)
    assert answer["last_command"] == "make deploy VERSION=1.0", "all the help there is without a plan"


@pytest.mark.parametrize("environment", ["production", "staging"])
def test_a_service_that_never_shipped_is_answered_too(
    ci: Client, checkout: Service, environment: str
) -> None:
    answer = ci.get(f"{CHECKOUT}/rollback?environment={environment}").json()
    assert (answer["live"], answer["target"], answer["ready"]) == (None, None, False)
    assert answer["reasons"][0]["code"] == "never_deployed"


def test_a_trigger_that_is_met_is_told(ci: Client, shipped: Service) -> None:
    release = make_release(shipped, "2.0")
    make_snapshot(release, "before", at=NOON - minutes(5), requests=requests_of(2000))
    make_snapshot(release, "after", at=NOON + minutes(3), requests=requests_of(2000, ms=300))
    (told,) = ci.get(ROLLBACK).json()["triggers_met"]
    assert told.startswith("p95 is 3")
    assert told.endswith("the plan says to go back above 230 ms.")


def test_a_version_is_never_code(ci: Client, checkout: Service) -> None:
    """The strangest version that is allowed, in a command for a shell."""
    make_plan(checkout, steps=[{"instruction": "Deploy", "command": "deploy {target_version}"}])
    make_deployment(checkout, "1~a:b@c+d", at=NOON - minutes(30))
    make_deployment(checkout, "2.0")
    assert ci.get(ROLLBACK).json()["steps"][0]["command"] == "deploy '1~a:b@c+d'"


def test_a_terminal_gets_the_runbook(ci: Client, shipped: Service) -> None:
    answer = ci.get(ROLLBACK, headers={"Accept": "text/plain"})
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/plain; charset=utf-8")
    text = answer.content.decode()
    assert "make deploy SERVICE=checkout-api ENVIRONMENT=production VERSION=1.1" in text
    assert all(len(line) <= 80 for line in text.splitlines() if "make deploy" not in line)


def test_a_terminal_that_asks_wrongly_gets_a_problem(ci: Client, shipped: Service) -> None:
    for query, status in (("environment=prod", 404), ("", 422), ("environment=production&to=9", 404)):
        answer = ci.get(f"{CHECKOUT}/rollback?{query}", headers={"Accept": "text/plain"})
        problem(answer, status)


def test_a_plan_of_a_release_counts_before_the_standing_one(ci: Client, shipped: Service) -> None:
    make_plan(shipped, make_release(shipped, "2.0"), steps=PLAN["steps"][:1])
    assert len(ci.get(ROLLBACK).json()["steps"]) == 1


def test_a_rollbacks_own_time_stands_beside_the_rehearsed_one(ci: Client, shipped: Service) -> None:
    make_deployment(shipped, "1.1", kind="started", at=NOON + minutes(1))
    make_deployment(shipped, "1.1", at=NOON + minutes(3))
    told = ci.get(f"{CHECKOUT}/releases/1.1").json()["deployments"][0]
    assert (told["mode"], told["replaced"]) == ("rollback", "2.0")
    assert (told["seconds"], told["rehearsed_seconds"]) == (120.0, 108.0)
    assert ci.get(f"{CHECKOUT}/releases/2.0").json()["state"] == "rolled_back"
