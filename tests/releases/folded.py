"""What is stored of deployments, and what the pure fold says should be."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.actions.tokens import authenticate
from releasedesk.releases import history
from releasedesk.releases.models import Deployment, Live, Standing
from tests.builders import NOON, make_token

Stored = Mapping[str, object]


def ci_of(team: Team) -> Actor:
    """The team's one token, as it is stored: what it sends may be taken in the plain way."""
    token = team.tokens.first() or authenticate(f"Bearer {make_token(team)}", address="", now=NOON)
    assert token
    return token.as_actor()


def stored(service: str = "checkout-api") -> Stored:
    """Everything that is derived from a service's facts, without row ids."""
    deployments = (
        Deployment.objects.filter(service__slug=service)
        .order_by("at", "status", "release__version", "pk")
        .values_list(
            "environment__name",
            "release__version",
            "status",
            "mode",
            "start__key",
            "finish__key",
            "started_at",
            "finished_at",
            "at",
            "replaced__version",
        )
    )
    standings = (
        Standing.objects.filter(service__slug=service)
        .order_by("environment__name", "release__version")
        .values_list(
            "environment__name",
            "release__version",
            "first__key",
            "first_at",
            "last_at",
            "rolled_back_by__key",
            "rolled_back_at",
        )
    )
    lives = (
        Live.objects.filter(service__slug=service)
        .order_by("environment__name")
        .values_list("environment__name", "release__version", "deployment__finish__key", "since")
    )
    return {"deployments": sorted(map(repr, deployments)), "standings": [*standings], "lives": [*lives]}


def folded(events: list[dict[str, Any]]) -> Stored:
    """The same, from the pure fold alone."""
    deployments, standings, lives = [], [], []
    for place in sorted({body["environment"] for body in events}):
        told = history.fold(as_fact(body) for body in events if body["environment"] == place)
        for row in told.deployments:
            start, finish = row.start, row.finish
            ids = (start.id if start else None, finish.id if finish else None)
            times = (row.started_at, row.finished_at, row.finished_at or row.started_at)
            deployments.append(
                (place, row.version, row.status.value, row.mode or "", *ids, *times, row.replaced)
            )
        for version, standing in sorted(told.standings.items()):
            first, last, mark = standing.first_success, standing.last_success, standing.rolled_back_by
            marked = (mark.id, mark.occurred_at) if mark else (None, None)
            standings.append((place, version, first.id, first.occurred_at, last.occurred_at, *marked))
        if told.live:
            lives.append((place, told.live.version, told.live.success.id, told.live.since))
    plain = [
        tuple(str(part) if isinstance(part, history.Mode) else part for part in row) for row in deployments
    ]
    return {"deployments": sorted(map(repr, plain)), "standings": standings, "lives": lives}


def as_fact(body: Mapping[str, Any]) -> history.Fact:
    kind = history.Kind(body["type"].removeprefix("deployment."))
    at = datetime.fromisoformat(body["occurred_at"])
    return history.Fact(kind, at, "native", body["id"], body["version"], body.get("run") or "")
