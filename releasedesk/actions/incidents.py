"""Keep what was reported about an incident."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import Incident, Release


def report_incident(
    actor: Actor,
    service: Service,
    key: str,
    *,
    opened_at: datetime | None,
    resolved_at: datetime | None,
    title: str = "",
    url: str = "",
    environment: Environment | None = None,
    release: Release | None = None,
) -> Incident:
    """Open or resolve an incident: the earliest opening and the latest end count, so no order matters."""
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"report on {service.slug}"
    )
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        incident, _ = Incident.objects.get_or_create(service=service, key=key)
        if opened_at and (incident.opened_at is None or opened_at <= incident.opened_at):
            incident.opened_at = opened_at
            incident.title = title or incident.title
            incident.url = url or incident.url
        if resolved_at and (incident.resolved_at is None or resolved_at > incident.resolved_at):
            incident.resolved_at = resolved_at
        incident.environment = incident.environment or environment
        incident.release = incident.release or release
        incident.save()
    return incident
