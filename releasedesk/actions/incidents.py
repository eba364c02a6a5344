"""Keep what was reported about an incident."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import Incident, Release


@dataclass(frozen=True, slots=True)
class IncidentReport:
    """What one message says. `key` is the sender's own id; exactly one of the times is given."""

    key: str
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

    Raises 403 for somebody else's service.
    """
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"report on {service.slug}"
    )
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        incident, _ = Incident.objects.get_or_create(service=service, key=report.key)
        opened, resolved = report.opened_at, report.resolved_at
        if opened and (incident.opened_at is None or opened <= incident.opened_at):
            incident.opened_at = opened
            incident.title = report.title or incident.title
            incident.url = report.url or incident.url
            # What the opening says counts, whichever message comes first; the other only fills a gap.
            incident.environment = environment or incident.environment
            incident.release = release or incident.release
        if resolved and (incident.resolved_at is None or resolved > incident.resolved_at):
            incident.resolved_at = resolved
        incident.environment = incident.environment or environment
        incident.release = incident.release or release
        incident.save()
    return incident
