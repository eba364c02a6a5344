"""GitLab's webhooks: (event, payload) → facts. Pure.

Payloads as documented under "Webhook events"; the event's kind stands in them.
Pushes, and deployments of older releases of GitLab, bear no time: they happened when they came.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from releasedesk.ingest import names
from releasedesk.ingest.foreign import FOUND
from releasedesk.ingest.forge import Delivery, Forge, an_object
from releasedesk.ingest.message import Ignored, Reading
from releasedesk.ingest.names import NO_NAMES, Names, part_at, text_at

STATES = {"running": "started", "success": "succeeded", "failed": "failed", "canceled": "failed"}


def read(
    event: str,
    payload: object,
    *,
    key: str,
    now: datetime,
    skew: timedelta,
    known: Names = NO_NAMES,
    came_at: datetime | None = None,
) -> Reading:
    """Translate one delivery. `key` names it. Raises 422 for an event that lacks what its kind must have."""
    said = an_object(payload)
    # A system hook's header says no more than that it is one.
    kind = text_at(said, "object_kind") or text_at(said, "event_name") or event
    return GITLAB.read(kind, said, key=key, known=known, now=now, skew=skew, came_at=came_at)


def _deployment(delivery: Delivery) -> Reading:
    payload, status = delivery.payload, delivery.text("status")
    kind = STATES.get(status)
    if kind is None:
        return Ignored(f"A deployment that is '{names.line(status, 40)}' has not changed what runs.")
    # `short_sha` has 8 digits; the whole one ends the commit's address.
    whole = names.commit(delivery.text("commit_url").rsplit("/", 1)[-1])
    return delivery.deployed(
        delivery.text("deployment_id"),
        type=f"deployment.{kind}",
        occurred_at=names.time_of(payload.get("status_changed_at"), delivery.came_at.isoformat()),
        environment=names.place(delivery.text("environment")),
        ref=delivery.text("ref"),
        commit=whole or names.commit(delivery.text("short_sha")),
        run=delivery.text("deployment_id"),
        url=names.web_address(payload.get("deployable_url")),
    )


def _release(delivery: Delivery) -> Reading:
    payload = delivery.payload
    if delivery.text("action") == "delete":
        return Ignored("A release that is deleted stays as it was.")
    return delivery.tagged(
        delivery.text("tag"),
        commit=names.commit(delivery.text("commit", "id")),
        # A release that is announced for later has its tag by now, an older one had it when it was released.
        at=names.earlier(payload.get("released_at"), payload.get("created_at")),
        url=names.web_address(payload.get("url")),
    )


def _push(delivery: Delivery) -> Reading:
    listed, total = delivery.payload.get("commits"), delivery.payload.get("total_commits_count")
    # Of a long push only the newest are listed: what the first of them stands on is not known.
    all_listed = isinstance(listed, list) and len(listed) == total
    return delivery.pushed(
        # `after` of an annotated tag is the tag's own object; `checkout_sha` is the commit.
        tagged=names.commit(delivery.text("checkout_sha")) or names.commit(delivery.text("after")),
        base=delivery.text("before") if all_listed else "",
        at=delivery.came_at.isoformat(),
    )


def _pipeline(delivery: Delivery) -> Reading:
    """A pipeline's jobs decide the items they are known for; of several for one item the worst counts."""
    pipeline, jobs = part_at(delivery.payload, "object_attributes"), delivery.payload.get("builds")
    if FOUND.get(text_at(pipeline, "status")) is None:
        return Ignored("The pipeline neither passed nor failed.")
    jobs = jobs if isinstance(jobs, list) else []
    found: dict[str, str] = {}
    for job in jobs:
        item, outcome = delivery.known.check(text_at(job, "name")), FOUND.get(text_at(job, "status"))
        forgiven = outcome == "failed" and isinstance(job, Mapping) and job.get("allow_failure") is True
        if item and outcome and not forgiven and found.get(item) != "failed":
            found[item] = outcome
    if not found:
        unexplained = (delivery.known.unexplained(text_at(each, "name")) for each in jobs)
        job = next(filter(None, unexplained), "")
        return Ignored("No item of the checklist is known to be decided by a job of this pipeline.", job=job)
    return delivery.checked(
        found,
        occurred_at=names.time_of(pipeline.get("finished_at"), pipeline.get("created_at")),
        commit=names.commit(text_at(pipeline, "sha")),
        run=text_at(pipeline, "id"),
        url=names.web_address(pipeline.get("url")),
    )


def _status_check(delivery: Delivery) -> Reading:
    """An external status check of a merge request; a plain webhook of one asks nothing."""
    request, check = part_at(delivery.payload, "object_attributes"), delivery.text(*CHECK)
    if not check:
        return Ignored("The desk needs nothing of merge requests but their external status checks.")
    if text_at(request, "state") != "opened":
        return Ignored(f"The merge request is {names.line(text_at(request, 'state'), 40) or 'not open'}.")
    project, number = delivery.text("project", "id"), text_at(request, "iid")
    sha = names.commit(text_at(request, "last_commit", "id"))
    return delivery.asks(
        f"project {project} merge request {number} check {check}",
        reply={"project": project, "merge_request": number, "check": check, "sha": sha or ""},
        occurred_at=delivery.came_at.isoformat(),  # it asks when it is sent
        commit=sha,
        url=names.web_address(request.get("url")),
    )


CHECK = ("external_approval_rule", "id")
TRANSLATORS: dict[str, Callable[[Delivery], Reading]] = {
    "deployment": _deployment,
    "release": _release,
    "push": _push,
    "tag_push": _push,
    "pipeline": _pipeline,
    "merge_request": _status_check,
}
GITLAB = Forge(
    name="gitlab",
    repository=("project", "path_with_namespace"),
    main=("project", "default_branch"),
    at={
        "deployment": {
            "environment": "#/environment",
            "version": "#/ref",
            "commit": "#/short_sha",
            "occurred_at": "#/status_changed_at",
        },
        "release": {"version": "#/tag", "occurred_at": "#/created_at"},
        "push": {"commits": "#/commits"},
        "pipeline": {"commit": "#/object_attributes/sha", "occurred_at": "#/object_attributes/finished_at"},
        "merge_request": {"commit": "#/object_attributes/last_commit/id"},
    },
    translators=TRANSLATORS,
)
