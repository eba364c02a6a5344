"""Take in what a sender says about a deployment, and redo the fold of its place."""

from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions import passages
from releasedesk.actions.commits import know_commit
from releasedesk.actions.fold_anew import fold_anew
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
    """Keep one fact and bring deployments, marks and Live of its place up to date. Returns its deployment.

    A fact is never refused because of what is stored: facts are facts, in whatever order they arrive. What
    nearly always arrives has been taken in before it comes here (`take_in`). Raises 403 for somebody else's
    service.
    """
    _allow(actor, service)
    with transaction.atomic(savepoint=False):
        Service.objects.filter(pk=service.pk).changed()
        release, is_new = ensure_release(
            service,
            report.version,
            actor=actor,
            now=now,
            commit=report.commit,
            files=report.files_touched,
        )
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
        add_changes(release, report.changes)
        if bool(report.commit) if is_new else _learn_of(release, report):
            know_commit(service, release)
        deployment = _fold(fact)
        if report.kind == Kind.SUCCEEDED:
            passages.wake({service.pk})
        return deployment


def hear_again(actor: Actor, fact: DeploymentFact, report: DeploymentReport) -> Deployment:
    """Take in another telling of what this fact says, and return its deployment. The service is held.

    Whichever came first, the earliest time counts, and of two addresses or commits the one that says more.
    Raises 403 for somebody else's service.
    """
    _allow(actor, fact.service)
    with transaction.atomic():
        before = (fact.occurred_at, fact.url, fact.commit)
        fact.occurred_at = min(fact.occurred_at, report.occurred_at)
        fact.url, fact.commit = _fuller(fact.url, report.url), _fuller(fact.commit, report.commit)
        if (fact.occurred_at, fact.url, fact.commit) != before:
            Service.objects.filter(pk=fact.service_id).changed()
            fact.save(update_fields=["occurred_at", "url", "commit"])
            if _reckon_commit(fact.release):
                fact.release.save(update_fields=["reported_commit"])
                know_commit(fact.service, fact.release)
            fold_anew(fact.service, fact.environment)
        return Deployment.objects.get(Q(start=fact) | Q(finish=fact))


def _fuller(one: str, other: str) -> str:
    return max(one, other, key=lambda text: (len(text), text))


def _allow(actor: Actor, service: Service) -> None:
    what = f"report deployments of {service.slug}"
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=what)


def _fold(fact: DeploymentFact) -> Deployment:
    """Go on from how the place stands; where that cannot be, fold it anew."""
    for deployment in Deployment.objects.raw("SELECT * FROM releases_fold_in(%s)", [fact.pk]):
        return deployment
    fold_anew(fact.service, fact.environment)
    return Deployment.objects.get(Q(start=fact) | Q(finish=fact))


def _learn_of(release: Release, report: DeploymentReport) -> bool:
    """Add to a release that was known before. Returns whether its commit is another one now."""
    new_files = set(report.files_touched) - set(release.files_touched)
    changed: list[str] = []
    if new_files:
        release.files_touched = sorted({*release.files_touched, *new_files})
        changed.append("files_touched")
    if report.commit and report.commit != release.reported_commit and _reckon_commit(release):
        changed.append("reported_commit")
    if changed:
        release.save(update_fields=changed)
    return "reported_commit" in changed


def _reckon_commit(release: Release) -> bool:
    """Let the latest fact with a commit say which it is. Returns whether that is another one now."""
    latest = release.facts.exclude(commit="").order_by(F("occurred_at").desc(), "-source", "-key")
    before = release.reported_commit
    release.reported_commit = latest.values_list("commit", flat=True).first() or ""
    return release.reported_commit != before
