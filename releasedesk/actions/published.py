"""Take in that a version was tagged or published."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.checklist import report_check
from releasedesk.actions.commits import know_commit
from releasedesk.actions.releases import ensure_release
from releasedesk.catalog.models import Service
from releasedesk.checklists.models import Outcome
from releasedesk.releases.models import Release

TAG = "tag"


@dataclass(frozen=True, slots=True)
class Publication:
    """What one message says. `commit` is empty where it is not known."""

    version: str
    at: datetime
    source: str
    key: str
    is_tag: bool
    commit: str = ""
    url: str = ""


def record_publication(actor: Actor, service: Service, said: Publication, *, now: datetime) -> Release:
    """Register the release, tick its item `tag`, and keep what commit bears the tag: the latest word counts.

    Raises 403 for somebody else's service.
    """
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"report on {service.slug}"
    )
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        release, _ = ensure_release(service, said.version, actor=actor, now=now)
        if said.is_tag:
            report_check(
                actor,
                release,
                TAG,
                Outcome.PASSED,
                evidence=said.url,
                at=said.at,
                source=said.source,
                event=said.key,
            )
        if said.commit and release.tagged(said.commit, said.at):
            release.save(update_fields=["tagged_commit", "tagged_at"])
            know_commit(service, release)
    return release
