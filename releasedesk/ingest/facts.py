"""What a sender can tell the desk: one class a fact, whatever the wire format it came in. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StringConstraints, ValidationInfo, field_validator, model_validator

from releasedesk.measurements.bodies import SnapshotBody
from releasedesk.problems.body import Body, Commit, Line, Slug, Text, Time, Url, Version, refuse
from releasedesk.releases.bodies import ChangeBody
from releasedesk.rollbacks.bodies import RehearsalBody

Id = Annotated[Line, StringConstraints(min_length=1)]
Run = Annotated[Line, StringConstraints(max_length=200)]
EnvironmentName = Annotated[Line, StringConstraints(min_length=1, max_length=64)]
Digest = Annotated[str, StringConstraints(pattern=r"^hmac-sha256:[0-9a-fA-F]{16,64}\z", strict=True)]
Config = Annotated[dict[Annotated[Line, StringConstraints(max_length=200)], Digest], Field(max_length=2000)]


class Fact(Body):
    """What every event has. `occurred_at` may be at most `skew` ahead of the desk's clock."""

    id: Id
    type: str
    occurred_at: Time
    service: Slug
    environment: EnvironmentName | None = None
    version: Version | None = None
    commit: Commit | None = None
    run: Run | None = None
    url: Url | None = None

    @field_validator("occurred_at")
    @classmethod
    def _is_not_ahead(cls, value: datetime, info: ValidationInfo) -> datetime:
        context: dict[str, Any] = info.context or {}
        if "now" in context and value > context["now"] + context["skew"]:
            minutes = context["skew"] / timedelta(minutes=1)
            clock = f"{context['now']:%Y-%m-%dT%H:%M:%SZ}"
            ahead = f"at most {minutes:g} minutes ahead of the desk, which reads {clock}"
            raise refuse("in_the_future", "This lies in the future.", ahead)
        return value


class DeploymentFact(Fact):
    """`deployment.started`, `.succeeded`, `.failed`."""

    environment: EnvironmentName
    version: Version
    command: Text | None = None
    files_touched: Annotated[
        list[Annotated[Line, StringConstraints(max_length=1000)]], Field(max_length=5000)
    ] = []
    changes: Annotated[list[ChangeBody], Field(max_length=1000)] = []
    config: Config | None = None


class CheckFact(Fact):
    """`check.finished`: one item of the checklist."""

    version: Version
    key: Annotated[Line, StringConstraints(max_length=64)]
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

    incident: Annotated[Line, StringConstraints(min_length=1, max_length=200)]
    title: Line | None = None

    @model_validator(mode="after")
    def _opening_has_a_title(self) -> Self:
        if self.type == "incident.opened" and not self.title:
            raise refuse("required", "An incident that opens needs a title.", "title")
        return self


class ConfigFact(Fact):
    """`config.reported`: names and keyed digests, never values."""

    environment: EnvironmentName
    config: Config
