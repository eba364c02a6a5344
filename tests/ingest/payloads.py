"""Messages of other systems, written from their documentation. None is a copy of a recorded one."""

from __future__ import annotations

from typing import Any

SHA = "4f1c2b6a9e0d7c8b5a4e3d2c1b0a9f8e7d6c5b4a"
OLDER = "1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d"
ZEROS = "0" * 40
AT = "2026-11-23T12:00:00Z"

GITHUB_REPOSITORY = {
    "id": 7,
    "full_name": "Acme/Checkout-API",
    "name": "Checkout-API",
    "default_branch": "main",
    "html_url": "https://github.com/Acme/Checkout-API",
}


def github(**parts: Any) -> dict[str, Any]:
    return {"repository": GITHUB_REPOSITORY, "sender": {"login": "ines"}, **parts}


def github_deployment(**fields: Any) -> dict[str, Any]:
    deployment = {
        "id": 501,
        "sha": SHA,
        "ref": "main",
        "task": "deploy",
        "environment": "Production",
        "created_at": AT,
        "updated_at": AT,
        **fields,
    }
    return github(action="created", deployment=deployment)


def github_deployment_status(state: str = "success", *, ref: str = "main", **fields: Any) -> dict[str, Any]:
    status = {
        "id": 9001,
        "state": state,
        "environment": "Production",
        "log_url": "https://github.com/Acme/Checkout-API/actions/runs/1",
        "created_at": "2026-11-23T12:02:00Z",
        "updated_at": "2026-11-23T12:02:00Z",
        **fields,
    }
    return {**github_deployment(ref=ref), "deployment_status": status}


def github_protection_rule(callback: str = "", ref: str = "main", **fields: Any) -> dict[str, Any]:
    """A job waits at an environment's custom deployment protection rule."""
    runs = "https://api.github.com/repos/Acme/Checkout-API/actions/runs/77"
    asked = {
        "action": "requested",
        "environment": "Production",
        "event": "push",
        "deployment_callback_url": callback or f"{runs}/deployment_protection_rule",
        "deployment": github_deployment(ref=ref)["deployment"],
        "pull_requests": [],
        "installation": {"id": 4711},
    }
    return github(**{**asked, **fields})


def github_release(action: str = "published", **fields: Any) -> dict[str, Any]:
    release = {
        "id": 77,
        "tag_name": "v2.4.0",
        "target_commitish": SHA,
        "name": "",
        "draft": False,
        "prerelease": False,
        "created_at": "2026-11-23T11:00:00Z",
        "published_at": "2026-11-23T11:30:00Z",
        "html_url": "https://github.com/Acme/Checkout-API/releases/tag/v2.4.0",
        **fields,
    }
    return github(action=action, release=release)


def github_push(ref: str = "refs/heads/main", **fields: Any) -> dict[str, Any]:
    commits = [
        {
            "id": sha,
            "message": f"{subject}\n\nand why",
            "timestamp": stamp,
            "author": {"name": "Ines", "username": "ines"},
        }
        for sha, subject, stamp in (
            (OLDER, "one query for the basket", "2026-11-23T11:00:00+01:00"),
            (SHA, "cache the total", "2026-11-23T11:30:00+01:00"),
        )
    ]
    return {
        "ref": ref,
        "before": "9" * 40,
        "after": SHA,
        "created": False,
        "deleted": False,
        "compare": "https://github.com/Acme/Checkout-API/compare/a...b",
        "commits": commits,
        "head_commit": commits[-1],
        "repository": {**GITHUB_REPOSITORY, "pushed_at": 1795435200},  # 2026-11-23T12:00:00Z
        **fields,
    }


def github_workflow_run(conclusion: str | None = "success", **fields: Any) -> dict[str, Any]:
    run = {
        "id": 31,
        "name": "Unit tests",
        "path": ".github/workflows/tests.yml",
        "head_branch": "main",
        "head_sha": SHA,
        "status": "completed",
        "conclusion": conclusion,
        "created_at": "2026-11-23T11:50:00Z",
        "updated_at": "2026-11-23T11:55:00Z",
        "html_url": "https://github.com/Acme/Checkout-API/actions/runs/31",
        **fields,
    }
    return github(action="completed", workflow_run=run, workflow={"name": run["name"]})


def github_check_suite(app: str = "Integration checks", conclusion: str = "failure") -> dict[str, Any]:
    suite = {
        "id": 41,
        "head_branch": "main",
        "head_sha": SHA,
        "status": "completed",
        "conclusion": conclusion,
        "created_at": AT,
        "updated_at": AT,
        "app": {"name": app, "slug": "checks"},
    }
    return github(action="completed", check_suite=suite)


GITLAB_PROJECT = {
    "id": 15,
    "name": "Ledger",
    "web_url": "https://gitlab.example/acme/ledger",
    "path_with_namespace": "acme/ledger",
    "default_branch": "main",
}


def gitlab_deployment(status: str = "success", **fields: Any) -> dict[str, Any]:
    return {
        "object_kind": "deployment",
        "status": status,
        "status_changed_at": "2026-11-23 13:02:00 +0100",
        "deployment_id": 15,
        "deployable_id": 796,
        "deployable_url": "https://gitlab.example/acme/ledger/-/jobs/796",
        "environment": "production",
        "environment_tier": "production",
        "project": GITLAB_PROJECT,
        "short_sha": SHA[:8],
        "ref": "main",
        "commit_url": f"https://gitlab.example/acme/ledger/-/commit/{SHA}",
        "commit_title": "Add a ledger",
        **fields,
    }


def gitlab_release(action: str = "create", **fields: Any) -> dict[str, Any]:
    return {
        "object_kind": "release",
        "id": 1,
        "action": action,
        "name": "v1.1.0",
        "tag": "v1.1.0",
        "created_at": "2026-11-23 11:55:12 UTC",
        "released_at": "2026-11-23 11:55:12 UTC",
        "project": GITLAB_PROJECT,
        "url": "https://gitlab.example/acme/ledger/-/releases/v1.1.0",
        "commit": {"id": SHA, "message": "Release it"},
        **fields,
    }


def gitlab_pipeline(*jobs: dict[str, Any], **fields: Any) -> dict[str, Any]:
    attributes = {
        "id": 31,
        "ref": "main",
        "tag": False,
        "sha": SHA,
        "status": "success",
        "created_at": "2026-11-23 11:50:00 UTC",
        "finished_at": "2026-11-23 11:58:00 UTC",
        "url": "https://gitlab.example/acme/ledger/-/pipelines/31",
        "variables": [{"key": "DEPLOY_TOKEN", "value": "hunter2-hunter2"}],
        **fields,
    }
    return {
        "object_kind": "pipeline",
        "object_attributes": attributes,
        "project": GITLAB_PROJECT,
        "builds": list(jobs),
    }


def gitlab_push(kind: str = "push", ref: str = "refs/heads/main", **fields: Any) -> dict[str, Any]:
    commits = [
        {
            "id": SHA,
            "title": "fixed readme",
            "message": "fixed readme",
            "timestamp": "2026-11-23T12:00:00+01:00",
            "author": {"name": "Bob", "email": "bob@example.com"},
        }
    ]
    return {
        "object_kind": kind,
        "event_name": kind,
        "before": OLDER,
        "after": SHA,
        "ref": ref,
        "checkout_sha": SHA,
        "project": GITLAB_PROJECT,
        "commits": commits if kind == "push" else [],
        "total_commits_count": 1,
        **fields,
    }


def cdevent(
    type_: str, content: dict[str, Any], *, subject: str = "checkout-api", **event: Any
) -> dict[str, Any]:
    """An event of specification 0.4; `event` adds to it or replaces its parts."""
    return {
        "context": {
            "version": "0.4.1",
            "id": "b1946ac9-2b8c-4f5e-8d5c-1f0c6a3c2b11",
            "source": "/ci/acme",
            "type": f"dev.cdevents.{type_}.0.2.0",
            "timestamp": AT,
            "chainId": "chain-1",
        },
        "subject": {"id": subject, "source": "/ci/acme", "type": type_.partition(".")[0], "content": content},
        **event,
    }


def gitlab_status_check(sha: str = SHA, state: str = "opened", **fields: Any) -> dict[str, Any]:
    """An external status check of a merge request."""
    return {
        "object_kind": "merge_request",
        "event_type": "merge_request",
        "user": {"username": "ines"},
        "project": GITLAB_PROJECT,
        "object_attributes": {
            "iid": 4,
            "state": state,
            "target_branch": "main",
            "url": "https://gitlab.com/acme/checkout-api/-/merge_requests/4",
            "last_commit": {"id": sha, "message": "One join.", "timestamp": AT},
        },
        "external_approval_rule": {"id": 12, "name": "ReleaseDesk", "external_url": "https://desk.example"},
        **fields,
    }
