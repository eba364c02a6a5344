"""Setting limits on their page, and seeing what they would have meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.test import Client

from releasedesk.actions.policies import put_limits
from releasedesk.catalog.models import MetricPolicy
from releasedesk.measurements.models import Comparison
from releasedesk.problems.problem import Problem
from tests.builders import make_release, make_service, make_snapshot, minutes, requests_of
from tests.web.forms import controls, read

if TYPE_CHECKING:
    from releasedesk.accounts.models import User
    from releasedesk.catalog.models import Service
    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
PAGE = "/services/checkout-api/policies/"
OF_ROUTE = f"{PAGE}?route=GET+%2Fbasket%2F%7Bid%7D"


@pytest.fixture(autouse=True)
def service(bob: User, clock: Clock) -> Service:
    """A release whose database calls rose from 10 to 12 a request."""
    service = make_service()
    release = make_release(service)
    for phase, calls, minute in (("before", 10, -10), ("after", 12, 0)):
        requests = requests_of(800, db_calls=calls)
        make_snapshot(release, phase, at=clock.now + minutes(minute), requests=requests)
    return service


@pytest.fixture
def bobs(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def test_what_was_typed_in_per_cent_is_kept_as_the_api_says_it(bobs: Client, service: Service) -> None:
    form = controls(bobs.get(PAGE).content)
    form |= {"response_ms_p95/allowed": "12.5", "response_ms_p95/level": "300", "db_calls/allowed": "10"}
    form |= {"db_calls/kind": "relative", "error_rate/allowed": "0,2", "error_rate/level": "1"}
    form |= {"cache_hit_rate/muted": "true", "response_ms_p99/critical": "true"}
    assert bobs.post(PAGE, form).status_code == 302
    kept = {row.metric: row for row in MetricPolicy.objects.all()}
    assert set(kept) == {"response_ms_p95", "response_ms_p99", "db_calls", "error_rate", "cache_hit_rate"}
    p95, errors, calls = kept["response_ms_p95"], kept["error_rate"], kept["db_calls"]
    assert (p95.kind, p95.allowed, p95.level, p95.critical) == ("relative", 0.125, 300, None)
    assert (errors.kind, errors.allowed, errors.level) == ("absolute", 0.002, 0.01)
    assert (calls.kind, calls.allowed) == ("relative", 0.1)
    assert kept["response_ms_p99"].critical is True
    assert kept["cache_hit_rate"].muted is True


def test_saving_the_page_as_it_is_changes_nothing(bobs: Client, service: Service, bob: User) -> None:
    form = controls(bobs.get(PAGE).content)
    assert bobs.post(PAGE, form).status_code == 302
    assert not MetricPolicy.objects.exists()
    bobs.post(PAGE, {**form, "error_rate/allowed": "0.7", "error_rate/critical": "false"})
    before = list(MetricPolicy.objects.values("metric", "kind", "allowed", "level", "critical", "minimum"))
    assert bobs.post(PAGE, controls(bobs.get(PAGE).content)).status_code == 302
    fields = "metric", "kind", "allowed", "level", "critical", "minimum"
    assert list(MetricPolicy.objects.values(*fields)) == before


def test_a_route_has_limits_of_its_own_and_leaves_the_others(bobs: Client) -> None:
    bobs.post(PAGE, {**controls(bobs.get(PAGE).content), "db_calls/allowed": "1"})
    page = bobs.get(OF_ROUTE).content
    assert b'placeholder="1"' in page
    saved = bobs.post(OF_ROUTE, {**controls(page), "db_calls/allowed": "3"})
    assert saved.headers["Location"] == OF_ROUTE
    kept = MetricPolicy.objects.order_by("route").values_list("route", "allowed")
    assert list(kept) == [("", 1.0), ("GET /basket/{id}", 3.0)]
    assert b"GET /basket/{id} (own limits)" in bobs.get(PAGE).content
    bobs.post(OF_ROUTE, {**controls(bobs.get(OF_ROUTE).content), "db_calls/allowed": ""})
    assert list(MetricPolicy.objects.values_list("route", "allowed")) == [("", 1.0)]


def test_a_preview_says_what_would_have_been_and_writes_nothing(bobs: Client) -> None:
    form = {**controls(bobs.get(PAGE).content), "db_calls/allowed": "3"}
    page = bobs.post(PAGE, {**form, "preview": "1"})
    assert page.status_code == 200
    assert controls(page.content)["db_calls/allowed"] == "3"
    text = " ".join(page.content.decode().split())
    assert "<b>1 of 1</b> would have been judged otherwise." in text
    assert "Nothing moved past its limit." in text
    assert not MetricPolicy.objects.exists()
    assert Comparison.objects.get().verdict == "suspect"


def test_the_fragment_is_the_preview_alone(bobs: Client) -> None:
    form = {**controls(bobs.get(PAGE).content), "db_calls/allowed": "3", "preview": "1"}
    page = bobs.post(PAGE, form, headers={"HX-Request": "true"})
    assert page.content.strip().startswith(b'<section class="card" id="preview"')
    assert b"<html" not in page.content
    wrong = bobs.post(PAGE, {**form, "db_calls/allowed": "x"}, headers={"HX-Request": "true"})
    assert (wrong.status_code, b"must be mended first" in wrong.content) == (422, True)


def test_a_changed_limit_counts_from_the_next_measurement(
    bobs: Client, service: Service, clock: Clock
) -> None:
    bobs.post(PAGE, {**controls(bobs.get(PAGE).content), "db_calls/allowed": "3"})
    assert Comparison.objects.current().get().verdict == "suspect"
    release = service.releases.get()
    make_snapshot(release, "after", at=clock.now + minutes(3), requests=requests_of(800, db_calls=12))
    assert Comparison.objects.current().get().verdict == "verified"


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("response_ms_p95/allowed", "fast", "Expected: a number"),
        ("response_ms_p95/minimum", "1", "Expected: "),
        ("error_rate/level", "500", "5 % is written 0.05"),
        ("db_calls/level", "-3", "Expected: "),
    ],
)
def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    bobs: Client, name: str, value: str, said: str
) -> None:
    form = {**controls(bobs.get(PAGE).content), name: value, "db_calls/allowed": "7"}
    page = bobs.post(PAGE, form)
    assert page.status_code == 422
    assert f'href="#{name}"' in page.content.decode()
    assert said in page.content.decode()
    assert controls(page.content)[name] == value
    assert controls(page.content)["db_calls/allowed"] == "7"
    assert not MetricPolicy.objects.exists()


def test_the_page_is_well_formed_and_offers_what_is_known(bobs: Client) -> None:
    page = read(bobs.get(PAGE).content)
    assert len([name for name in page.sent if name.endswith("/allowed")]) == 6
    assert bobs.get("/services/checkout-api/").content.count(PAGE.encode()) == 1


def test_the_second_of_two_writers_is_told_and_loses_nothing(bobs: Client, service: Service) -> None:
    mine = {**controls(bobs.get(PAGE).content), "db_calls/allowed": "2", "db_calls/must_have": "true"}
    theirs = {**controls(bobs.get(PAGE).content), "db_calls/allowed": "1", "error_rate/critical": "false"}
    assert bobs.post(PAGE, theirs).status_code == 302
    page = bobs.post(PAGE, mine)
    assert page.status_code == 412
    text = " ".join(page.content.decode().split())
    assert "Somebody has set the limits of checkout-api meanwhile." in text
    assert text.count("Saved meanwhile:") == 3
    assert '<span class="pre">1</span>' in text
    assert '<span class="pre">no</span>' in text
    again = controls(page.content)
    assert (again["db_calls/allowed"], again["error_rate/critical"]) == ("2", "")
    assert MetricPolicy.objects.get(metric="db_calls").allowed == 1
    assert bobs.post(PAGE, again).status_code == 302
    assert [(row.metric, row.allowed) for row in MetricPolicy.objects.all()] == [("db_calls", 2.0)]


def test_two_who_set_limits_of_different_routes_are_not_in_each_others_way(bobs: Client) -> None:
    mine = {**controls(bobs.get(OF_ROUTE).content), "db_calls/allowed": "2"}
    bobs.post(PAGE, {**controls(bobs.get(PAGE).content), "db_calls/allowed": "1"})
    assert bobs.post(OF_ROUTE, mine).status_code == 302


def test_a_form_without_what_was_read_is_behind_everybody(bobs: Client) -> None:
    form = controls(bobs.get(PAGE).content)
    assert bobs.post(PAGE, {**form, "read": "0"}).status_code == 412
    page = bobs.post(PAGE, {**form, "preview": "1"})
    assert controls(page.content)["read"] == form["read"], "a preview reads nothing anew"


@pytest.mark.parametrize("who", ["vera", "charlie"])
def test_only_engineers_of_the_team_set_limits(
    who: str, request: pytest.FixtureRequest, service: Service
) -> None:
    user = request.getfixturevalue(who)
    client = Client()
    client.force_login(user)
    assert client.get(PAGE).status_code == 403
    assert client.post(PAGE, {"db_calls/muted": "true"}).status_code == 403
    with pytest.raises(Problem, match=f"{who} may not set the limits of checkout-api"):
        put_limits(user.as_actor(), service, "", [])
    assert PAGE.encode() not in client.get("/services/checkout-api/").content


def test_a_stranger_is_asked_to_sign_in(stranger: Client) -> None:
    assert stranger.get(PAGE).status_code == 302
    assert stranger.post(PAGE, {"db_calls/muted": "true"}).status_code == 403
    assert not MetricPolicy.objects.exists()
