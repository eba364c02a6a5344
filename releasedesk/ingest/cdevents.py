"""CDEvents (https://cdevents.dev), specification 0.3 to 0.6: event → facts. Pure.

What counts is `<subject>.<predicate>` of the type, never its version. The releases differ in small things:
the specification's own version stands in `context.version` or `context.specversion`, `subject.type` was
dropped, addresses are a `url` or a `uri`, tests end with `pass` and `fail` or with `success`, `failure` and
`error`. Fields we do not know are left alone. What the vocabulary has no place for, a service, a version or a
commit of a pipeline, may stand in `customData` under our own words.
"""

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from releasedesk.ingest import names
from releasedesk.ingest.facts import (
    CheckFact,
    CommitBody,
    CommitsFact,
    DeploymentFact,
    Fact,
    IncidentFact,
    ReleaseFact,
)
from releasedesk.ingest.foreign import FOUND, Reader
from releasedesk.ingest.message import Ignored, Reading
from releasedesk.ingest.names import NO_NAMES, Names, part_at, text_at
from releasedesk.problems.problem import FieldError, invalid

TYPE = re.compile(r"dev\.cdevents\.([a-z]+)\.([a-z]+)(?:\..*)?")
ID_AT_MOST = 200
AT = {
    "id": "#/context/id",
    "occurred_at": "#/context/timestamp",
    "service": "#/subject/id",
    "environment": "#/subject/content/environment/id",
    "version": "#/subject/content/artifactId",
    "run": "#/context/chainId",
    "incident": "#/subject/id",
    "title": "#/subject/content/description",
    "url": "#/subject/content/url",
}


def read(event: object, *, now: datetime, skew: timedelta, known: Names = NO_NAMES, key: str = "") -> Reading:
    """Translate one event; its type decides. Raises 422 for an event that lacks what its type must have.

    `key` names the message where the event's own id, unique to its own source, would not do.
    """
    if not isinstance(event, Mapping) or not isinstance(event.get("context"), Mapping):
        raise invalid(FieldError("#/context", "required", "A CDEvent has a context.", "an object"))
    type_ = text_at(event, "context", "type")
    found = TYPE.fullmatch(type_)
    if found is None:
        return Ignored(f"'{names.line(type_, 200)}' is no type of the CDEvents vocabulary.")
    kind = ".".join(found.groups())
    translate = TRANSLATORS.get(kind)
    if translate is None:
        return Ignored(WHY.get(kind, f"The desk needs nothing of '{kind}'."))
    return translate(_Event(event, known, key, Reader(AT, now=now, skew=skew)))


class _Event:
    """One event, and where in it things may stand."""

    def __init__(self, event: Mapping[str, Any], known: Names, key: str, reader: Reader) -> None:
        self.context, self.subject = part_at(event, "context"), part_at(event, "subject")
        self.content, self.custom = part_at(self.subject, "content"), part_at(event, "customData")
        self.known, self.reader = known, reader
        self.id = key or text_at(self.context, "id")
        self.subject_id = text_at(self.subject, "id")
        self.predicate = text_at(self.context, "type").split(".")[3]
        of_artifact = self.subject_id if self.subject_id.startswith("pkg:") else ""
        self.artifact = names.artifact(text_at(self.content, "artifactId") or of_artifact)

    def build(self, kind: type[Fact], type_: str, **fields: Any) -> Fact:
        """Build a fact of what every event has, and these fields."""
        common = {
            "id": self.id,
            "type": type_,
            "occurred_at": names.time_of(self.context.get("timestamp")),
            "run": names.line(text_at(self.context, "chainId"), ID_AT_MOST),
            "url": names.web_address(self.content.get("url"), self.content.get("uri")),
            "environment": self.environment,
            "version": self.version,
            "commit": names.commit(self.custom.get("commit")),
        }
        return self.reader.fact(kind, **{**common, **fields})

    @property
    def environment(self) -> str:
        """Where it happened."""
        place = self.content.get("environment") or self.custom.get("environment")
        name = place if isinstance(place, str) else text_at(place, "id") or text_at(place, "name")
        return names.place(name)

    @property
    def version(self) -> str | None:
        """The artifact's, else the one that was given beside the event."""
        return self.artifact.version or names.version(text_at(self.custom, "version"))

    @property
    def service(self) -> str:
        """Of an event whose subject is no service: the one it names, else its artifact."""
        service = self.content.get("service") or self.custom.get("service")
        name = service if isinstance(service, str) else text_at(service, "id")
        return names.slug(name or self.artifact.name)

    @property
    def outcome(self) -> str | None:
        """Passed or failed; None for what was cancelled."""
        return FOUND.get(text_at(self.content, "outcome").lower())


def _deployed(event: _Event) -> Reading:
    """`service.deployed`, `.upgraded`, `.rolledback`: that it was a rollback is a hint, the fold decides."""
    return (event.build(DeploymentFact, "deployment.succeeded", service=names.slug(event.subject_id)),)


def _deployment(event: _Event) -> Reading:
    """`deployment.started`, `.finished` of the 0.6 draft: the artifact is what is deployed."""
    outcome = {"passed": "succeeded", "failed": "failed"}.get(event.outcome or "")
    kind = "started" if event.predicate == "started" else outcome
    if kind is None:
        return Ignored("The deployment neither succeeded nor failed.")
    run = names.line(event.subject_id, ID_AT_MOST)
    return (event.build(DeploymentFact, f"deployment.{kind}", service=event.service, run=run),)


def _run(event: _Event) -> Reading:
    """`pipelinerun.finished`, `taskrun.finished`: a check by its name, else a deployment that failed."""
    outcome, key = event.outcome, event.known.check(_name_of_run(event))
    if outcome is None:
        return Ignored("The run neither passed nor failed.")
    if not event.service or not event.version:
        return Ignored("The run names no service and version in its artifact or its customData.")
    if key:
        return (event.build(CheckFact, "check.finished", service=event.service, key=key, outcome=outcome),)
    if outcome == "failed" and event.environment:
        return (event.build(DeploymentFact, "deployment.failed", service=event.service),)
    return Ignored("The run decides no item of the checklist, and it is no deployment that failed.")


def _name_of_run(event: _Event) -> str:
    given = (
        text_at(event.custom, "check"),
        *(text_at(event.content, f"{kind}Name") for kind in ("task", "pipeline")),
    )
    return next(filter(None, given), "")


def _suite(event: _Event) -> Reading:
    """`testsuiterun.finished`: tests that ran in an environment are the check from outside."""
    suite = part_at(event.content, "testSuite")
    name = text_at(event.custom, "check") or text_at(suite, "name") or text_at(suite, "id")
    by_place = "integration" if event.environment else "unit_tests"
    key = event.known.checks.get(name.lower()) or (
        "integration" if names.CHECKS[0][1].search(name) else by_place
    )
    if event.outcome is None:
        return Ignored("The tests neither passed nor failed.")
    if not event.service or not event.version:
        return Ignored("The tests name no service and version in their artifact or their customData.")
    # The environment is where the tests ran, which need not be one of ours.
    return (
        event.build(
            CheckFact,
            "check.finished",
            service=event.service,
            key=key,
            outcome=event.outcome,
            environment=None,
        ),
    )


def _incident(event: _Event) -> Reading:
    if not event.service:
        return Ignored("The incident names neither a service nor an artifact.")
    resolved = event.predicate == "resolved"
    # What resolved it may be another version: the incident is of the release it was detected in.
    fact = event.build(
        IncidentFact,
        "incident.resolved" if resolved else "incident.opened",
        service=event.service,
        incident=names.line(event.subject_id, ID_AT_MOST),
        title=names.line(text_at(event.content, "description"))
        or f"Incident {names.line(event.subject_id, ID_AT_MOST)}",
        url=names.web_address(event.content.get("ticketURI"), event.content.get("ticketUri")),
        version=None if resolved else event.version,
    )
    return (fact,)


def _published(event: _Event) -> Reading:
    """`artifact.published`: a version can be had."""
    if not event.artifact.version:
        return Ignored("The artifact's id names no version.")
    service = names.slug(event.artifact.name)
    return (event.build(ReleaseFact, "artifact.published", service=service),)


def _merged(event: _Event) -> Reading:
    """`change.merged`: a commit, where the change is named by one."""
    sha = names.commit(event.custom.get("commit")) or names.commit(event.subject_id)
    repository = text_at(event.content, "repository", "id")
    if sha is None or not (repository or event.service):
        return Ignored("The change names no commit, or no repository.")
    commit = {"sha": sha, "subject": names.line(text_at(event.content, "description"))}
    commits = [CommitBody(**commit).model_dump(exclude_unset=True)]
    service = event.service or event.known.service(repository)
    return (event.build(CommitsFact, "change.merged", service=service, commits=commits, version=None),)


TRANSLATORS: dict[str, Callable[[_Event], Reading]] = {
    "service.deployed": _deployed,
    "service.upgraded": _deployed,
    "service.rolledback": _deployed,
    "deployment.started": _deployment,
    "deployment.finished": _deployment,
    "pipelinerun.finished": _run,
    "taskrun.finished": _run,
    "testsuiterun.finished": _suite,
    "incident.detected": _incident,
    "incident.reported": _incident,
    "incident.resolved": _incident,
    "artifact.published": _published,
    "change.merged": _merged,
}
_SET_UP = (
    "Environments are set up by an administrator; what is deployed to one waits until its name is mapped."
)
WHY = {
    "service.removed": "A service that is gone has no release to show.",
    "service.published": "That a service can be reached says nothing of its version.",
    "environment.created": _SET_UP,
    "environment.modified": _SET_UP,
    "environment.deleted": _SET_UP,
}
