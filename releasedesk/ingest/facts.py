"""What a sender can tell the desk: one class a fact, whatever the wire format it came in. Pure."""

from __future__ import annotations

from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from releasedesk.measurements.bodies import SnapshotBody
from releasedesk.problems.body import (
    NULL_IS_EMPTY,
    ONE_LINE,
    Body,
    Commit,
    Digest,
    FilePath,
    Line,
    Past,
    Slug,
    Text,
    Url,
    Version,
    refuse,
)
from releasedesk.problems.text import names_a_secret
from releasedesk.releases.bodies import ChangeBody
from releasedesk.rollbacks.bodies import RehearsalBody

Id = Annotated[str, StringConstraints(min_length=1, max_length=500), ONE_LINE]
Run = Annotated[str, StringConstraints(max_length=200), ONE_LINE]
EnvironmentName = Annotated[str, StringConstraints(min_length=1, max_length=200), ONE_LINE]
ConfigName = Annotated[str, StringConstraints(min_length=1, max_length=200), ONE_LINE]
Config = Annotated[dict[ConfigName, Digest], Field(max_length=2000)]


def without_secrets(url: str) -> str:
    """The address without what CI may have in it to be let in: whoever is signed in sees it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    query = "&".join(map(_hidden, parts.query.split("&")))
    if "@" not in parts.netloc and query == parts.query:
        return url
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query=query).geturl()


def _hidden(parameter: str) -> str:
    name, is_given, value = parameter.partition("=")
    return f"{name}=***" if is_given and value and names_a_secret(name) else parameter


Page = Annotated[Url, AfterValidator(without_secrets)]


class Fact(Body):
    """What every event has."""

    id: Id
    type: str
    occurred_at: Past
    service: Slug
    environment: EnvironmentName | None = None
    version: Version | None = None
    commit: Commit | None = None
    run: Run | None = None
    url: Page | None = None


class DeploymentFact(Fact):
    """`deployment.started`, `.succeeded`, `.failed`."""

    environment: EnvironmentName
    version: Version
    command: Text | None = None
    files_touched: Annotated[list[FilePath], Field(max_length=5000), NULL_IS_EMPTY] = []
    changes: Annotated[list[ChangeBody], Field(max_length=1000), NULL_IS_EMPTY] = []
    config: Config | None = None


class ForgeDeploymentFact(DeploymentFact):
    """Any of these, said by several messages: `id` and time are the deployment's, not theirs.

    `forge` is who says it, through whichever source; empty where only the message has a name.
    """

    forge: str = ""


class CheckFact(Fact):
    """`check.finished`: one item of the checklist."""

    version: Version
    key: Annotated[str, StringConstraints(max_length=64), ONE_LINE]
    outcome: Literal["passed", "failed"]


class SnapshotFact(Fact):
    """`snapshot.recorded`."""

    version: Version
    snapshot: SnapshotBody


class RehearsalFact(Fact):
    """`rollback.rehearsed`."""

    version: Version
    rehearsal: RehearsalBody


class IncidentFact(Fact):
    """`incident.opened`, `.resolved`. `incident` is the sender's own id."""

    incident: Annotated[str, StringConstraints(min_length=1, max_length=200), ONE_LINE]
    title: Line | None = None

    @model_validator(mode="after")
    def _opening_has_a_title(self) -> Self:
        if self.type == "incident.opened" and not self.title:
            raise refuse("required", "An incident that opens needs a title.", "a title", at=("title",))
        return self


class ReleaseFact(Fact):
    """`release.published`: a commit bears the version as its tag; `artifact.published`: it can be had."""

    version: Version


class CommitBody(ChangeBody):
    """A commit of the main line. `parent` is what it stands on, where that is known."""

    parent: Commit | None = None


class CommitsFact(Fact):
    """`change.merged`: commits that reached the main line, the oldest first."""

    commits: Annotated[list[CommitBody], Field(min_length=1, max_length=5000)]


class CommitCheckFact(Fact):
    """`commit.checked`: one item of the checklist of whatever release has this commit, as a job found it."""

    commit: Commit
    job: Annotated[str, StringConstraints(max_length=200)] = ""
    key: Annotated[str, StringConstraints(max_length=64), ONE_LINE]
    outcome: Literal["passed", "failed"]


class GateFact(Fact):
    """`gate.asked`: the other side waits to be told whether a commit may ship.

    `key` names the question: who asks it again wants to be told again. `reply` is what an answer has to name.
    """

    commit: Commit
    key: Id
    reply: dict[str, str]


class ConfigFact(Fact):
    """`config.reported`: names and keyed digests, never values."""

    environment: EnvironmentName
    config: Config
