"""Keep what was reported about an incident."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import Incident, Release


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """What one message says. `key` is the incident's own id; exactly one of the times is given.

    `source` and `event` name the message.
    """

    key: str
    source: str
    event: str
    opened_at: datetime | None = None
    resolved_at: datetime | None = None
    title: str = ""
    url: str = ""


def report_incident(
    actor: Actor,
    service: Service,
    report: IncidentReport,
    *,
    environment: Environment | None,
    release: Release | None,
) -> Incident:
    """Open or resolve an incident: the earliest opening and the latest end count, so no order matters.

    Of what else is said of it the earliest opening that says it counts, else the earliest end. Raises 403 for
    somebody else's service.
    """
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"report on {service.slug}"
    )
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        incident, _ = Incident.objects.get_or_create(service=service, key=report.key)
        opened, resolved = report.opened_at, report.resolved_at
        if opened and (incident.opened_at is None or opened < incident.opened_at):
            incident.opened_at = opened
        if resolved and (incident.resolved_at is None or resolved > incident.resolved_at):
            incident.resolved_at = resolved
        said = {"title": report.title, "url": report.url, "environment": environment, "release": release}
        by = _rank(report)
        for name, value in said.items():
            if value and (name not in incident.said_by or by < incident.said_by[name]):
                setattr(incident, name, value)
                incident.said_by[name] = by
        incident.save()
    return incident


def _rank(report: IncidentReport) -> list[bool | str]:
    """Where a message stands among those that say the same: openings first, then by time and name."""
    at = report.opened_at or report.resolved_at
    assert at is not None
    return [
        report.opened_at is None,
        at.astimezone(UTC).isoformat(timespec="microseconds"),
        report.source,
        report.event,
    ]
