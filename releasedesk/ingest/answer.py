"""What the sender of a message is told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from releasedesk.deliveries.models import Outcome
from releasedesk.ingest.apply import Applied
from releasedesk.ingest.message import Message
from releasedesk.releases.models import Deployment

STATUS = {Outcome.APPLIED: 201, Outcome.UNMATCHED: 202, Outcome.IGNORED: 202}


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and body of the answer. `release_url` is a path; the door knows its own host."""

    status: int
    body: Mapping[str, Any]
    replayed: bool = False


def applied(message: Message, service: str | None, what: Applied, *, now: datetime) -> dict[str, Any]:
    """Tell what came of a message, by what came of the fact that stands for all it said."""
    return {
        **_told(message, Outcome.APPLIED, service, what.environment, what.version),
        "release_url": f"/services/{service}/releases/{what.version}/" if what.version else None,
        "deployment": _deployment(what.deployment, now) if what.deployment else None,
    }


def unmatched(
    message: Message,
    detail: str,
    service: str | None = None,
    environment: str | None = None,
    version: str | None = None,
) -> dict[str, Any]:
    """Tell that a message waits, and what for."""
    told = _told(message, Outcome.UNMATCHED, service, environment, version)
    return {**told, "release_url": None, "deployment": None, "detail": detail}


def ignored(message: Message, detail: str) -> dict[str, Any]:
    """Tell that a message was kept and says nothing that the desk needs, and why."""
    told = _told(message, Outcome.IGNORED, None, None, None)
    return {**told, "release_url": None, "deployment": None, "detail": detail}


def _told(
    message: Message, outcome: Outcome, service: str | None, environment: str | None, version: str | None
) -> dict[str, Any]:
    return {
        "id": message.key,
        "outcome": outcome.value,
        "service": service,
        "environment": environment,
        "version": version,
    }


def _deployment(row: Deployment, now: datetime) -> dict[str, Any]:
    return {
        "id": row.pk,
        "status": row.status_at(now).value,
        "mode": row.mode or None,
        "started_at": _time(row.started_at),
        "finished_at": _time(row.finished_at),
    }


def _time(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
