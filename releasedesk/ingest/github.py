"""GitHub's webhooks: (event, payload) → facts. Pure.

Payloads as documented under "Webhook events and payloads". The event's name comes in `X-GitHub-Event`.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from releasedesk.ingest import names
from releasedesk.ingest.foreign import FOUND
from releasedesk.ingest.forge import Delivery, Forge, an_object
from releasedesk.ingest.message import Ignored, Reading
from releasedesk.ingest.names import NO_NAMES, Names, part_at, text_at
from releasedesk.problems.problem import FieldError, invalid

# created, published and released tell of one release; so does every later word about it.
RELEASED = {"created", "published", "released", "prereleased", "edited"}
STATES = {"in_progress": "started", "success": "succeeded", "failure": "failed", "error": "failed"}
ACTIONS = "github-actions"  # the app that makes the deployments of workflows


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
    return GITHUB.read(event, an_object(payload), key=key, known=known, now=now, skew=skew, came_at=came_at)


def _deployment(delivery: Delivery) -> Reading:
    if _is_a_workflows(delivery):
        return Ignored("The workflow may have to wait, for approval or a runner: it says when it begins.")
    return _told(delivery, "started", at=part_at(delivery.payload, "deployment"))


def _deployment_status(delivery: Delivery) -> Reading:
    deployment, status = (
        part_at(delivery.payload, "deployment"),
        part_at(delivery.payload, "deployment_status"),
    )
    state = text_at(status, "state")
    if state not in STATES:
        return Ignored(f"A deployment that is '{names.line(state, 40)}' has not changed what runs.")
    if STATES[state] == "started" and not _is_a_workflows(delivery):
        return _told(delivery, "started", at=deployment)  # as `deployment` has told it
    return _told(delivery, STATES[state], at=status)


def _is_a_workflows(delivery: Delivery) -> bool:
    """Whether a workflow deploys: it makes its deployment first, then waits for whoever has to approve."""
    app = delivery.text("deployment", "performed_via_github_app", "slug")
    return app == ACTIONS or bool(part_at(delivery.payload, "workflow_run"))


def _told(delivery: Delivery, kind: str, *, at: Mapping[str, Any]) -> Reading:
    """What became of the deployment, at the time of this part of the payload."""
    deployment = part_at(delivery.payload, "deployment")
    status, number = part_at(delivery.payload, "deployment_status"), text_at(deployment, "id")
    return delivery.deployed(
        number,
        type=f"deployment.{kind}",
        occurred_at=names.time_of(at.get("created_at"), at.get("updated_at")),
        environment=names.place(text_at(status, "environment") or text_at(deployment, "environment")),
        ref=text_at(deployment, "ref"),
        commit=names.commit(text_at(deployment, "sha")),
        run=number,
        url=names.web_address(*(status.get(name) for name in ("log_url", "target_url", "environment_url"))),
    )


def _release(delivery: Delivery) -> Reading:
    release, action = part_at(delivery.payload, "release"), delivery.text("action")
    if action not in RELEASED:
        return Ignored(f"A release that is '{names.line(action, 40)}' stays as it was.")
    if release.get("draft") is True:
        return Ignored("The release is a draft.")
    return delivery.tagged(
        text_at(release, "tag_name"),
        commit=names.commit(text_at(release, "target_commitish")),
        at=names.time_of(release.get("published_at"), release.get("created_at")),
        url=names.web_address(release.get("html_url")),
    )


def _push(delivery: Delivery) -> Reading:
    payload, head = delivery.payload, part_at(delivery.payload, "head_commit")
    return delivery.pushed(
        tagged=names.commit(text_at(head, "id")) or names.commit(delivery.text("after")),
        # What a forced push leaves behind is no parent of what it brings.
        base="" if payload.get("forced") is True else delivery.text("before"),
        at=names.time_of(part_at(payload, "repository").get("pushed_at"), head.get("timestamp")),
        url=names.web_address(payload.get("compare")),
    )


def _workflow_run(delivery: Delivery) -> Reading:
    run = part_at(delivery.payload, "workflow_run")
    path = text_at(run, "path").rsplit("/", 1)[-1].partition(".")[0]
    return _checked(delivery, run, text_at(run, "name") or delivery.text("workflow", "name") or path)


def _check_suite(delivery: Delivery) -> Reading:
    suite = part_at(delivery.payload, "check_suite")
    return _checked(delivery, suite, text_at(suite, "app", "name") or text_at(suite, "app", "slug"))


def _checked(delivery: Delivery, run: Mapping[str, Any], name: str) -> Reading:
    item, outcome = delivery.known.check(name), FOUND.get(text_at(run, "conclusion"))
    if delivery.text("action") != "completed" or outcome is None:
        return Ignored("The run neither passed nor failed.")
    if item is None:
        told = f"No item of the checklist is known to be decided by '{names.line(name, 100)}'."
        return Ignored(told, job=delivery.known.unexplained(name))
    return delivery.checked(
        {item: outcome},
        job=text_at(run, "workflow_id") or names.line(name, 200),
        occurred_at=names.time_of(run.get("updated_at"), run.get("created_at")),
        commit=names.commit(text_at(run, "head_sha")),
        run=text_at(run, "id"),
        url=names.web_address(run.get("html_url")),
    )


def _protection_rule(delivery: Delivery) -> Reading:
    """A job waits at an environment's custom protection rule, and says where it wants to be answered."""
    deployment, callback = part_at(delivery.payload, "deployment"), delivery.text("deployment_callback_url")
    environment = delivery.text("environment") or text_at(deployment, "environment")
    action = delivery.text("action")
    if action != "requested":
        return Ignored(f"A rule that is '{names.line(action, 40)}' asks nothing.")
    if names.web_address(callback) is None:
        told = "This is no address to answer to."
        raise invalid(FieldError("#/deployment_callback_url", "format", told, "an https address"))
    sha = names.commit(text_at(deployment, "sha"))
    return delivery.asks(
        names.line(f"{callback} {environment}"),
        reply={
            "callback": callback,
            "environment": environment,
            "installation": delivery.text("installation", "id"),
        },
        occurred_at=names.time_of(deployment.get("updated_at"), deployment.get("created_at")),
        environment=names.place(environment),
        version=names.version_of_ref(text_at(deployment, "ref"), sha),
        commit=sha,
        url=_run_of(callback, delivery.text("repository", "html_url")),
    )


def _run_of(callback: str, repository: str) -> str | None:
    """The page of the workflow's run: its number stands in the callback's address."""
    number = callback.removesuffix("/deployment_protection_rule").rsplit("/", 1)[-1]
    return names.web_address(f"{repository}/actions/runs/{number}" if number.isdecimal() else repository)


def _ping(delivery: Delivery) -> Reading:
    return Ignored(f"GitHub has found the desk. {names.line(delivery.text('zen'), 200)}".strip())


TRANSLATORS: dict[str, Callable[[Delivery], Reading]] = {
    "deployment": _deployment,
    "deployment_status": _deployment_status,
    "release": _release,
    "push": _push,
    "workflow_run": _workflow_run,
    "check_suite": _check_suite,
    "deployment_protection_rule": _protection_rule,
    "ping": _ping,
}
_DEPLOYMENT = {
    "environment": "#/deployment/environment",
    "version": "#/deployment/ref",
    "commit": "#/deployment/sha",
    "occurred_at": "#/deployment/created_at",
}
GITHUB = Forge(
    name="github",
    repository=("repository", "full_name"),
    main=("repository", "default_branch"),
    at={
        "deployment": _DEPLOYMENT,
        "deployment_status": {**_DEPLOYMENT, "occurred_at": "#/deployment_status/created_at"},
        "deployment_protection_rule": _DEPLOYMENT,
        "release": {"version": "#/release/tag_name", "occurred_at": "#/release/published_at"},
        "push": {"occurred_at": "#/repository/pushed_at", "commits": "#/commits"},
        "workflow_run": {"commit": "#/workflow_run/head_sha", "occurred_at": "#/workflow_run/updated_at"},
        "check_suite": {"commit": "#/check_suite/head_sha", "occurred_at": "#/check_suite/updated_at"},
    },
    translators=TRANSLATORS,
)
