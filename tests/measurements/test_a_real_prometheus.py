"""From a deployment to a verdict with nobody measuring: a real Prometheus, the clock's own job, real time."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.conf import settings as desk
from django.test import Client
from django.utils import timezone

from releasedesk.accounts.roles import DESK
from releasedesk.actions.metric_sources import put_source
from releasedesk.jobs.windows import read_windows
from releasedesk.measurements.metric_source import MetricSource, Window
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.measurements.source_bodies import MetricSourceBody
from releasedesk.operations.outgoing_rule import Allowed
from tests.builders import make_deployment, make_environment, make_service
from tests.measurements.prometheus_server import Shop, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_django import Settings

    from releasedesk.accounts.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.end_to_end]
QUERIES = {
    "response_ms_p95": "1000 * histogram_quantile(0.95, sum by (le) (rate(shop_seconds_bucket[3s])))",
    "error_rate": (
        '(sum(rate(shop_requests_total{status="500"}[3s])) or vector(0)) / sum(rate(shop_requests_total[3s]))'
    ),
    "db_calls": "sum(rate(shop_queries_total[3s])) / sum(rate(shop_requests_total[3s]))",
}
# On a loaded machine some scrapes come late: of 12 seconds three may be wrong and the rest still decide.
SPAN, WARM_UP = 12, 3


@pytest.fixture
def shop() -> Iterator[Shop]:
    shop = Shop()
    yield shop
    shop.close()


@pytest.fixture
def prometheus(shop: Shop, tmp_path_factory: pytest.TempPathFactory, settings: Settings) -> Iterator[str]:
    settings.OUTGOING_ALLOWED = Allowed.read(["127.0.0.0/8"])
    with running(desk.DESK_HOME / "test", tmp_path_factory.mktemp("prometheus"), shop.port) as url:
        yield url


def body(url: str, **fields: object) -> dict[str, object]:
    spans = {"step": 1, "span": SPAN, "warm_up": WARM_UP}
    return {"url": url, "route": "all requests", "queries": QUERIES, **spans, **fields}


def test_a_slow_release_is_found_by_itself(shop: Shop, prometheus: str) -> None:
    service, production = make_service(), make_environment("production")
    source = MetricSourceBody.read(body(prometheus))
    put_source(DESK, service, production, source, now=timezone.now())
    time.sleep(SPAN + 5)

    make_deployment(service, "2.0", at=timezone.now())
    shop.ms, shop.calls = 400.0, 9
    until = time.monotonic() + 240
    while not Comparison.objects.exists() and time.monotonic() < until:
        Window.objects.update(try_at=timezone.now() - timedelta(seconds=1))
        read_windows(0)
        time.sleep(1)

    comparison = Comparison.objects.current().get()
    found = {metric["metric"]: metric for metric in comparison.result["metrics"]}
    assert comparison.verdict == "suspect", comparison.sentence
    assert found["response_ms_p95"]["verdict"] == "regressed", found["response_ms_p95"]
    assert found["db_calls"]["verdict"] == "regressed", found["db_calls"]
    assert found["error_rate"]["verdict"] == "unchanged", found["error_rate"]
    assert found["cache_hit_rate"]["verdict"] == "not_measured", "nobody asked for it"
    before, after = Snapshot.objects.get(phase="before"), Snapshot.objects.get(phase="after")
    assert before.recorded_by == after.recorded_by == "Prometheus"
    assert 0 < found["response_ms_p95"]["before"] < 120
    assert 300 < found["response_ms_p95"]["after"] <= 420
    week = Window.objects.get(phase="week_before")
    assert (week.state, week.snapshot) == ("gave_up", None), "there was no Prometheus a week ago"


def test_a_person_tries_a_source_and_sees_what_it_says(shop: Shop, prometheus: str, bob: User) -> None:
    service, client = make_service(), Client()
    client.force_login(bob)
    path = f"/services/{service.slug}/metrics/production/"
    typed = {"url": prometheus, "route": "all requests", "step": "1", "span": "6", "warm_up": "3"}
    typed |= {f"queries/{name}": query for name, query in QUERIES.items()} | {"credential": "hush"}
    page, until = "", time.monotonic() + 240
    while "6 of 6" not in page and time.monotonic() < until:
        time.sleep(1)
        page = client.post(path, {**typed, "try": "1"}).content.decode()

    assert "What it says now" in page
    assert "Response time, p95" in page
    assert "6 of 6" in page
    assert "hush" not in page
    wrong = client.post(path, {**typed, "queries/db_calls": "sum(", "try": "1"}).content.decode()
    assert "Prometheus answers 400" in wrong
    assert not MetricSource.objects.exists(), "trying keeps nothing"
    assert client.post(path, typed).status_code == 302
    assert MetricSource.objects.get().changed_by == "bob"
