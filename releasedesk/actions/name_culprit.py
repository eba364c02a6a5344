"""Say which release a rollback was about, once somebody has found out."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Service
from releasedesk.problems.problem import FieldError, Problem, invalid
from releasedesk.releases.history import Mode
from releasedesk.releases.models import Deployment, Release
from releasedesk.reports.recovery import taken_back
from releasedesk.rollbacks.models import Culprit


def name_culprit(
    actor: Actor, rollback: Deployment, version: str, *, because: str = "", now: datetime
) -> Culprit:
    """Name one of the releases that this rollback took back; naming another replaces it.

    Raises 403, 409 for a deployment that did not go back, 422 for a release that it did not take back.
    """
    service = rollback.service
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"name culprits of {service.slug}"
    )
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        held = Deployment.objects.get(pk=rollback.pk)
        if held.mode != Mode.ROLLBACK or held.finish_id is None:
            raise Problem("conflict", f"{rollback.release.version} did not go back there.")
        known: dict[str, Release] = {release.version: release for release in taken_back(held)}
        if version not in known:
            detail = f"{version} was not taken back by this rollback."
            raise invalid(FieldError("#/version", "unknown", detail, f"one of: {', '.join(known)}", version))
        return Culprit.objects.update_or_create(
            rollback_id=held.finish_id,
            defaults={
                "release": known[version],
                "because": because.strip(),
                "named_by": actor.label,
                "named_at": now,
            },
        )[0]
