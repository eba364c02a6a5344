"""Setting up a metric source on its page."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from releasedesk.accounts.roles import DESK
from releasedesk.actions.metric_sources import plan_windows, put_source
from releasedesk.measurements.metric_source import MetricSource, Window
from releasedesk.measurements.source_bodies import MetricSourceBody
from releasedesk.operations.outgoing_rule import Allowed
from tests.builders import make_deployment, make_environment, make_service
from tests.web.forms import controls
from tests.web.reading import text_of

if TYPE_CHECKING:
    from pytest_django import Settings

    from releasedesk.accounts.models import User
    from releasedesk.catalog.models import Service

pytestmark = pytest.mark.django_db
PATH = "/services/checkout-api/metrics/production/"
RELEASE = "/services/checkout-api/releases/1.1/"


@pytest.fixture(autouse=True)
def service(bob: User, settings: Settings) -> Service:
    settings.OUTGOING_ALLOWED = Allowed.read(["prom.example"])
    return make_service()


@pytest.fixture
def bobs(bob: User) -> Client:
    client = Client()
    client.force_login(bob)
    return client


def filled(client: Client, **fields: str) -> dict[str, str]:
    form = controls(client.get(PATH).content)
    return {
        **form,
        "url": "https://prom.example",
        "queries/db_calls": "calls",
        "credential": "hush-hush",
        **fields,
    }


def test_a_starter_fills_the_queries(bobs: Client) -> None:
    form = controls(bobs.get(PATH, {"starter": "traefik"}).content)
    assert form["queries/response_ms_p95"].startswith("1000 * histogram_quantile(0.95,")
    assert form["queries/db_calls"] == ""


def test_a_source_is_kept_shown_without_its_credential_and_forgotten(bobs: Client) -> None:
    assert bobs.post(PATH, filled(bobs)).status_code == 302
    page = bobs.get(PATH).content.decode()
    assert "hush" not in page
    assert 'placeholder="one is kept"' in page
    assert MetricSource.objects.get().queries == {"db_calls": "calls"}
    bobs.post(PATH, filled(bobs, credential=""))
    assert MetricSource.objects.get().headers == {"Authorization": "Bearer hush-hush"}
    bobs.post(PATH, {**controls(page.encode()), "remove": "1"})
    assert not MetricSource.objects.exists()


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"url": "http://169.254.169.254/"}, "OUTGOING_ALLOWED does not list it"),
        ({"url": "file:///etc/passwd"}, "url-error"),
        ({"queries/db_calls": ""}, "No query is given."),
        ({"span": "60"}, "has fewer than 5 points."),
        ({"step": "often"}, "step-error"),
        ({"route": ""}, "route-error"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_lost(bobs: Client, fields: dict[str, str], said: str) -> None:
    answer = bobs.post(PATH, filled(bobs, **fields))
    assert answer.status_code == 422
    assert said in answer.content.decode()
    again = controls(answer.content)
    assert {name: again[name] for name in fields} == fields
    assert not MetricSource.objects.exists()


def test_only_the_team_sets_one(bobs: Client, charlie: User, vera: User) -> None:
    form = filled(bobs)
    for who in (charlie, vera):
        bobs.force_login(who)
        assert bobs.get(PATH).status_code == 403
        assert bobs.post(PATH, form).status_code == 403
        assert bobs.post(PATH, {**form, "try": "1"}).status_code == 403
    assert Client().get(PATH)["Location"] == f"/accounts/login/?next={PATH}"
    assert bobs.get("/services/checkout-api/metrics/nowhere/").status_code in {403, 404}
    assert not MetricSource.objects.exists()


def test_the_release_page_tells_how_far_the_windows_are(bobs: Client, bob: User, service: Service) -> None:
    body = MetricSourceBody.read(
        {"url": "https://prom.example", "route": "all", "queries": {"db_calls": "c"}}
    )
    now = timezone.now()
    put_source(DESK, service, make_environment("production"), body, now=now)
    make_deployment(service, "1.1", at=now - timedelta(minutes=5))
    plan_windows(now)
    Window.objects.filter(phase="after").update(points=12)

    text = text_of(bobs, bob, RELEASE)

    assert "Read by itself from Prometheus" in text
    assert "3 of 10 min, 12 of 40 points" in text
    assert "HX-Refresh" not in bobs.get(f"{RELEASE}windows/").headers
    Window.objects.update(state="gave_up", detail="prom.example could not be reached: refused.")
    answer = bobs.get(f"{RELEASE}windows/")
    assert answer["HX-Refresh"] == "true"
    assert "could not be reached" in answer.content.decode()
