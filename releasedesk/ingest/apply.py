"""Facts → actions, in one table. A new kind of fact is one class and one line here."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from releasedesk.accounts.roles import Actor
from releasedesk.actions.checklist import report_check
from releasedesk.actions.commits import Pushed, record_commit_check, record_commits
from releasedesk.actions.configuration import report_config
from releasedesk.actions.deployments import DeploymentReport, hear_again, record_deployment
from releasedesk.actions.gate_requests import Question, take_question
from releasedesk.actions.incidents import IncidentReport, report_incident
from releasedesk.actions.measurements import record_snapshot
from releasedesk.actions.plans import record_rehearsal
from releasedesk.actions.published import Publication, record_publication
from releasedesk.actions.releases import ensure_release
from releasedesk.catalog.models import Environment, Service
from releasedesk.ingest.facts import (
    CheckFact,
    CommitCheckFact,
    CommitsFact,
    ConfigFact,
    DeploymentFact,
    Fact,
    ForgeDeploymentFact,
    GateFact,
    IncidentFact,
    RehearsalFact,
    ReleaseFact,
    SnapshotFact,
)
from releasedesk.problems.problem import FieldError, invalid, unknown, within
from releasedesk.releases import models as releases
from releasedesk.releases.history import Kind
from releasedesk.releases.models import CommitCheck, Deployment, Release


@dataclass(frozen=True, slots=True)
class Told:
    """A fact with everything that is known about its coming."""

    actor: Actor
    service: Service
    source: str
    now: datetime

    def release(self, version: str) -> Release:
        """Return the release the fact is about; CI may be the first to speak of it. The service is held."""
        return ensure_release(self.service, version, actor=self.actor, now=self.now)[0]


@dataclass(frozen=True, slots=True)
class Applied:
    """What came of it, for the answer."""

    version: str | None = None
    environment: str | None = None
    deployment: Deployment | None = field(default=None)


def apply(fact: Fact, told: Told) -> Applied:
    """Carry out what a fact says. Raises the `Problem` of the action that refuses it."""
    return APPLY[type(fact)](fact, told)


def environment_named(name: str, pointer: str = "#/environment") -> Environment:
    """Return the environment. Raises 422 that lists the known ones."""
    known = {environment.name: environment for environment in Environment.objects.all()}
    if name not in known:
        raise invalid(unknown(pointer, "environment", name, list(known)))
    return known[name]


def report_of(fact: DeploymentFact, source: str) -> DeploymentReport:
    """The fact as `actions/deployments.py` takes it."""
    return DeploymentReport(
        kind=Kind(fact.type.removeprefix("deployment.")),
        version=fact.version,
        occurred_at=fact.occurred_at,
        source=source,
        key=fact.id,
        run=fact.run or "",
        commit=fact.commit or "",
        command=fact.command or "",
        url=fact.url or "",
        files_touched=fact.files_touched,
        changes=fact.changes,
    )


def _deployment(fact: DeploymentFact, told: Told) -> Applied:
    environment = environment_named(fact.environment)
    report = report_of(fact, told.source)
    deployment = record_deployment(told.actor, told.service, environment, report, now=told.now)
    if fact.config is not None:
        _keep_config(fact, fact.config, environment, told)
    return Applied(fact.version, environment.name, deployment)


def _forge_deployment(fact: ForgeDeploymentFact, told: Told) -> Applied:
    """Take in what another message may have told before."""
    told = replace(told, source=fact.forge or told.source)
    facts = releases.DeploymentFact.objects.select_related("service", "environment", "release")
    kept = facts.filter(service=told.service, source=told.source, key=fact.id).first()
    if kept is None:
        return _deployment(fact, told)
    deployment = hear_again(told.actor, kept, report_of(fact, told.source))
    return Applied(fact.version, kept.environment.name, deployment)


def _environment_within(fact: Fact, name: str, part: str) -> Environment:
    """Return the environment that a part of the event names; the event itself may not name another."""
    environment = environment_named(name, f"#/{part}/environment")
    if fact.environment not in {None, name}:
        detail = f"The event and its {part} name two environments."
        raise invalid(FieldError("#/environment", "differs", detail, f"{name}, or none", fact.environment))
    return environment


def _check(fact: CheckFact, told: Told) -> Applied:
    if fact.environment is not None:
        environment_named(fact.environment)
    report_check(
        told.actor,
        told.release(fact.version),
        fact.key,
        fact.outcome,
        evidence=fact.url or "",
        at=fact.occurred_at,
        source=told.source,
        event=fact.id,
    )
    return Applied(fact.version, fact.environment)


def _snapshot(fact: SnapshotFact, told: Told) -> Applied:
    environment = _environment_within(fact, fact.snapshot.environment, "snapshot")
    record_snapshot(told.actor, told.release(fact.version), environment, fact.snapshot, now=told.now)
    return Applied(fact.version, environment.name)


def _rehearsal(fact: RehearsalFact, told: Told) -> Applied:
    environment = _environment_within(fact, fact.rehearsal.environment, "rehearsal")
    release = told.release(fact.version)
    with within("#/rehearsal"):
        record_rehearsal(told.actor, release, environment, fact.rehearsal, now=told.now)
    return Applied(fact.version, environment.name)


def _incident(fact: IncidentFact, told: Told) -> Applied:
    opened = fact.type == "incident.opened"
    report = IncidentReport(
        key=fact.incident,
        source=told.source,
        event=fact.id,
        opened_at=fact.occurred_at if opened else None,
        resolved_at=None if opened else fact.occurred_at,
        title=fact.title or "",
        url=fact.url or "",
    )
    report_incident(
        told.actor,
        told.service,
        report,
        environment=environment_named(fact.environment) if fact.environment else None,
        release=told.release(fact.version) if fact.version else None,
    )
    return Applied(fact.version, fact.environment)


def _publication(fact: ReleaseFact, told: Told) -> Applied:
    said = Publication(
        version=fact.version,
        at=fact.occurred_at,
        source=told.source,
        key=fact.id,
        is_tag=fact.type == "release.published",
        commit=fact.commit or "",
        url=fact.url or "",
    )
    record_publication(told.actor, told.service, said, now=told.now)
    return Applied(fact.version)


def _commits(fact: CommitsFact, told: Told) -> Applied:
    pushed = [
        Pushed(each.sha, each.parent or "", each.subject, each.author, each.committed_at)
        for each in fact.commits
    ]
    record_commits(told.actor, told.service, pushed, at=fact.occurred_at, source=told.source, key=fact.id)
    return Applied()


def _commit_check(fact: CommitCheckFact, told: Told) -> Applied:
    check = CommitCheck(
        sha=fact.commit,
        item=fact.key,
        job=fact.job,
        outcome=fact.outcome,
        url=fact.url or "",
        occurred_at=fact.occurred_at,
        source=told.source,
        key=fact.id,
    )
    record_commit_check(told.actor, told.service, check)
    return Applied()


def _gate(fact: GateFact, told: Told) -> Applied:
    question = Question(
        source=told.source,
        key=fact.key,
        environment=environment_named(fact.environment) if fact.environment else None,
        version=fact.version or "",
        commit=fact.commit,
        reply=fact.reply,
        url=fact.url or "",
    )
    asked = take_question(told.actor, told.service, question, now=told.now)
    return Applied(fact.version, asked.environment.name)


def _config(fact: ConfigFact, told: Told) -> Applied:
    environment = environment_named(fact.environment)
    _keep_config(fact, fact.config, environment, told)
    return Applied(fact.version, environment.name)


def _keep_config(fact: Fact, config: dict[str, str], environment: Environment, told: Told) -> None:
    report_config(
        told.actor,
        told.service,
        environment,
        config,
        release=told.release(fact.version) if fact.version else None,
        at=fact.occurred_at,
        source=told.source,
        key=fact.id,
    )


APPLY: dict[type[Fact], Callable[[Any, Told], Applied]] = {
    DeploymentFact: _deployment,
    CheckFact: _check,
    SnapshotFact: _snapshot,
    RehearsalFact: _rehearsal,
    IncidentFact: _incident,
    ForgeDeploymentFact: _forge_deployment,
    ReleaseFact: _publication,
    CommitsFact: _commits,
    CommitCheckFact: _commit_check,
    ConfigFact: _config,
    GateFact: _gate,
}
