"""GitHub's webhooks: (event, payload) → facts. Pure.

Payloads as documented under "Webhook events and payloads". The event's name comes in `X-GitHub-Event`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from releasedesk.ingest import names
from releasedesk.ingest.facts import CommitsFact, DeploymentFact, ReleaseFact, StartFact
from releasedesk.ingest.foreign import FOUND, Reader, commits_in_line
from releasedesk.ingest.message import Ignored, Reading
from releasedesk.ingest.names import NO_NAMES, Names, part_at, text_at
from releasedesk.problems.problem import FieldError, invalid

HEADS, TAGS = "refs/heads/", "refs/tags/"
# created, published and released tell of one release; so does every later word about it.
RELEASED = {"created", "published", "released", "prereleased", "edited"}
STATES = {"in_progress": "started", "success": "succeeded", "failure": "failed", "error": "failed"}
AT = {
    "service": "#/repository/full_name",
    "environment": "#/deployment/environment",
    "version": "#/deployment/ref",
    "commit": "#/deployment/sha",
    "commits": "#/commits",
}


def read(
    event: str, payload: object, *, key: str, now: datetime, skew: timedelta, known: Names = NO_NAMES
) -> Reading:
    """Translate one delivery. `key` names it. Raises 422 for an event that lacks what its kind must have."""
    if not isinstance(payload, Mapping):
        raise invalid(FieldError("#", "type", "The payload must be a JSON object.", "an object"))
    translate = TRANSLATORS.get(event)
    if translate is None:
        return Ignored(f"The desk needs nothing of '{names.line(event, 100)}'.")
    return translate(_Delivery(payload, known, key, Reader(AT, now=now, skew=skew)))


class _Delivery:
    """One delivery, and what all of them hold."""

    def __init__(self, payload: Mapping[str, Any], known: Names, key: str, reader: Reader) -> None:
        self.payload, self.known, self.key, self.reader = payload, known, key, reader
        self.action = text_at(payload, "action")
        self.repository = text_at(payload, "repository", "full_name")
        self.main = text_at(payload, "repository", "default_branch")
        self.service = known.service(self.repository)


def _deployment(delivery: _Delivery) -> Reading:
    return _deployed(delivery, "started", part_at(delivery.payload, "deployment"))


def _deployment_status(delivery: _Delivery) -> Reading:
    status = part_at(delivery.payload, "deployment_status")
    state = text_at(status, "state")
    if state not in STATES:
        return Ignored(f"A deployment that is '{names.line(state, 40)}' has not changed what runs.")
    return _deployed(delivery, STATES[state], part_at(delivery.payload, "deployment"), status)


def _deployed(
    delivery: _Delivery, kind: str, deployment: Mapping[str, Any], status: Mapping[str, Any] | None = None
) -> Reading:
    """Build the fact. That it began is said twice, as `deployment` and as `in_progress`: it is one fact."""
    status = status or {}
    sha, number = names.commit(text_at(deployment, "sha")), text_at(deployment, "id")
    started = kind == "started" and number
    at = deployment if started else status
    fact = delivery.reader.fact(
        StartFact if started else DeploymentFact,
        id=f"deployment/{number}/started" if started else delivery.key,
        type=f"deployment.{kind}",
        occurred_at=names.time_of(at.get("created_at"), at.get("updated_at")),
        service=delivery.service,
        environment=names.place(text_at(status, "environment") or text_at(deployment, "environment")),
        version=names.version_of_ref(text_at(deployment, "ref"), sha),
        commit=sha,
        run=number,
        url=names.web_address(*(status.get(name) for name in ("log_url", "target_url", "environment_url"))),
    )
    return (fact,)


def _release(delivery: _Delivery) -> Reading:
    release = part_at(delivery.payload, "release")
    if delivery.action not in RELEASED:
        return Ignored(f"A release that is '{names.line(delivery.action, 40)}' stays as it was.")
    if release.get("draft") is True:
        return Ignored("The release is a draft.")
    return _tagged(
        delivery,
        text_at(release, "tag_name"),
        commit=names.commit(text_at(release, "target_commitish")),
        at=names.time_of(release.get("published_at"), release.get("created_at")),
        url=names.web_address(release.get("html_url")),
    )


def _push(delivery: _Delivery) -> Reading:
    payload, ref = delivery.payload, text_at(delivery.payload, "ref")
    head = names.commit(text_at(payload, "after"))
    if head is None:
        return Ignored(f"'{names.line(ref, 200)}' was deleted.")
    at = names.time_of(
        payload["repository"].get("pushed_at") if delivery.repository else None,
        part_at(payload, "head_commit").get("timestamp"),
    )
    if ref.startswith(TAGS):
        tagged = names.commit(text_at(payload, "head_commit", "id")) or head
        return _tagged(delivery, ref.removeprefix(TAGS), commit=tagged, at=at, url=None)
    if ref != f"{HEADS}{delivery.main}":
        return Ignored(f"'{names.line(ref, 200)}' is not the default branch.")
    commits = commits_in_line(payload.get("commits"), before=text_at(payload, "before"))
    if not commits:
        return Ignored("The push brings no commits.")
    fact = delivery.reader.fact(
        CommitsFact,
        id=delivery.key,
        type="change.merged",
        occurred_at=at,
        service=delivery.service,
        commits=commits,
        url=names.web_address(payload.get("compare")),
    )
    return (fact,)


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


def _workflow_run(delivery: _Delivery) -> Reading:
    run = part_at(delivery.payload, "workflow_run")
    path = text_at(run, "path").rsplit("/", 1)[-1].partition(".")[0]
    return _checked(
        delivery, run, text_at(run, "name") or text_at(delivery.payload, "workflow", "name") or path
    )


def _check_suite(delivery: _Delivery) -> Reading:
    suite = part_at(delivery.payload, "check_suite")
    return _checked(delivery, suite, text_at(suite, "app", "name") or text_at(suite, "app", "slug"))


def _checked(delivery: _Delivery, run: Mapping[str, Any], name: str) -> Reading:
    key, outcome = delivery.known.check(name), FOUND.get(text_at(run, "conclusion"))
    if delivery.action != "completed" or outcome is None:
        return Ignored("The run neither passed nor failed.")
    if key is None:
        told = f"No item of the checklist is known to be decided by '{names.line(name, 100)}'."
        return Ignored(told, job=names.line(name, 200).lower())
    return delivery.reader.checks(
        {key: outcome},
        id=delivery.key,
        occurred_at=names.time_of(run.get("updated_at"), run.get("created_at")),
        service=delivery.service,
        commit=names.commit(text_at(run, "head_sha")),
        run=text_at(run, "id"),
        url=names.web_address(run.get("html_url")),
    )


def _ping(delivery: _Delivery) -> Reading:
    return Ignored(f"GitHub has found the desk. {names.line(text_at(delivery.payload, 'zen'), 200)}".strip())


TRANSLATORS: dict[str, Callable[[_Delivery], Reading]] = {
    "deployment": _deployment,
    "deployment_status": _deployment_status,
    "release": _release,
    "push": _push,
    "workflow_run": _workflow_run,
    "check_suite": _check_suite,
    "ping": _ping,
}
