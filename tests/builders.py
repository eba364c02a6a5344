"""The named cast and the builders every test may use. They call the same actions as everybody else.

alice leads payments, bob is an engineer of it, vera only views, charlie is not on the team.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from releasedesk.accounts.models import Membership, Team, User
from releasedesk.accounts.roles import DESK, Actor, Role
from releasedesk.actions.checklist import report_check
from releasedesk.actions.deployments import DeploymentReport, record_deployment
from releasedesk.actions.go_back import start_run
from releasedesk.actions.measurements import record_snapshot
from releasedesk.actions.notes import write_note
from releasedesk.actions.plans import record_rehearsal, write_plan
from releasedesk.actions.releases import put_release
from releasedesk.actions.services import put_service
from releasedesk.actions.tokens import issue_token
from releasedesk.catalog.bodies import ServiceBody
from releasedesk.catalog.models import Environment, Service
from releasedesk.deliveries.notices import Event, Target
from releasedesk.measurements.bodies import SnapshotBody
from releasedesk.measurements.models import Snapshot
from releasedesk.notes.bodies import NoteBody
from releasedesk.notes.models import Note
from releasedesk.releases.bodies import ReleaseBody
from releasedesk.releases.history import Kind
from releasedesk.releases.models import Deployment, Release
from releasedesk.rollbacks.bodies import PlanBody, RehearsalBody
from releasedesk.rollbacks.models import Plan, Rehearsal, Run

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ALL_SCOPES = ("read", "events:write", "releases:write", "gate:write")
PLAN: dict[str, Any] = {
    "data": "comes_back",
    "triggers": [{"metric": "response_ms_p95", "above": 230, "for_minutes": 5}],
    "steps": [
        {
            "instruction": "Deploy the previous version",
            "command": "make deploy SERVICE={service} ENVIRONMENT={environment} VERSION={target_version}",
            "seconds": 70,
        },
        {
            "instruction": "Check that it is live",
            "command": "curl -fsS https://{service}.example/health",
            "seconds": 5,
        },
    ],
}
_numbers = itertools.count(1)


def minutes(count: float) -> timedelta:
    """Shorten the many times a test counts in minutes."""
    return timedelta(minutes=count)


def make_team(slug: str = "payments") -> Team:
    return Team.objects.get_or_create(slug=slug, defaults={"name": slug.title()})[0]


def make_user(username: str, team: Team | None = None, role: Role = Role.ENGINEER) -> User:
    user = User.objects.create_user(username, f"{username}@example.com", "correct horse")
    if team is not None:
        Membership.objects.create(team=team, user=user, role=role)
    return user


def make_token(team: Team, service: Service | None = None, scopes: Sequence[str] = ALL_SCOPES) -> str:
    return issue_token(team, service=service, scopes=scopes, name="ci", created_by="test", now=NOON)[1]


def make_environment(name: str) -> Environment:
    return Environment.objects.get(name=name)


def make_service(slug: str = "checkout-api", team: Team | None = None, **fields: Any) -> Service:
    body = ServiceBody.read({"team": (team or make_team()).slug, **fields})
    return put_service(DESK, slug, body, now=NOON, replace=False)[0]


def make_release(
    service: Service, version: str = "1.0", *, actor: Actor = DESK, now: datetime = NOON, **fields: Any
) -> Release:
    return put_release(actor, service, version, ReleaseBody.read(fields), now=now, replace=False)[0]


def make_deployment(
    service: Service,
    version: str = "1.0",
    environment: str = "production",
    kind: str = "succeeded",
    *,
    at: datetime = NOON,
    key: str | None = None,
    actor: Actor = DESK,
    heard: datetime | None = None,
    **report: Any,
) -> Deployment:
    fact = DeploymentReport(
        kind=Kind(kind),
        version=version,
        occurred_at=at,
        source="native",
        key=key or f"event-{next(_numbers)}",
        **report,
    )
    return record_deployment(actor, service, make_environment(environment), fact, now=heard or at)


def make_plan(
    service: Service, release: Release | None = None, *, now: datetime = NOON, **fields: Any
) -> Plan:
    return write_plan(DESK, service, release, PlanBody.read({**PLAN, **fields}), now=now)[0]


def make_rehearsal(
    release: Release, *, finished_at: datetime = NOON, seconds: float = 108, outcome: str = "succeeded"
) -> Rehearsal:
    body = RehearsalBody.read(
        {
            "environment": "staging",
            "started_at": finished_at - timedelta(seconds=seconds),
            "finished_at": finished_at,
            "outcome": outcome,
        }
    )
    staging = make_environment("staging")
    return record_rehearsal(DESK, release, staging, body, now=finished_at)


def make_shippable(
    service: Service, version: str = "1.1", *, first: bool = False, actor: Actor = DESK, **fields: Any
) -> Release:
    """A release that every gate but `owner` lets into production, where 1.0 is live unless it is `first`."""
    plan = {"change": "One join.", "expected_result": "Fewer calls.", "commit": "9f3c123"}
    if not first:
        make_deployment(service, "1.0", at=NOON - minutes(600))
    release = make_release(service, version, actor=actor, now=NOON - minutes(90), **{**plan, **fields})
    make_plan(service, release, now=NOON - minutes(90))
    make_rehearsal(release, finished_at=NOON - minutes(60))
    make_deployment(service, version, "staging", at=NOON - minutes(70), commit="9f3c123")
    make_snapshot(release, at=NOON - minutes(30))
    for item in release.items.filter(list="release"):
        source, event = "native", f"{version}-{item.key}"
        report_check(
            DESK, release, item.key, "passed", evidence="", at=NOON - minutes(80), source=source, event=event
        )
    return release


def make_run(
    service: Service,
    environment: str = "production",
    *,
    at: datetime = NOON,
    actor: Actor = DESK,
    **how: Any,
) -> Run:
    return start_run(actor, service, make_environment(environment), now=at, **how)[0]


def make_target(team: Team, name: str = "chat", *events: str) -> Target:
    """A signed webhook at hooks.example.com; the test lets the desk call it, or does not."""
    target = Target(
        team=team,
        kind=Target.Kind.WEBHOOK,
        name=name,
        place="https://hooks.example.com",
        events=list(events or Event.values),
        created_by="alice",
        created_at=NOON,
    )
    target.keep("https://hooks.example.com/desk", b"s" * 32)
    target.save()
    return target


def requests_of(
    count: int = 300,
    *,
    ms: float = 100,
    db_calls: int | None = 10,
    cache: str | None = "miss",
    errors: int = 0,
) -> dict[str, Any]:
    """Columns of `count` requests spread evenly within ±10 % of `ms`."""
    return {
        "response_ms": [ms * (0.9 + 0.2 * ((index * 37) % count) / count) for index in range(count)],
        "status": [500] * errors + [200] * (count - errors),
        "cache": [cache] * count,
        "db_calls": [db_calls] * count,
    }


def snapshot_body(phase: str = "before", *, at: datetime = NOON, **fields: Any) -> dict[str, Any]:
    """A snapshot as CI would send it."""
    return {
        "phase": phase,
        "environment": "production",
        "route": "GET /basket/{id}",
        "taken_from": (at - minutes(2)).isoformat(),
        "taken_until": at.isoformat(),
        "cache_state": "cold",
        "cache_cleared": "basket:*",
        "requests": requests_of(),
        **fields,
    }


def make_snapshot(release: Release, phase: str = "before", *, at: datetime = NOON, **fields: Any) -> Snapshot:
    body = SnapshotBody.read(snapshot_body(phase, at=at, **fields))
    return record_snapshot(DESK, release, make_environment(body.environment), body, now=at)


def make_note(release: Release, *, actor: Actor = DESK, now: datetime = NOON, **fields: Any) -> Note:
    return write_note(actor, release, NoteBody.read({"reason": "It was slow.", **fields}), now=now)[0]


def event(kind: str = "deployment.succeeded", **fields: Any) -> dict[str, Any]:
    """A native event of its own id, as CI would send it."""
    return {
        "id": f"build-{next(_numbers)}",
        "type": kind,
        "occurred_at": "2026-11-23T12:00:00Z",
        "service": "checkout-api",
        "environment": "production",
        "version": "2026.11.23-2",
        **fields,
    }
