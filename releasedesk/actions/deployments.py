"""Take in what a sender says about a deployment, and redo the fold of its place."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions import passages
from releasedesk.actions.commits import know_commits
from releasedesk.actions.fold_in import Place, places_of, write
from releasedesk.actions.follow_rollbacks import follow_rollbacks
from releasedesk.actions.refold import refold
from releasedesk.actions.releases import add_changes, ensure_releases
from releasedesk.catalog.models import Environment, Service
from releasedesk.operations.statements import insert
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

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Of two reports the later one knows the commit."""
        return self.occurred_at, self.source, self.key


@dataclass(frozen=True, slots=True)
class Reported:
    """A report, and of which service in which environment."""

    service: Service
    environment: Environment
    report: DeploymentReport


def record_deployment(
    actor: Actor, service: Service, environment: Environment, report: DeploymentReport, *, now: datetime
) -> Deployment:
    """Keep one fact. Raises 403 for somebody else's service."""
    return record_deployments(actor, [Reported(service, environment, report)], now=now)[0]


def record_deployments(actor: Actor, reported: Sequence[Reported], *, now: datetime) -> list[Deployment]:
    """Keep facts and bring deployments, marks and Live of their places up to date. Returns the deployments.

    A fact is never refused because of what is stored: facts are facts, in whatever order they arrive. Whoever
    reports on several services holds them already (`ServiceQuerySet.locked`). Raises 403 for somebody else's.
    """
    services = {one.service.pk: one.service for one in reported}
    for service in services.values():
        what = f"report deployments of {service.slug}"
        actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=what)
    with transaction.atomic(savepoint=False):
        Service.objects.filter(pk__in=services).changed()
        releases, new = _releases(actor, reported, now=now)
        facts = [
            DeploymentFact(
                service=one.service,
                environment=one.environment,
                release=release,
                kind=one.report.kind,
                occurred_at=one.report.occurred_at,
                source=one.report.source,
                key=one.report.key,
                run=one.report.run,
                commit=one.report.commit,
                command=one.report.command,
                url=one.report.url,
                actor=actor.label,
                received_at=now,
            )
            for one, release in zip(reported, releases, strict=True)
        ]
        places = places_of(facts)
        insert(facts)
        _learn(reported, releases, new)
        by_fact = {pk: row for row in _fold(places) for pk in (row.start_id, row.finish_id)}
        passages.wake({one.service.pk for one in reported if one.report.kind == Kind.SUCCEEDED})
        return [by_fact[fact.pk] for fact in facts]


def _releases(
    actor: Actor, reported: Sequence[Reported], *, now: datetime
) -> tuple[list[Release], list[Release]]:
    """Return the release of each report, and those that are new: they are written with what is known."""
    named: dict[tuple[int, str], Release] = {}
    for one in sorted(reported, key=lambda one: one.report.order):
        key = (one.service.pk, one.report.version)
        release = named.setdefault(key, Release(service=one.service, version=one.report.version))
        release.reported_commit = one.report.commit or release.reported_commit
        release.files_touched = sorted({*release.files_touched, *one.report.files_touched})
    stored, new = ensure_releases(list(named.values()), actor=actor, now=now)
    return [stored[one.service.pk, one.report.version] for one in reported], new


def _fold(places: Sequence[Place]) -> list[Deployment]:
    """Go on from how the places stood before; where that cannot be, fold the place anew."""
    folded = [(place, place.folded()) for place in places]
    rows = write([(place, after) for place, after in folded if after is not None])
    anew = [place for place, after in folded if after is None]
    for place in anew:
        first = min(place.told, key=lambda fact: (fact.occurred_at, fact.source, fact.key))
        folded_anew = refold(first.service, first.environment)
        follow_rollbacks(first.service, first.environment, folded_anew, (first.source, first.key))
    facts = [fact.pk for place in anew for fact in place.told]
    if facts:
        rows += Deployment.objects.filter(Q(start__in=facts) | Q(finish__in=facts))
    return rows


def _learn(reported: Sequence[Reported], releases: Sequence[Release], new: Sequence[Release]) -> None:
    """Add what CI knows of the releases. Sets grow and the commit is the latest fact's: no order matters."""
    learned, just_made = list(new), {release.pk for release in new}
    for one, release in zip(reported, releases, strict=True):
        if one.report.changes:
            add_changes(release, one.report.changes)
        if release.pk not in just_made and _learn_of(release, one.report):
            learned.append(release)
    know_commits(learned)


def _learn_of(release: Release, report: DeploymentReport) -> bool:
    """Add to a release that was known before. Returns whether its commit is another one now."""
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
    return "reported_commit" in changed
