"""GitLab's webhooks: (event, payload) → facts. Pure.

Payloads as documented under "Webhook events". The event's name comes in `X-Gitlab-Event`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from releasedesk.ingest import names
from releasedesk.ingest.facts import CommitsFact, DeploymentFact, ReleaseFact
from releasedesk.ingest.foreign import FOUND, Reader, commits_in_line
from releasedesk.ingest.message import Ignored, Reading
from releasedesk.ingest.names import NO_NAMES, Names, part_at, text_at
from releasedesk.problems.problem import FieldError, invalid

HEADS, TAGS = "refs/heads/", "refs/tags/"
STATES = {"running": "started", "success": "succeeded", "failed": "failed", "canceled": "failed"}
AT = {
    "service": "#/project/path_with_namespace",
    "environment": "#/environment",
    "version": "#/ref",
    "commit": "#/short_sha",
    "occurred_at": "#/status_changed_at",
    "commits": "#/commits",
}


def read(
    event: str, payload: object, *, key: str, now: datetime, skew: timedelta, known: Names = NO_NAMES
) -> Reading:
    """Translate one delivery. `key` names it. Raises 422 for an event that lacks what its kind must have."""
    if not isinstance(payload, Mapping):
        raise invalid(FieldError("#", "type", "The payload must be a JSON object.", "an object"))
    translate = TRANSLATORS.get(text_at(payload, "object_kind"))
    if translate is None:
        return Ignored(f"The desk needs nothing of '{names.line(event, 100)}'.")
    return translate(_Delivery(payload, known, key, Reader(AT, now=now, skew=skew), now))


class _Delivery:
    """One delivery, and what all of them hold."""

    def __init__(
        self, payload: Mapping[str, Any], known: Names, key: str, reader: Reader, now: datetime
    ) -> None:
        self.payload, self.known, self.key, self.reader, self.now = payload, known, key, reader, now
        self.project = text_at(payload, "project", "path_with_namespace")
        self.main = text_at(payload, "project", "default_branch")
        self.service = known.service(self.project)


def _deployment(delivery: _Delivery) -> Reading:
    payload, status = delivery.payload, text_at(delivery.payload, "status")
    kind = STATES.get(status)
    if kind is None:
        return Ignored(f"A deployment that is '{names.line(status, 40)}' has not changed what runs.")
    # `short_sha` has 8 digits; the whole one ends the commit's address.
    sha = names.commit(text_at(payload, "commit_url").rsplit("/", 1)[-1]) or names.commit(
        text_at(payload, "short_sha")
    )
    fact = delivery.reader.fact(
        DeploymentFact,
        id=delivery.key,
        type=f"deployment.{kind}",
        occurred_at=names.time_of(payload.get("status_changed_at")),
        service=delivery.service,
        environment=names.place(text_at(payload, "environment")),
        version=names.version_of_ref(text_at(payload, "ref"), sha),
        commit=sha,
        run=text_at(payload, "deployment_id"),
        url=names.web_address(payload.get("deployable_url")),
    )
    return (fact,)


def _release(delivery: _Delivery) -> Reading:
    payload, action = delivery.payload, text_at(delivery.payload, "action")
    if action == "delete":
        return Ignored("A release that is deleted stays as it was.")
    return _tagged(
        delivery,
        text_at(payload, "tag"),
        commit=names.commit(text_at(payload, "commit", "id")),
        at=names.time_of(payload.get("released_at"), payload.get("created_at")),
        url=names.web_address(payload.get("url")),
    )


def _tag_push(delivery: _Delivery) -> Reading:
    payload, ref = delivery.payload, text_at(delivery.payload, "ref")
    if names.commit(text_at(payload, "after")) is None:
        return Ignored(f"'{names.line(ref, 200)}' was deleted.")
    # `after` of an annotated tag is the tag's own object; `checkout_sha` is the commit.
    commit = names.commit(text_at(payload, "checkout_sha")) or names.commit(text_at(payload, "after"))
    return _tagged(
        delivery, ref.removeprefix(TAGS), commit=commit, at=delivery.now.isoformat(), url=None
    )  # GitLab does not say when


def _tagged(delivery: _Delivery, tag: str, *, commit: str | None, at: str | None, url: str | None) -> Reading:
    version = names.version(tag)
    if version is None:
        return Ignored("It bears no tag.")
    fact = delivery.reader.fact(
        ReleaseFact,
        id=delivery.key,
        type="release.published",
        occurred_at=at,
        service=delivery.service,
        version=version,
        commit=commit,
        url=url,
    )
    return (fact,)


def _push(delivery: _Delivery) -> Reading:
    payload, ref = delivery.payload, text_at(delivery.payload, "ref")
    if names.commit(text_at(payload, "after")) is None:
        return Ignored(f"'{names.line(ref, 200)}' was deleted.")
    if ref != f"{HEADS}{delivery.main}":
        return Ignored(f"'{names.line(ref, 200)}' is not the default branch.")
    listed, total = payload.get("commits"), payload.get("total_commits_count")
    all_listed = isinstance(listed, list) and len(listed) == total
    # Of a long push only the newest are listed: what the first of them stands on is not known.
    commits = commits_in_line(listed, before=text_at(payload, "before") if all_listed else "")
    if not commits:
        return Ignored("The push brings no commits.")
    fact = delivery.reader.fact(
        CommitsFact,
        id=delivery.key,
        type="change.merged",
        occurred_at=delivery.now.isoformat(),  # GitLab does not say when
        service=delivery.service,
        commits=commits,
    )
    return (fact,)


def _pipeline(delivery: _Delivery) -> Reading:
    """A pipeline's jobs decide the items they are known for; of several for one item the worst counts."""
    pipeline, jobs = part_at(delivery.payload, "object_attributes"), delivery.payload.get("builds")
    if FOUND.get(text_at(pipeline, "status")) is None:
        return Ignored("The pipeline neither passed nor failed.")
    found: dict[str, str] = {}
    for job in jobs if isinstance(jobs, list) else []:
        key, outcome = delivery.known.check(text_at(job, "name")), FOUND.get(text_at(job, "status"))
        forgiven = outcome == "failed" and isinstance(job, Mapping) and job.get("allow_failure") is True
        if key and outcome and not forgiven and found.get(key) != "failed":
            found[key] = outcome
    if not found:
        jobs = jobs if isinstance(jobs, list) else []
        job = next((names.line(text_at(each, "name"), 200).lower() for each in jobs), "")
        return Ignored("No item of the checklist is known to be decided by a job of this pipeline.", job=job)
    return delivery.reader.checks(
        found,
        id=delivery.key,
        occurred_at=names.time_of(pipeline.get("finished_at"), pipeline.get("created_at")),
        service=delivery.service,
        commit=names.commit(text_at(pipeline, "sha")),
        run=text_at(pipeline, "id"),
        url=names.web_address(pipeline.get("url")),
    )


TRANSLATORS: dict[str, Callable[[_Delivery], Reading]] = {
    "deployment": _deployment,
    "release": _release,
    "pipeline": _pipeline,
    "push": _push,
    "tag_push": _tag_push,
}
