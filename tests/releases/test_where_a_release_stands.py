"""One word for where a release stands: the first that holds."""

from __future__ import annotations

from datetime import timedelta

import pytest

from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import Release
from releasedesk.reports.verdicts import Judged, judged
from tests.builders import (
    NOON,
    make_deployment,
    make_release,
    make_service,
    make_snapshot,
    minutes,
    requests_of,
)

# Enough to be sure that no errors were added.
BEFORE, SLOW, FAST = (requests_of(2000, ms=ms) for ms in (100, 400, 60))


@pytest.fixture
def service(db: None) -> Service:
    return make_service()


def stands(service: Service, version: str = "1.0") -> Judged:
    release = Release.objects.get(service=service, version=version)
    return judged([release])[release.pk]


def measure(service: Service, after: dict[str, object], **fields: object) -> None:
    release = make_release(service)
    make_snapshot(release, "before", at=NOON - minutes(9), requests=BEFORE, **fields)
    make_snapshot(release, "after", at=NOON + minutes(9), requests=after, **fields)


def test_what_was_only_written_down_is_planned(service: Service) -> None:
    make_release(service)
    assert stands(service).state == "planned"


@pytest.mark.parametrize("kind", ["started", "failed"])
def test_attempts_that_did_not_succeed_leave_it_planned(service: Service, kind: str) -> None:
    make_deployment(service, kind=kind)
    assert stands(service).state == "planned"


def test_a_success_before_production_is_staged(service: Service) -> None:
    make_deployment(service, environment="staging")
    assert stands(service).state == "staged"


def test_a_success_in_production_is_shipped(service: Service) -> None:
    make_deployment(service, environment="staging")
    make_deployment(service, environment="production")
    assert stands(service).state == "shipped"


@pytest.mark.parametrize(
    ("after", "state"),
    [(FAST, "verified"), (SLOW, "suspect"), (requests_of(count=30), "inconclusive")],
    ids=["verified", "suspect", "inconclusive"],
)
def test_a_measured_one_stands_by_its_verdict(service: Service, after: dict[str, object], state: str) -> None:
    make_deployment(service)
    measure(service, after)
    assert (stands(service).state, stands(service).verdict) == (state, state)


def test_one_that_cannot_be_compared_is_only_shipped(service: Service) -> None:
    make_deployment(service)
    release = make_release(service)
    make_snapshot(release, "before", cache_state="cold")
    make_snapshot(release, "after", cache_state="warm")
    assert (stands(service).state, stands(service).verdict) == ("shipped", "not_comparable")


def test_a_rolled_back_one_is_rolled_back_whatever_was_measured(service: Service) -> None:
    make_deployment(service, "0.9", at=NOON - timedelta(days=1))
    make_deployment(service)
    measure(service, FAST)
    make_deployment(service, "0.9", at=NOON + minutes(30))
    assert stands(service).state == "rolled_back"
    make_deployment(service, at=NOON + minutes(60))
    assert stands(service).state == "verified", "shipped again, its mark is lifted"


def test_rolled_back_on_staging_alone_does_not_count_once_it_shipped(service: Service) -> None:
    for place in ("staging", "production"):
        make_deployment(service, "0.9", place, at=NOON - timedelta(days=1))
        make_deployment(service, "1.0", place)
    make_deployment(service, "0.9", "staging", at=NOON + minutes(5))
    assert stands(service).state == "shipped"


def test_the_verdict_is_the_worst_over_its_routes(service: Service) -> None:
    make_deployment(service)
    measure(service, FAST, route="GET /a")
    measure(service, SLOW, route="GET /b")
    assert stands(service).verdict == "suspect"


def test_the_verdict_is_the_one_of_the_highest_tier_that_was_measured(service: Service) -> None:
    measure(service, SLOW, environment="staging")
    assert stands(service).verdict == "suspect"
    measure(service, FAST, environment="production")
    assert stands(service).verdict == "verified"
    assert stands(service).in_(Environment.objects.get(name="staging")) == "suspect"


def test_the_newest_after_decides_whenever_it_arrives(service: Service) -> None:
    measure(service, FAST)
    release = make_release(service)
    make_snapshot(release, "after", at=NOON + minutes(5), requests=SLOW)
    assert stands(service).verdict == "verified", "that window was older than the one known"
    make_snapshot(release, "after", at=NOON + minutes(20), requests=SLOW)
    assert stands(service).verdict == "suspect"
