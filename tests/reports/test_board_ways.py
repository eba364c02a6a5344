"""The board's way back is the page's: one rule, whatever happened, however far back the target lies."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries

from releasedesk.accounts.roles import DESK
from releasedesk.catalog.models import Environment, Service
from releasedesk.reports.board import board
from releasedesk.reports.board_facts import NEWEST, Listed
from releasedesk.reports.board_filters import Filters
from releasedesk.reports.board_reading import read
from releasedesk.reports.board_ways import ways
from releasedesk.reports.ways_back import way_back
from tests.builders import (
    NOON,
    PLAN,
    make_deployment,
    make_environment,
    make_plan,
    make_rehearsal,
    make_release,
    make_service,
    make_snapshot,
    make_user,
    minutes,
    requests_of,
)

pytestmark = pytest.mark.django_db
NOW = NOON + timedelta(hours=6)
IRREVERSIBLE = [*PLAN["steps"], {"instruction": "Drop the column", "irreversible": True}]
PLANS: list[dict[str, Any]] = [{}, {"steps": []}, {"triggers": []}, {"data": "lost"}, {"steps": IRREVERSIBLE}]


def make_history(chance: random.Random, slug: str) -> Service:
    """What could have happened to a service: any order of shipping, going back, planning and rehearsing."""
    service = make_service(slug, owner=chance.choice(["bob", None]))
    versions = [f"1.{number}" for number in range(chance.randint(1, 20))]
    releases = [make_release(service, version, irreversible=chance.random() < 0.05) for version in versions]
    for number in range(chance.randint(0, 30)):
        version = chance.choice(versions[: 2 + number])
        kind = chance.choice(["succeeded"] * 5 + ["failed", "started"])
        where = chance.choice(["staging", "production", "production"])
        # Many at one instant: then source and key decide.
        at = NOON + minutes(5 * chance.randint(0, 70))
        make_deployment(service, version, where, kind, at=at, key=f"{chance.random()}")
    for _ in range(chance.randint(0, 5)):
        release = chance.choice([None, *releases[-3:]])
        make_plan(service, release, **chance.choice(PLANS))
        if chance.random() < 0.6:
            ended = NOW - timedelta(days=chance.choice([0, 3, 20]), minutes=chance.randint(0, 90))
            make_rehearsal(
                release or releases[-1], finished_at=ended, outcome=chance.choice(["succeeded", "failed"])
            )
    return service


@pytest.mark.parametrize("seed", range(12))
def test_the_board_answers_as_the_page_does_for_any_history(seed: int) -> None:
    make_user("bob")
    chance = random.Random(seed)
    services = [make_history(chance, f"service-{number}") for number in range(4)]
    for service in services:
        for release in chance.sample(list(service.releases.all()), k=min(2, service.releases.count())):
            if chance.random() < 0.3:
                for phase, ms in (("before", 100), ("after", 300)):
                    make_snapshot(release, phase, at=NOON, requests=requests_of(2000, ms=ms))
    places = list(Environment.objects.filter(tier="production"))
    shown = listed()
    found = ways(shown, places, read(shown, places, NOW), NOW)
    for service in services:
        for place in places:
            page, brief = way_back(service, place, now=NOW), found[service.pk, place.pk]
            assert brief.readiness == page.readiness
            assert brief.target == (page.target.version if page.target else None)
            assert brief.live == (page.live.release.version if page.live else None)
            assert (brief.headline, brief.stale_at) == (page.headline, page.stale_at)
            assert brief.rehearsed_seconds == page.rehearsed_seconds
            assert (brief.plan.version if brief.plan else None) == (page.plan.version if page.plan else None)


def listed() -> list[Listed]:
    """All services as the board lists them."""
    return [
        Listed(*row)
        for row in Service.objects.values_list(
            "pk", "slug", "revision", "team_id", "team__name", "team__slug", "owner__username"
        )
    ]


def rolled_back_over(count: int) -> Service:
    """1.0 is good; each one after it went back to 1.0, and the last one is live."""
    service = make_service()
    make_deployment(service, "1.0", at=NOON)
    for number in range(1, count + 1):
        make_deployment(service, f"2.{number}", at=NOON + minutes(2 * number))
        make_deployment(service, "1.0", at=NOON + minutes(2 * number + 1))
    make_deployment(service, "3.0", at=NOON + minutes(2 * count + 5))
    return service


def test_a_target_further_back_than_the_newest_is_found() -> None:
    rolled_back_over(NEWEST + 3)
    (row,) = board(Filters(), actor=DESK, now=NOW).rows
    assert row.way is not None
    assert (row.way.live, row.way.target) == ("3.0", "1.0")


def test_looking_further_back_costs_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    rolled_back_over(NEWEST + 3)
    places = [make_environment("production")]
    services = listed()
    facts = read(services, places, NOW)
    with django_assert_num_queries(1):
        ways(services, places, facts, NOW)


def test_what_was_live_long_ago_and_is_again_is_answered_for() -> None:
    """Back to the oldest but one: what is live is not among the newest that were read."""
    service = make_service()
    for number in range(NEWEST + 5):
        make_deployment(service, f"1.{number}", at=NOON + minutes(number))
    make_deployment(service, "1.1", at=NOON + minutes(100))
    (row,) = board(Filters(), actor=DESK, now=NOW).rows
    assert row.way is not None
    assert (row.way.live, row.way.target) == ("1.1", "1.0")
