"""What GitHub and GitLab tell alike, each in its own words: pushes, tags, deployments, checks. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import TypeAdapter, ValidationError

from releasedesk.ingest import names
from releasedesk.ingest.facts import (
    CommitCheckFact,
    CommitsFact,
    Fact,
    ForgeDeploymentFact,
    GateFact,
    ReleaseFact,
)
from releasedesk.ingest.foreign import Reader
from releasedesk.ingest.message import Ignored, Reading
from releasedesk.ingest.names import Names, text_at
from releasedesk.problems.body import Time
from releasedesk.problems.problem import FieldError, invalid

_TIME: TypeAdapter[datetime] = TypeAdapter(Time)
HEADS, TAGS = "refs/heads/", "refs/tags/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One delivery: what both put into each of theirs, and the facts that it may be.

    `key` names it, `came_at` is the time of what bears no time of its own.
    """

    forge: str
    payload: Mapping[str, Any]
    repository: str
    main: str
    key: str
    known: Names
    reader: Reader
    came_at: datetime

    def text(self, *path: str) -> str:
        """The text at a path of the payload; empty where there is none."""
        return text_at(self.payload, *path)

    def deployed(self, number: str, *, ref: str, **fields: Any) -> Reading:
        """What became of the deployment of this number, of the tag that `ref` is, else of the commit.

        The webhooks of a repository and of its organisation tell it twice, perhaps through two sources: it is
        one fact. That it has begun may be said again while it goes on.
        """
        version = names.version_of_ref(ref, fields["commit"])
        ended = "" if fields["type"] == "deployment.started" else fields["occurred_at"]
        said = f"{number} {fields['type']} {version} {fields['environment']} {ended}"
        named = {"id": names.line(said), "forge": self.forge} if number else {"id": self.key}
        return (self._fact(ForgeDeploymentFact, version=version, **named, **fields),)

    def tagged(self, tag: str, *, commit: str | None, at: str | None, url: str | None = None) -> Reading:
        """A commit that bears a tag."""
        version = names.version(tag)
        if version is None:
            return Ignored("It bears no tag.")
        said = {"occurred_at": at, "version": version, "commit": commit, "url": url}
        return (self._fact(ReleaseFact, id=self.key, type="release.published", **said),)

    def pushed(self, *, tagged: str | None, base: str, at: str | None, url: str | None = None) -> Reading:
        """What a push brings: a tag on the commit `tagged`, or commits of the main line, first on `base`."""
        ref = self.text("ref")
        if names.commit(self.text("after")) is None:
            return Ignored(f"'{names.line(ref, 200)}' was deleted.")
        if ref.startswith(TAGS):
            return self.tagged(ref.removeprefix(TAGS), commit=tagged, at=at)
        if ref != f"{HEADS}{self.main}":
            return Ignored(f"'{names.line(ref, 200)}' is not the default branch.")
        commits = commits_in_line(self.payload.get("commits"), before=base)
        if not commits:
            return Ignored("The push brings no commits.")
        said = {"occurred_at": at, "commits": commits, "url": url}
        return (self._fact(CommitsFact, id=self.key, type="change.merged", **said),)

    def checked(self, found: Mapping[str, str], **fields: Any) -> Reading:
        """Items of the checklist that were decided, each a fact of its own: item → outcome."""
        return tuple(
            self._fact(
                CommitCheckFact,
                id=f"{self.key}/{item}",
                type="commit.checked",
                key=item,
                outcome=outcome,
                **fields,
            )
            for item, outcome in found.items()
        )

    def asks(self, name: str, *, reply: Mapping[str, str], **fields: Any) -> Reading:
        """Whether a commit may ship. `name` is the question's, `reply` what the answer has to name."""
        said = {"key": name, "reply": dict(reply), **fields}
        return (self._fact(GateFact, id=self.key, type="gate.asked", **said),)

    def _fact(self, kind: type[Fact], **fields: Any) -> Fact:
        return self.reader.fact(kind, service=self.known.service(self.repository), **fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class Forge:
    """One of them. `at` is where in the payload of an event our fields come from, as JSON pointers."""

    name: str
    repository: tuple[str, str]
    main: tuple[str, str]
    at: Mapping[str, Mapping[str, str]]
    translators: Mapping[str, Callable[[Delivery], Reading]]

    def read(
        self,
        event: str,
        payload: Mapping[str, Any],
        *,
        key: str,
        known: Names,
        now: datetime,
        skew: timedelta,
        came_at: datetime | None,
    ) -> Reading:
        """Translate one delivery. Raises 422 for an event that lacks what its kind must have."""
        if not event:
            return Ignored("Neither its headers nor its body say which event it is.")
        translate = self.translators.get(event)
        if translate is None:
            return Ignored(f"The desk needs nothing of '{names.line(event, 100)}'.")
        delivery = Delivery(
            forge=self.name,
            payload=payload,
            repository=text_at(payload, *self.repository),
            main=text_at(payload, *self.main),
            key=key,
            known=known,
            reader=Reader(self._at(event), now=now, skew=skew),
            came_at=came_at or now,
        )
        return translate(delivery)

    def _at(self, event: str) -> Mapping[str, str]:
        return {"service": f"#/{'/'.join(self.repository)}", **self.at.get(event, {})}


def an_object(payload: object) -> Mapping[str, Any]:
    """The payload, which can only be an object. Raises 422."""
    if not isinstance(payload, Mapping):
        raise invalid(FieldError("#", "type", "The payload must be a JSON object.", "an object"))
    return payload


def commits_in_line(listed: object, *, before: str) -> list[dict[str, Any]]:
    """Read a push's commits, the oldest first: each stands on the one before it, the first on `before`."""
    commits, parent = [], names.commit(before)
    for each in listed if isinstance(listed, list) else []:
        sha = names.commit(text_at(each, "id"))
        if sha is None:
            continue
        author = text_at(each, "author", "username") or text_at(each, "author", "name")
        commits.append(
            {
                "sha": sha,
                "parent": parent,
                "subject": names.line(text_at(each, "message")),
                "author": names.line(author, 200),
                "committed_at": _kept_time(each.get("timestamp")),
            }
        )
        parent = sha
    return commits


def _kept_time(written: object) -> str | None:
    """The time of a commit, which its author's clock told; None for one that nobody can reckon with."""
    told = names.time_of(written)
    try:
        _TIME.validate_python(told)
    except ValidationError:
        return None
    return told
