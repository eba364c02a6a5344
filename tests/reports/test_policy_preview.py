"""How the last releases would have been judged by other limits."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import pytest

from releasedesk.catalog.models import MetricPolicy
from releasedesk.measurements.models import Comparison
from releasedesk.reports.policy_preview import NEWEST, preview
from tests.builders import NOON, make_release, make_service, make_snapshot, minutes, requests_of

if TYPE_CHECKING:
    from pytest_django import DjangoAssertNumQueries

    from releasedesk.catalog.models import Service

ROUTE = "GET /basket/{id}"
STRICT = [MetricPolicy(metric="db_calls", allowed=0.1)]


@pytest.fixture
def service(db: None) -> Service:
    return make_service()


def measured(service: Service, version: str, *, calls: int = 10, route: str = ROUTE, minute: int = 0) -> None:
    """A release that made 10 database calls before, and `calls` after."""
    at = NOON + minutes(minute)
    release = make_release(service, version, now=at)
    for phase, number, later in (("before", 10, 0), ("after", calls, 5)):
        requests = requests_of(800, db_calls=number)
        make_snapshot(release, phase, at=at + minutes(later), route=route, requests=requests)


def test_stricter_limits_show_which_releases_would_have_been_suspect(service: Service) -> None:
    Comparison.objects.all().delete()
    measured(service, "1.0")
    measured(service, "1.1", calls=12, minute=60)
    loose = [MetricPolicy(metric="db_calls", allowed=3.0)]
    by_default, found = preview(service, []), preview(service, loose)
    assert [(line.release.version, line.then, line.now) for line in by_default.lines] == [
        ("1.1", "suspect", "suspect"),
        ("1.0", "verified", "verified"),
    ]
    assert [line.now for line in found.lines] == ["verified", "verified"]
    assert (found.others, by_default.others) == (1, 0)
    assert found.lines[0].sentence == "Nothing moved past its limit."


def test_nothing_is_written(service: Service) -> None:
    measured(service, "1.0", calls=12)
    before = list(Comparison.objects.values())
    assert preview(service, [MetricPolicy(metric="db_calls", allowed=9)]).others == 1
    assert list(Comparison.objects.values()) == before
    assert not MetricPolicy.objects.exists()


def test_limits_of_a_route_concern_that_route_alone(service: Service) -> None:
    measured(service, "1.0", calls=12)
    measured(service, "1.1", calls=12, route="GET /", minute=60)
    home = [MetricPolicy(metric="db_calls", allowed=9, route="GET /")]
    assert [line.now for line in preview(service, home).lines] == ["verified", "suspect"]


def test_the_worst_route_speaks_for_the_release(service: Service) -> None:
    measured(service, "1.0")
    release = service.releases.get()
    for phase, calls, minute in (("before", 10, 0), ("after", 12, 5)):
        requests = requests_of(800, db_calls=calls)
        make_snapshot(release, phase, at=NOON + minutes(minute), route="GET /", requests=requests)
    (line,) = preview(service, []).lines
    assert (line.then, line.now, line.route) == ("suspect", "suspect", "GET /")


def test_staging_is_left_out_where_production_was_measured(service: Service) -> None:
    measured(service, "1.0")
    release = service.releases.get()
    for phase, calls, minute in (("before", 10, 0), ("after", 12, 5)):
        requests = requests_of(800, db_calls=calls)
        make_snapshot(release, phase, at=NOON + minutes(minute), environment="staging", requests=requests)
    (line,) = preview(service, []).lines
    assert (line.then, line.now) == ("verified", "verified")


def test_it_stops_when_time_is_up_and_says_how_many_it_left_out(service: Service) -> None:
    for number in range(3):
        measured(service, f"1.{number}", minute=60 * number)
    asked = count()
    found = preview(service, [], is_late=lambda: next(asked) >= 1)
    assert ([line.release.version for line in found.lines], found.unseen) == (["1.2", "1.1"], 1)


def test_the_newest_twenty_in_a_query_each_and_two(
    service: Service, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(NEWEST + 2):
        measured(service, f"1.{number}", minute=60 * number)
    with django_assert_num_queries(2 + NEWEST):
        found = preview(service, STRICT)
    assert (len(found.lines), found.lines[0].release.version) == (NEWEST, f"1.{NEWEST + 1}")


def test_a_service_without_measurements_has_nothing_to_show(service: Service) -> None:
    make_release(service)
    assert preview(service, STRICT).lines == ()
