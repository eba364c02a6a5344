"""ada administers the desk; `full_desk` holds a row of every model."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.test import Client

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import DESK, Role
from releasedesk.actions.aliases import name_service
from releasedesk.actions.checklist import report_check
from releasedesk.actions.checklist_template import LineBody, Scope, put_line
from releasedesk.actions.commits import Pushed, record_commit_check, record_commits
from releasedesk.actions.configuration import Meaning, config_key, mean_difference, report_config
from releasedesk.actions.environments import put_environment
from releasedesk.actions.gate import ask_to_ship
from releasedesk.actions.gate_levels import set_levels
from releasedesk.actions.gate_requests import Question, take_question
from releasedesk.actions.go_back import tick_step
from releasedesk.actions.incidents import IncidentReport, report_incident
from releasedesk.actions.locks import LockRequest, lock
from releasedesk.actions.metric_sources import windows_of
from releasedesk.actions.name_culprit import name_culprit
from releasedesk.actions.overrides import override
from releasedesk.actions.passages import judge_passages
from releasedesk.actions.sources import set_up_source
from releasedesk.deliveries.models import Answering
from releasedesk.measurements.models import MetricSource, Window
from releasedesk.releases.models import CommitCheck, Lock
from releasedesk.rollbacks.run_bodies import TickBody
from tests import builders
from tests.builders import NOON

if TYPE_CHECKING:
    from releasedesk.accounts.models import Team
    from releasedesk.catalog.models import Service
    from releasedesk.releases.models import Release


@pytest.fixture
def ada(db: None) -> User:
    return User.objects.create_superuser("ada", "ada@example.com", "correct horse")


@pytest.fixture
def admin(ada: User) -> Client:
    """A browser in which ada is signed in."""
    browser = Client()
    browser.force_login(ada)
    return browser


@pytest.fixture
def checkout(db: None) -> Service:
    return builders.make_service("checkout-api")


def fill(count: int, *, start: int = 0) -> None:
    """Put `count` rows of every model on the desk, all of them linked to different others."""
    for number in range(start, start + count):
        put_environment(DESK, f"place-{number}", tier="testing", order=number)
        team = builders.make_team(f"team-{number}")
        builders.make_user(f"user-{number}", team, Role.ENGINEER)
        service = builders.make_service(
            f"service-{number}", team, owner=f"user-{number}", metric_policies=[{"metric": "error_rate"}]
        )
        builders.make_plan(service)
        change = {"sha": "9f3c" * 10, "subject": "cache the basket", "author": "ines"}
        release = builders.make_release(service, owner=f"user-{number}", changes=[change])
        builders.make_deployment(service)
        for phase in ("before", "after"):
            builders.make_snapshot(release, phase, at=NOON - timedelta(minutes=number))
        builders.make_rehearsal(release)
        builders.make_note(release)
        report_check(DESK, release, "lint", "passed", evidence="", at=NOON, source="native", event="lint")
        builders.make_token(team, service)
        _report(service)
        _pass_the_gate(release, team)
        _go_back(service)
    _receive(count, start)


def _report(service: Service) -> None:
    production = builders.make_environment("production")
    release = service.releases.get()
    report_incident(
        DESK,
        service,
        IncidentReport("17", "native", "alarm", opened_at=NOON, title="Slow"),
        environment=production,
        release=release,
    )
    report_config(
        DESK,
        service,
        production,
        {"DATABASE_POOL": "hmac-sha256:secretdigest"},
        release=release,
        at=NOON,
        source="native",
        key="config-1",
    )
    config_key(DESK, service, now=NOON)
    mean_difference(DESK, service, "HOST", Meaning(reason="Each has its own."), now=NOON)
    line = LineBody(key="load", label="Load test", help="Ten minutes of a usual day.")
    put_line(DESK, Scope(service=service), line, now=NOON)
    source = MetricSource.objects.create(
        service=service, environment=production, url="https://prom.example", route="all", changed_at=NOON
    )
    Window.objects.bulk_create(windows_of(source, service.deployments.get(), NOON))
    lock(DESK, LockRequest(service, production, Lock.Kind.BLOCK, "Freeze", None), now=NOON)
    _deliver(service)


def _deliver(service: Service) -> None:
    """What a source of webhooks leaves behind."""
    source, _ = set_up_source(DESK, service.team, kind="gitlab", name="acme", now=NOON)
    Answering.objects.create(
        source=source, url="https://gitlab.example/api/v4", credential="sealed", set_by="alice", set_at=NOON
    )
    question = Question(
        source=source.pk, key="1", environment=None, version="1.0", commit="4f1c" * 10, reply={}, url=""
    )
    take_question(DESK, service, question, now=NOON)
    name_service(DESK, service.team, "acme/shop", service, now=NOON)
    pushed = [Pushed("4f1c" * 10, "", "cache the basket")]
    record_commits(DESK, service, pushed, at=NOON, source="hook", key="1")
    check = CommitCheck(
        sha="4f1c" * 10, item="lint", outcome="passed", occurred_at=NOON, source="hook", key="1"
    )
    record_commit_check(DESK, service, check)


def _pass_the_gate(release: Release, team: Team) -> None:
    """One answer, one override, one level and one passage."""
    production = builders.make_environment("production")
    lead = builders.make_user(f"lead-{team.slug}", team, Role.LEAD).as_actor()
    coming = builders.make_release(release.service, "1.1")
    ask_to_ship(DESK, coming, production, now=NOON)
    why = "The outage cannot wait for the rehearsal."
    override(lead, coming, production, "measured_before", why, now=NOON)
    set_levels(lead, production, release.service, {"owner": "off"}, why, now=NOON)
    assert judge_passages(release.service_id, now=NOON) == 1


def _go_back(service: Service) -> None:
    """A rollback with a start, a step and an end, whom that was told, and what it was about."""
    builders.make_target(service.team)
    builders.make_deployment(service, "1.1", at=NOON + timedelta(minutes=1))
    run = builders.make_run(service, at=NOON + timedelta(minutes=2))
    tick_step(DESK, run, TickBody(step=1), now=NOON + timedelta(minutes=3))
    rollback = builders.make_deployment(service, "1.0", at=NOON + timedelta(minutes=4))
    name_culprit(DESK, rollback, "1.1", now=NOON + timedelta(minutes=5))


def _receive(count: int, start: int) -> None:
    """Deliveries, as CI sends them."""
    token = builders.make_token(builders.make_team("team-0"))
    ci = Client(headers={"Authorization": f"Bearer {token}"})
    for number in range(start, start + count):
        event = builders.event(service="service-0", version="1.0", id=f"received-{number}")
        answer = ci.post("/api/v1/events", event, content_type="application/json")
        assert answer.status_code == 201, answer.content


@pytest.fixture
def full_desk(db: None) -> None:
    fill(2)
