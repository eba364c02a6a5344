"""Let a newer judge speak of what an older one has judged."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.measurements import keep_judgement
from releasedesk.catalog.models import Service
from releasedesk.measurements.models import Comparison
from releasedesk.measurements.policies import kept


def rejudge(actor: Actor, comparison: Comparison, *, now: datetime) -> Comparison | None:
    """Judge the same numbers by the same limits again and keep the answer as the current comparison.

    The old one stays, no longer current. None when a newer snapshot has replaced it meanwhile. Raises 403 for
    another team's service.
    """
    service = comparison.release.service
    what = f"have {service.slug} judged again"
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=what)
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        found = Comparison.objects.current().filter(pk=comparison.pk)
        current = found.select_related("before", "after__release__service", "after__environment").first()
        if current is None:
            return None
        return keep_judgement(current.before, current.after, kept(current.limits), now=now)
