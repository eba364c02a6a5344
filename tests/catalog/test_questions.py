"""What one asks the catalog."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK, Actor, Role
from releasedesk.catalog.models import Environment, Service, Token
from releasedesk.measurements.judge import METRICS
from releasedesk.measurements.policies import kept, policies_of
from tests.builders import NOON, make_service, make_team, make_token


@pytest.fixture
def services(payments: Team) -> list[Service]:
    return [
        make_service("checkout-api", payments),
        make_service("ledger", payments),
        make_service("search-api", make_team("search")),
    ]


def slugs(actor: Actor) -> list[str]:
    return [service.slug for service in Service.objects.of(actor)]


def test_a_teams_token_sees_its_teams_services(services: list[Service], payments: Team) -> None:
    assert slugs(Actor("ci", token_id="1", roles={payments.pk: Role.ENGINEER})) == ["checkout-api", "ledger"]


def test_a_services_token_sees_it_as_long_as_it_is_the_teams(services: list[Service], payments: Team) -> None:
    actor = Actor("ci", token_id="1", roles={payments.pk: Role.ENGINEER}, service_id=services[1].pk)
    assert slugs(actor) == ["ledger"]
    Service.objects.filter(slug="ledger").update(team=services[2].team)
    assert slugs(actor) == []


def test_people_and_the_desk_see_all(services: list[Service], bob: User) -> None:
    assert slugs(bob.as_actor()) == slugs(DESK) == ["checkout-api", "ledger", "search-api"]


def test_a_change_raises_the_revision_of_what_changed(services: list[Service]) -> None:
    before = {service.slug: service.revision for service in Service.objects.all()}
    Service.objects.filter(slug="ledger").changed()
    after = {service.slug: service.revision for service in Service.objects.all()}
    assert after == {**before, "ledger": before["ledger"] + 1}


def test_only_tokens_neither_ended_nor_revoked_are_usable(payments: Team) -> None:
    make_token(payments)
    usable = Token.objects.usable
    assert usable(NOON).count() == 1
    Token.objects.update(expires_at=NOON + timedelta(hours=1))
    assert (usable(NOON).count(), usable(NOON + timedelta(hours=1)).count()) == (1, 0)
    Token.objects.update(revoked_at=NOON, expires_at=None)
    assert usable(NOON).count() == 0


def test_the_place_nearest_to_users_ranks_highest(db: None) -> None:
    canary = Environment.objects.create(name="canary", tier="production", order=5)
    laptop = Environment.objects.create(name="laptop", tier="development", order=99)
    places = sorted(Environment.objects.all(), key=lambda place: place.rank)
    assert [place.name for place in places] == ["laptop", "staging", "canary", "production"]
    assert laptop.rank < canary.rank


def test_what_a_service_does_not_say_follows_the_judges_table(db: None) -> None:
    service = make_service(
        metric_policies=[{"metric": "error_rate", "allowed": 0.02}, {"metric": "db_calls", "muted": True}]
    )
    policies = policies_of(service, "GET /basket/{id}")
    assert list(policies) == list(METRICS)
    changed = policies["error_rate"]
    assert (changed.allowed, changed.critical) == (0.02, METRICS["error_rate"].critical)
    assert (policies["db_calls"].muted, policies["db_calls"].allowed) == (True, METRICS["db_calls"].allowed)
    assert policies["response_ms_p95"] == METRICS["response_ms_p95"]


def test_a_routes_own_limit_stands_over_the_services_number_by_number(db: None) -> None:
    service = make_service(
        metric_policies=[
            {"metric": "response_ms_p95", "allowed": 0.2, "level": 300, "must_have": True},
            {"metric": "response_ms_p95", "route": "GET /slow", "kind": "absolute", "allowed": 50},
        ]
    )
    slow, other = (
        policies_of(service, route)["response_ms_p95"] for route in ("GET /slow", "GET /basket/{id}")
    )
    assert (slow.kind, slow.allowed, slow.level, slow.must_have) == ("absolute", 50, 300, False)
    assert (other.kind, other.allowed, other.level, other.must_have) == ("relative", 0.2, 300, True)


def test_limits_kept_by_an_older_judge_are_read_as_they_were(db: None) -> None:
    old = {"metric": "db_calls", "better": "lower", "allowed": 1.0, "kind": "absolute", "critical": False}
    policy = kept({"db_calls": {**old, "minimum": 20, "must_have": False, "muted": True, "forgotten": 1}})
    assert policy["db_calls"] == replace(METRICS["db_calls"], allowed=1.0, muted=True)
