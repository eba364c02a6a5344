"""Keep the fingerprints of a configuration."""

from collections.abc import Mapping
from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import Release, ReportedConfig


def report_config(
    actor: Actor,
    service: Service,
    environment: Environment,
    digests: Mapping[str, str],
    *,
    release: Release | None,
    at: datetime,
    source: str,
    key: str,
) -> ReportedConfig:
    """Keep names and keyed digests as they were at that time. Raises 403 for somebody else's service."""
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"report on {service.slug}"
    )
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        return ReportedConfig.objects.create(
            service=service,
            environment=environment,
            release=release,
            source=source,
            key=key,
            occurred_at=at,
            digests=dict(digests),
        )
