"""Configurations over HTTP: the key, the fingerprints, and how two environments compare."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode
from typing import Any

import pytest
from django.conf import settings as desk
from django.test import Client
from pytest_django import Settings

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import DESK
from releasedesk.actions.configuration import Meaning, mean_difference, renew_config_key
from releasedesk.catalog.models import Service
from releasedesk.releases.models import ConfigKey
from tests.api.asking import CHECKOUT, problem, put, send
from tests.builders import NOON, make_team, make_token, minutes

KEY, CONFIG = f"{CHECKOUT}/config-key", f"{CHECKOUT}/config"


def report(client: Client, environment: str, **values: str) -> None:
    """Report a configuration as any sender can: the key, HMAC-SHA256, names and digests."""
    key = b64decode(client.get(KEY).json()["key"])
    config = {
        name: "hmac-sha256:" + hmac.new(key, f"{name}\0{value}".encode(), hashlib.sha256).hexdigest()
        for name, value in values.items()
    }
    answer = send(client, kind="config.reported", environment=environment, config=config, version=None)
    assert answer.status_code == 201, answer.content


def test_the_key_is_made_once_random_and_never_kept_in_the_clear(ci: Client, checkout: Service) -> None:
    first, again = ci.get(KEY), ci.get(KEY)
    assert first["Cache-Control"] == "no-store"
    assert first.json() == again.json()
    key = b64decode(first.json()["key"])
    assert len(key) == 32
    kept = ConfigKey.objects.get().sealed.encode()
    assert key not in kept
    assert first.json()["key"].encode() not in kept


def test_staging_and_production_are_compared_by_name_and_no_digest_is_shown(
    ci: Client, checkout: Service
) -> None:
    report(ci, "staging", POOL="20", TTL="60", DEBUG="0", HOST="staging.example")
    report(ci, "production", POOL="40", TTL="60", HOST="example.com", CDN="on")
    mean_difference(DESK, checkout, "HOST", Meaning(reason="Each has its own."), now=NOON)
    response = ci.get(CONFIG)
    found = response.json()
    assert (found["with"], found["environment"], found["same"]) == ("staging", "production", False)
    assert found["differ"] == ["POOL"]
    assert found["missing"] == {"staging": ["CDN"], "production": ["DEBUG"]}
    assert found["equal"] == ["TTL"]
    assert found["meant"] == [{"name": "HOST", "reason": "Each has its own.", "by": "desk"}]
    assert "hmac" not in response.content.decode()


def test_before_anybody_reported_that_is_said(ci: Client, checkout: Service) -> None:
    found = ci.get(CONFIG).json()
    assert found["sentence"] == "staging and production have not reported a configuration."
    assert found["same"] is False


def test_only_the_newest_report_of_each_counts(ci: Client, checkout: Service) -> None:
    report(ci, "staging", POOL="20")
    report(ci, "production", POOL="20")
    assert ci.get(CONFIG).json()["same"] is True
    answer = send(
        ci,
        kind="config.reported",
        environment="staging",
        config={"POOL": "hmac-sha256:" + "0" * 64},
        occurred_at="2026-11-23T11:00:00Z",
        version=None,
    )
    assert answer.status_code == 201
    assert ci.get(CONFIG).json()["same"] is True, "what came late was said earlier"


def test_a_new_key_outdates_what_was_reported_with_the_former_one(ci: Client, checkout: Service) -> None:
    report(ci, "staging", POOL="20")
    report(ci, "production", POOL="20")
    renew_config_key(DESK, checkout, now=NOON + minutes(1))
    found = ci.get(CONFIG).json()
    assert found["same"] is False
    assert found["sentence"] == "staging and production have not reported a configuration."


def test_a_key_survives_a_new_secret_key_and_is_told_lost_without_the_former_one(
    ci: Client, checkout: Service, settings: Settings
) -> None:
    before = ci.get(KEY).json()
    former, settings.SECRET_KEY = desk.SECRET_KEY, "n" * 60
    settings.SECRET_KEY_FALLBACKS = [former]
    assert ci.get(KEY).json() == before
    settings.SECRET_KEY_FALLBACKS = []
    said = problem(ci.get(KEY), 409)["detail"]
    assert "SECRET_KEY_FALLBACKS" in said
    assert "A lead can make one" in said


def test_the_key_needs_the_scope_of_who_reports(
    payments: Team, checkout: Service, as_bob: Client, as_charlie: Client, stranger: Client
) -> None:
    def token(*scopes: str, team: Team = payments) -> Client:
        return Client(headers={"Authorization": f"Bearer {make_token(team, scopes=scopes)}"})

    assert token("events:write").get(KEY).status_code == 200
    assert as_bob.get(KEY).status_code == 200
    for client in (token("read"), token("events:write", team=make_team("search")), as_charlie):
        problem(client.get(KEY), 403)
    problem(stranger.get(KEY), 401)
    assert as_charlie.get(CONFIG).status_code == 200
    problem(stranger.get(CONFIG), 401)


def test_an_environment_nobody_knows_is_answered_with_the_known_ones(ci: Client, checkout: Service) -> None:
    problem(ci.get(f"{CONFIG}?environment=prod"), 404)
    problem(ci.get(f"{CONFIG}?with=stagin"), 404)
    assert ci.get(f"{CONFIG}?environment=staging&with=production").json()["environment"] == "staging"


def test_comparing_costs_the_same_for_few_and_for_many_settings(
    ci: Client, checkout: Service, django_assert_num_queries: Any
) -> None:
    for count in (1, 50):
        values = {f"N{number}": "x" for number in range(count)}
        report(ci, "staging", **values)
        report(ci, "production", **values)
        with django_assert_num_queries(5):  # token, service, environments, reports, meant
            ci.get(CONFIG)


def test_what_is_meant_to_differ_is_said_and_taken_back(ci: Client, checkout: Service) -> None:
    report(ci, "staging", HOST="a")
    report(ci, "production", HOST="b")
    path = f"{CONFIG}/meant/HOST"
    said = put(ci, path, {"reason": "Each place has its own."})
    assert said.json() == {"name": "HOST", "reason": "Each place has its own.", "by": "ci (token)"}
    assert (ci.get(CONFIG).json()["meant"], ci.get(CONFIG).json()["differ"]) == ([said.json()], [])
    assert ci.delete(path).json() == said.json()
    assert ci.get(CONFIG).json()["differ"] == ["HOST"]
    problem(ci.delete(path), 404)
    assert put(ci, path, {"reason": " "}).status_code == 422


def test_charlie_and_other_teams_tokens_say_nothing_of_it(
    ci: Client, checkout: Service, as_charlie: Client
) -> None:
    path = f"{CONFIG}/meant/HOST"
    put(ci, path, {"reason": "Each place has its own."})
    theirs = Client(headers={"Authorization": f"Bearer {make_token(make_team('search'))}"})
    for client in (as_charlie, theirs):
        assert put(client, path, {"reason": "Mine."}).status_code == 403
        assert client.delete(path).status_code == 403


@pytest.mark.parametrize("name", ["%C2%84", "A%0AB", "%E2%80%AEHOST", "x" * 201])
def test_what_cannot_be_a_setting_is_not_meant_to_differ(ci: Client, checkout: Service, name: str) -> None:
    said = problem(put(ci, f"{CONFIG}/meant/{name}", {"reason": "More is logged on staging."}), 422)
    assert [error["pointer"] for error in said["errors"]] == ["#/name"]
