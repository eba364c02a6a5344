"""`…/rollbacks/{id}/culprit`: which release a rollback was about, as somebody found out."""

from __future__ import annotations

import pytest
from django.test import Client

from releasedesk.accounts.models import Team
from releasedesk.catalog.models import Service
from releasedesk.releases.models import Deployment
from tests.api.asking import CHECKOUT, put, sole_error
from tests.builders import NOON, make_deployment, make_team, make_token, minutes

WHY = "The cache key lacked the currency."


@pytest.fixture
def rollback(checkout: Service) -> Deployment:
    """From 3.0 back to 1.0; it took 2.0 back as well."""
    for minute, version in enumerate(("1.0", "2.0", "3.0", "1.0")):
        row = make_deployment(checkout, version, at=NOON - minutes(9 - minute))
    return row


def path_of(rollback: Deployment) -> str:
    return f"{CHECKOUT}/rollbacks/{rollback.pk}/culprit"


def test_it_is_named_shown_and_replaced(ci: Client, rollback: Deployment) -> None:
    path = path_of(rollback)
    assert sole_error_code(ci.get(path).json()) == "Nobody has named what checkout-api was rolled back for."
    answer = put(ci, path, {"version": "3.0", "reason": WHY})
    assert answer.status_code == 200, answer.content
    assert answer.json() == {
        "rollback": rollback.pk,
        "version": "3.0",
        "reason": WHY,
        "by": "ci (token)",
        "at": "2026-11-23T12:05:00Z",
    }
    assert ci.get(path).json() == answer.json()
    put(ci, path, {"version": "2.0"})
    assert (ci.get(path).json()["version"], ci.get(path).json()["reason"]) == ("2.0", None)


def sole_error_code(problem: dict[str, object]) -> object:
    return problem["detail"]


def test_what_it_did_not_take_back_is_no_culprit(ci: Client, rollback: Deployment) -> None:
    error = sole_error(put(ci, path_of(rollback), {"version": "1.0"}))
    assert (error["pointer"], error["expected"]) == ("#/version", "one of: 3.0, 2.0")


def test_a_deployment_that_did_not_go_back_has_none(ci: Client, checkout: Service) -> None:
    forward = make_deployment(checkout, "1.0")
    assert put(ci, path_of(forward), {"version": "1.0"}).status_code == 409
    assert ci.get(f"{CHECKOUT}/rollbacks/999999/culprit").status_code == 404


def test_charlie_and_other_teams_tokens_name_nothing(
    rollback: Deployment, as_charlie: Client, payments: Team
) -> None:
    assert put(as_charlie, path_of(rollback), {"version": "3.0"}).status_code == 403
    theirs = Client(headers={"Authorization": f"Bearer {make_token(make_team('search'))}"})
    assert put(theirs, path_of(rollback), {"version": "3.0"}).status_code == 403
