"""A desk with something in it: the demo's month, and what no demo shows."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK, Role
from releasedesk.actions.locks import LockRequest, lock
from releasedesk.actions.teams import add_person, ensure_team
from releasedesk.catalog.models import Service
from releasedesk.releases.models import Lock, Release
from tests.builders import (
    event,
    make_deployment,
    make_note,
    make_plan,
    make_release,
    make_run,
    make_service,
    make_snapshot,
    make_token,
    minutes,
)
from tests.ingest.payloads import cdevent

if TYPE_CHECKING:
    from datetime import datetime

LONG_SLUG = f"a-service-{'with-a-name-that-goes-on-' * 2}and".ljust(64, "x")
LONG_VERSION = f"2026.11.23-rc.1+{'0123456789abcdef' * 7}"
LONG_TITLE = ("a title that goes on and on, as titles do " * 12 + "W" * 60)[:500]
LONG_PLACE = f"https://kubernetes.example/clusters/eu/namespaces/{'x' * 150}"
SCRIPT = "<script>alert(1)</script><img src=x onerror=alert(1)>"


def fill() -> None:
    """Fill an empty desk with three teams, ten services and a month of releases."""
    call_command("demo", stdout=io.StringIO())
    now = timezone.now()
    _longest_names(now)
    _nothing_yet()
    _locks(now)
    make_run(Service.objects.get(slug="query-router"), at=now - minutes(3), reason="errors doubled")
    _rejected_event(now)
    _long_name_that_waits(now)
    User.objects.create_superuser("ada", "ada@example.com", "correct horse")


def _longest_names(now: datetime) -> None:
    service = make_service(LONG_SLUG, Team.objects.get(slug="payments"), owner="tom", name="N" * 100)
    old = make_release(service, "0.9", now=now - minutes(900))
    make_deployment(service, old.version, at=now - minutes(600))
    release = make_release(
        service,
        LONG_VERSION,
        now=now - minutes(300),
        title=LONG_TITLE,
        reason="R" * 2000,
        expected_result="E" * 300,
        rollback_note=LONG_TITLE,
        slow_part=f"select {'column_of_a_table, ' * 60} from somewhere",
        route=f"GET /{'segment/' * 40}",
    )
    make_deployment(service, LONG_VERSION, "staging", at=now - minutes(250), command="deploy " * 100)
    make_deployment(service, LONG_VERSION, at=now - minutes(200), command="deploy " * 100)
    make_plan(service, release, now=now - minutes(200), data_note="D" * 400)
    for phase, at in (("before", now - minutes(220)), ("after", now - minutes(190))):
        make_snapshot(release, phase, at=at, route=release.route)
    make_note(release, now=now - minutes(100), reason=LONG_TITLE, command_used="deploy " * 100)


def _nothing_yet() -> None:
    team = ensure_team("platform", name="Platform")
    add_person("pia", password=None, full_name="Pia Wolf", roles={team: Role.ENGINEER})
    make_service("mailer", team)


def _locks(now: datetime) -> None:
    service = Release.objects.get(version=LONG_VERSION).service
    for reason, scope in (("The auditors are in the house until Thursday.", None), (LONG_TITLE, service)):
        lock(DESK, LockRequest(scope, None, Lock.Kind.WARN, reason, now + minutes(600)), now=now)


def _rejected_event(now: datetime) -> None:
    ci = Client(headers={"Authorization": f"Bearer {make_token(Team.objects.get(slug='payments'))}"})
    wrong = event(environment="prod", version="1 🚀", occurred_at=now.isoformat())
    answer = ci.post("/api/v1/events", wrong, content_type="application/json")
    assert answer.status_code == 422


def _long_name_that_waits(now: datetime) -> None:
    ci = Client(headers={"Authorization": f"Bearer {make_token(Team.objects.get(slug='payments'))}"})
    announced = cdevent("environment.created", {"name": "x"}, subject=LONG_PLACE)
    announced["context"]["timestamp"] = now.isoformat()
    answer = ci.post("/api/v1/events", announced, content_type="application/json")
    assert answer.json()["outcome"] == "unmatched"
