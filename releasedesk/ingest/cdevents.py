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
from releasedesk.ingest.artifacts import artifact
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
from releasedesk.ingest.message import Announced, Ignored, Reading
from releasedesk.ingest.names import NO_NAMES, Names, part_at, text_at
from releasedesk.problems.problem import FieldError, invalid

TYPE = re.compile(r"dev\.cdevents\.([a-z]+)\.([a-z]+)(?:\..*)?", re.IGNORECASE)
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
    kind = ".".join(found.groups()).lower()
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
        self.subject_id = names.resource(text_at(self.subject, "id"))
        self.predicate = text_at(self.context, "type").lower().split(".")[3]
        of_artifact = self.subject_id if self.subject_id.startswith("pkg:") else ""
        self.artifact_id = names.resource(text_at(self.content, "artifactId")) or of_artifact
        self.artifact = artifact(self.artifact_id)

    def build(self, kind: type[Fact], type_: str, **fields: Any) -> Fact:
        """Build a fact of what every event has, and these fields. Raises 422."""
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
        return names.place(names.resource(name))

    @property
    def version(self) -> str | None:
        """The artifact's, else the one that was given beside the event."""
        return self.artifact.version or names.version(text_at(self.custom, "version"))

    @property
    def service(self) -> str:
        """Of an event whose subject is no service: the one it names, else its artifact."""
        service = self.content.get("service") or self.custom.get("service")
        name = service if isinstance(service, str) else text_at(service, "id")
        return self.known.called(names.resource(name) or self.artifact.name)

    @property
    def outcome(self) -> str | None:
        """Passed or failed; None for what was cancelled."""
        return FOUND.get(text_at(self.content, "outcome").lower())


def _deployed(event: _Event) -> Reading:
    """`service.deployed`, `.upgraded`, `.rolledback`: that it was a rollback is a hint, the fold decides."""
    _need_version(event)
    # Who names the service by what runs of it names it anew with each version.
    is_artifact = event.subject_id.startswith("pkg:")
    name = artifact(event.subject_id).name if is_artifact else event.subject_id
    return (event.build(DeploymentFact, "deployment.succeeded", service=event.known.called(name)),)


def _need_version(event: _Event) -> None:
    """Refuse an artifact that is named without its version: who sends it can add a tag."""
    if event.artifact_id and not event.version:
        expected = "a package URL with a version or a tag, as pkg:oci/shop@sha256%3A0b31?tag=1.2"
        told = "The artifact's id names no version."
        raise invalid(FieldError(AT["version"], "format", told, expected, names.line(event.artifact_id)))


def _deployment(event: _Event) -> Reading:
    """`deployment.started`, `.finished` of the 0.6 draft: the artifact is what is deployed."""
    outcome = {"passed": "succeeded", "failed": "failed"}.get(event.outcome or "")
    kind = "started" if event.predicate == "started" else outcome
    if kind is None:
        return Ignored("The deployment neither succeeded nor failed.")
    _need_version(event)
    if event.artifact_id and not event.service:
        expected = "a package URL, as pkg:oci/shop@sha256%3A0b31?tag=1.2"
        told = "The artifact's id does not say of what."
        raise invalid(FieldError(AT["version"], "format", told, expected, names.line(event.artifact_id)))
    run = names.line(event.subject_id, ID_AT_MOST)
    return (event.build(DeploymentFact, f"deployment.{kind}", service=event.service, run=run),)


def _run(event: _Event) -> Reading:
    """`pipelinerun.finished`, `taskrun.finished`: a check by its name, else a deployment that failed."""
    name = _name(event, *(text_at(event.content, f"{kind}Name") for kind in ("task", "pipeline")))
    item, is_named = event.known.check(name), event.service and event.version and event.environment
    if event.outcome == "failed" and is_named and not item:
        return (event.build(DeploymentFact, "deployment.failed", service=event.service),)
    return _check(event, name, item, offer=True)


def _suite(event: _Event) -> Reading:
    """`testsuiterun.finished`: a check; tests that ran in an environment are the one from outside."""
    suite = part_at(event.content, "testSuite")
    name = _name(event, text_at(suite, "name"), text_at(suite, "id"))
    by_place = "integration" if event.environment else "unit_tests"
    by_name = "integration" if names.CHECKS[0][1].search(name) else by_place
    return _check(event, name, event.known.checks.get(name.lower(), by_name))


def _case(event: _Event) -> Reading:
    """`testcaserun.finished`: one of many, which decides an item only where somebody has said so."""
    case = part_at(event.content, "testCase")
    name = _name(event, text_at(case, "name"), text_at(case, "id"))
    return _check(event, name, event.known.checks.get(name.lower()))


def _name(event: _Event, *given: str) -> str:
    """What a run is called: as its sender says for us, else as the vocabulary has it."""
    return next(filter(None, (text_at(event.custom, "check"), *given)), "")


def _check(event: _Event, name: str, item: str | None, *, offer: bool = False) -> Reading:
    """The item of the checklist that a run decides. With `offer` its name waits to be given one."""
    if event.outcome is None:
        return Ignored("The run neither passed nor failed.")
    if not event.service or not event.version:
        return Ignored("The run names no service and version in its artifact or its customData.")
    if not item:
        told = f"No item of the checklist is known to be decided by '{names.line(name, 100)}'."
        return Ignored(told, job=event.known.unexplained(name) if offer else "")
    # Where it ran need not be one of our environments.
    said = {"service": event.service, "key": item, "outcome": event.outcome, "environment": None}
    return (event.build(CheckFact, "check.finished", **said),)


def _environment(event: _Event) -> Reading:
    """`environment.created`, `.modified`: deployments will name it by its id, which somebody has to know."""
    name = names.place(event.subject_id or text_at(event.content, "name"))
    return Announced(name) if name else Ignored("The environment has neither an id nor a name.")


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
    service = event.known.called(event.artifact.name)
    return (event.build(ReleaseFact, "artifact.published", service=service),)


def _merged(event: _Event) -> Reading:
    """`change.merged`: a commit, where the change is named by one."""
    sha = names.commit(event.custom.get("commit")) or names.commit(event.subject_id)
    repository = names.resource(text_at(event.content, "repository", "id"))
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
    "testcaserun.finished": _case,
    "environment.created": _environment,
    "environment.modified": _environment,
    "incident.detected": _incident,
    "incident.reported": _incident,
    "incident.resolved": _incident,
    "artifact.published": _published,
    "change.merged": _merged,
}
_NOT_YET = "The deployment has not begun."
_PART = "The deployment that this is a part of says itself how it ends."
WHY = {
    "service.removed": "A service that is gone has no release to show.",
    "service.published": "That a service can be reached says nothing of its version.",
    "environment.deleted": "Environments are taken away by an administrator; what was deployed to one stays.",
    "deployment.queued": _NOT_YET,
    "targetrollout.queued": _PART,
    "targetrollout.started": _PART,
    "targetrollout.finished": _PART,
    "changewindow.opened": "When nothing may ship is said under Locks, by who may write gates.",
}
