"""Take in what a sender says about a deployment, and redo the fold of its place."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions import passages
from releasedesk.actions.commits import know_commit
from releasedesk.actions.follow_rollbacks import follow_rollbacks
from releasedesk.actions.refold import refold
from releasedesk.actions.releases import add_changes, ensure_release
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.bodies import ChangeBody
from releasedesk.releases.history import Kind
from releasedesk.releases.models import Deployment, DeploymentFact, Release


@dataclass(frozen=True, slots=True)
class DeploymentReport:
    """One fact: what happened, where, when, and which sender's message said so."""

    kind: Kind
    version: str
    occurred_at: datetime
    source: str
    key: str
    run: str = ""
    commit: str = ""
    command: str = ""
    url: str = ""
    files_touched: list[str] = field(default_factory=list)
    changes: list[ChangeBody] = field(default_factory=list)


def record_deployment(
    actor: Actor, service: Service, environment: Environment, report: DeploymentReport, *, now: datetime
) -> Deployment:
    """Keep the fact and bring deployments, marks and Live of its place up to date. Returns its deployment.

    A fact is never refused because of what is stored: facts are facts, in whatever order they arrive.
    Raises 403 for somebody else's service.
    """
    actor.require(
        Role.ENGINEER,
        team_id=service.team_id,
        service_id=service.pk,
        what=f"report deployments of {service.slug}",
    )
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        release, _ = ensure_release(service, report.version, actor=actor, now=now)
        fact = DeploymentFact.objects.create(
            service=service,
            environment=environment,
            release=release,
            kind=report.kind,
            occurred_at=report.occurred_at,
            source=report.source,
            key=report.key,
            run=report.run,
            commit=report.commit,
            command=report.command,
            url=report.url,
            actor=actor.label,
            received_at=now,
        )
        _learn(service, release, report)
        follow_rollbacks(service, environment, refold(service, environment), (report.source, report.key))
        if report.kind == Kind.SUCCEEDED:
            passages.wake(service)
        return Deployment.objects.select_related("release", "environment").get(
            **({"start": fact} if report.kind == Kind.STARTED else {"finish": fact})
        )


def _learn(service: Service, release: Release, report: DeploymentReport) -> None:
    """Add what CI knows of the release. Sets grow and the commit is the latest fact's: no order matters."""
    add_changes(release, report.changes)
    new_files = set(report.files_touched) - set(release.files_touched)
    changed: list[str] = []
    if new_files:
        release.files_touched = sorted({*release.files_touched, *new_files})
        changed.append("files_touched")
    if report.commit and report.commit != release.reported_commit:
        latest = release.facts.exclude(commit="").order_by(F("occurred_at").desc(), "-source", "-key")
        release.reported_commit = latest.values_list("commit", flat=True)[0]
        changed.append("reported_commit")
    if changed:
        release.save(update_fields=changed)
    if "reported_commit" in changed:
        know_commit(service, release)
