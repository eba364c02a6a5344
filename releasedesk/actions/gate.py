"""Ask to ship, and keep what was answered."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import GateAnswer, Release
from releasedesk.reports.gates.answer import Gate, gate


def ask_to_ship(
    actor: Actor, release: Release, environment: Environment, *, now: datetime
) -> tuple[Gate, GateAnswer]:
    """Answer whether the release may ship, and keep the answer, open or closed.

    It is computed under the service's lock: what others write at the same time is wholly in it or comes
    after. A lock or an override counts as of `now`. Raises 403.
    """
    service = release.service
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"ship releases of {service.slug}"
    )
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        found = gate(fresh(release), environment, now=now)
        kept = GateAnswer.objects.create(
            release=release,
            environment=environment,
            is_open=found.is_open,
            mode=found.decision.mode,
            conditions=found.conditions_json(),
            asked_by=actor.label,
            asked_at=now,
        )
    return found, kept


def fresh(release: Release) -> Release:
    """The release as it is under the lock."""
    return Release.objects.select_related("service__team", "service__owner", "owner").get(pk=release.pk)
