"""The pages of a service ask as many queries after ten of everything as after one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import DESK
from releasedesk.actions.configuration import report_config
from releasedesk.actions.go_back import end_run
from releasedesk.actions.locks import lock, lock_request
from releasedesk.releases.lock_bodies import LockBody
from releasedesk.releases.models import Incident
from releasedesk.rollbacks.run_bodies import EndBody
from tests.builders import (
    make_deployment,
    make_environment,
    make_note,
    make_plan,
    make_rehearsal,
    make_release,
    make_run,
    make_service,
    make_snapshot,
    make_token,
    make_user,
    minutes,
    requests_of,
)

if TYPE_CHECKING:
    from django.test import Client

    from releasedesk.accounts.models import Team
    from releasedesk.catalog.models import Service
    from tests.conftest import Clock

pytestmark = pytest.mark.django_db
ROUTES = ("GET /basket/{id}", "GET /total")
# By page: idle, and while somebody goes back.
PAGES = {"/services/checkout-api/": (24, 24), "/services/checkout-api/rollback/production/": (24, 24)}


def a_round(service: Service, number: int, at: datetime) -> None:
    """A release to which everything happens within ten hours, and all that can be added to its service."""
    version, hour = f"2.{number}", timedelta(hours=1)
    release = make_release(service, version, now=at, changes=[{"sha": f"{number:040x}", "subject": "a step"}])
    make_plan(service, release, now=at, data_note=f"of {number}")
    make_rehearsal(release, finished_at=at + hour)
    make_plan(service, now=at, data_note=f"of all, {number}")
    for place, later in (("staging", 2 * hour), ("production", 4 * hour)):
        make_deployment(service, version, place, "failed", at=at + later)
        make_deployment(service, version, place, at=at + later + minutes(5))
        report_config(
            DESK,
            service,
            make_environment(place),
            {f"KEY_{key}": f"hmac-sha256:{key:064x}" for key in range(number + 1)},
            release=release,
            at=at,
            source="native",
            key=f"{place}-{number}",
        )
    for route in ROUTES:
        make_snapshot(release, at=at + 3 * hour, route=route, requests=requests_of(ms=100))
        make_snapshot(release, "after", at=at + 5 * hour, route=route, requests=requests_of(ms=100 + number))
    run = make_run(service, at=at + 6 * hour)
    end_run(DESK, run, EndBody.read({"outcome": "stopped", "reason": "not needed"}), now=at + 6 * hour)
    make_deployment(service, "1.0", at=at + 7 * hour)
    make_deployment(service, version, at=at + 8 * hour)
    make_note(release, now=at + 9 * hour)
    lock(
        DESK,
        lock_request(DESK, LockBody.read({"service": service.slug, "kind": "warn", "reason": "a fair"})),
        now=at,
    )
    Incident.objects.create(service=service, key=version, title="totals are wrong", opened_at=at)
    make_token(service.team, service)
    make_user(f"somebody-{number}", service.team)


def asked_by(page: Client, path: str) -> int:
    page.get(path)
    with CaptureQueriesContext(connection) as seen:
        assert page.get(path).status_code == 200
    return len(seen)


def test_ten_of_everything_cost_no_more_queries_than_one(
    client: Client, payments: Team, clock: Clock, alice: User
) -> None:
    client.force_login(alice)
    service = make_service(team=payments, owner="alice")
    begun = clock.now - timedelta(days=12)
    make_deployment(service, "1.0", at=begun - timedelta(hours=1))
    asked: dict[str, list[tuple[int, int]]] = {path: [] for path in PAGES}
    for number in range(10):
        a_round(service, number, begun + timedelta(days=number))
        if number in {0, 9}:
            idle = {path: asked_by(client, path) for path in PAGES}
            run = make_run(service, at=clock.now)
            for path in PAGES:
                asked[path].append((idle[path], asked_by(client, path)))
            end_run(DESK, run, EndBody.read({"outcome": "stopped", "reason": "a test"}), now=clock.now)
    assert asked == {path: [queries] * 2 for path, queries in PAGES.items()}
