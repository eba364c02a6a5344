"""What GitLab says, as facts."""

from __future__ import annotations

from typing import Any

import pytest

from releasedesk.ingest import gitlab
from releasedesk.ingest.facts import CommitsFact, DeploymentFact, GateFact, ReleaseFact
from releasedesk.ingest.message import Ignored
from releasedesk.ingest.names import Names
from releasedesk.problems.problem import Problem
from tests.builders import NOON, minutes
from tests.ingest import payloads
from tests.ingest.asking import answered
from tests.ingest.payloads import OLDER, SHA, ZEROS

NOW = NOON + minutes(5)


def read(payload: object, *, event: str = "Some Hook", known: Names | None = None) -> Any:
    return gitlab.read(event, payload, key="delivery-1", now=NOW, skew=minutes(5), known=known or Names())


def said(payload: object, **more: Any) -> Any:
    facts = read(payload, **more)
    assert isinstance(facts, tuple), facts
    (fact,) = facts
    return fact


def why(payload: object) -> str:
    reading = read(payload)
    assert isinstance(reading, Ignored)
    return reading.why


def job(name: str, status: str = "success", **fields: Any) -> dict[str, Any]:
    return {"id": 1, "name": name, "stage": "test", "status": status, **fields}


def test_an_external_status_check_asks_the_gate() -> None:
    fact = said(payloads.gitlab_status_check())
    assert isinstance(fact, GateFact)
    assert (fact.service, fact.environment, fact.version, fact.commit) == ("ledger", None, None, SHA)
    assert fact.key == "project 15 merge request 4 check 12"
    assert fact.reply == {"project": "15", "merge_request": "4", "check": "12", "sha": SHA}
    assert str(fact.url) == "https://gitlab.com/acme/checkout-api/-/merge_requests/4"


def test_a_merge_request_that_no_check_is_asked_for_is_left_alone() -> None:
    assert "external status checks" in why({**payloads.gitlab_status_check(), "external_approval_rule": None})


@pytest.mark.parametrize(
    ("status", "type_"),
    [
        ("running", "deployment.started"),
        ("success", "deployment.succeeded"),
        ("failed", "deployment.failed"),
        ("canceled", "deployment.failed"),
    ],
)
def test_a_deployment_begins_and_ends(status: str, type_: str) -> None:
    fact = said(payloads.gitlab_deployment(status))
    assert isinstance(fact, DeploymentFact)
    assert (fact.type, fact.service, fact.environment) == (type_, "ledger", "production")
    assert (fact.version, fact.commit, fact.run) == (SHA[:12], SHA, "15")
    assert fact.occurred_at == NOON + minutes(2)


def test_what_is_deployed_from_a_tag_bears_its_name() -> None:
    assert said(payloads.gitlab_deployment(ref="v1.1.0")).version == "v1.1.0"


def test_without_the_commits_address_the_short_sha_has_to_do() -> None:
    assert said(payloads.gitlab_deployment(commit_url=None)).version == SHA[:8]


@pytest.mark.parametrize("action", ["create", "update"])
def test_a_release_is_published(action: str) -> None:
    fact = said(payloads.gitlab_release(action))
    assert isinstance(fact, ReleaseFact)
    assert (fact.version, fact.commit) == ("v1.1.0", SHA)
    assert fact.url == "https://gitlab.example/acme/ledger/-/releases/v1.1.0"


@pytest.mark.parametrize(
    ("created_at", "released_at"),
    [
        ("2026-11-23 11:55:12 UTC", "2027-02-01T00:00:00.000+01:00"),
        ("2026-11-23T12:58:00.123+01:00", "2026-11-23T12:55:12.000+01:00"),
    ],
)
def test_a_release_is_one_from_when_its_tag_was_there(created_at: str, released_at: str) -> None:
    """One may be announced for a day to come, one that is older may be written down late."""
    fact = said(payloads.gitlab_release(created_at=created_at, released_at=released_at))
    assert fact.occurred_at.isoformat() == "2026-11-23T11:55:12+00:00"


@pytest.mark.parametrize("zoneless", ["soon", "2026-11-23T12:00:00"])
def test_a_release_at_no_time_is_refused(zoneless: str) -> None:
    with pytest.raises(Problem) as refused:
        read(payloads.gitlab_release(released_at=zoneless))
    assert [error.pointer for error in refused.value.errors] == ["#/created_at"]


def test_a_system_hook_says_in_its_body_what_it_is() -> None:
    for payload in (payloads.gitlab_push(), payloads.gitlab_push("tag_push", "refs/tags/v1.0.0")):
        del payload["object_kind"]
        assert said(payload, event="System Hook").service == "ledger"


def test_a_pipelines_jobs_decide_their_items_and_the_worst_of_several_counts() -> None:
    pipeline = payloads.gitlab_pipeline(
        job("ruff"),
        job("unit-tests 3.11"),
        job("unit-tests 3.12", "failed"),
        job("unit-tests 3.13"),
        job("e2e", "failed", allow_failure=True),
        job("deploy"),
        job("smoke", "skipped"),
        status="failed",
    )
    facts = read(pipeline)
    assert {fact.key: fact.outcome for fact in facts} == {"lint": "passed", "unit_tests": "failed"}
    assert {fact.id for fact in facts} == {"delivery-1/lint", "delivery-1/unit_tests"}
    assert {fact.commit for fact in facts} == {SHA}


def test_a_job_can_be_mapped_to_an_item() -> None:
    known = Names(checks={"verify": "integration"})
    assert said(payloads.gitlab_pipeline(job("Verify")), known=known).key == "integration"


@pytest.mark.parametrize(
    "payload", [payloads.gitlab_deployment(status_changed_at=None), payloads.gitlab_push()]
)
def test_what_bears_no_time_happened_when_it_came_however_late_it_is_read(payload: dict[str, Any]) -> None:
    came_at = NOON - minutes(600)
    late = gitlab.read("Hook", payload, key="1", now=NOW, skew=minutes(5), came_at=came_at)
    assert isinstance(late, tuple)
    assert (late[0].occurred_at, said(payload).occurred_at) == (came_at, NOW)


def test_a_push_brings_its_commits() -> None:
    fact = said(payloads.gitlab_push())
    assert isinstance(fact, CommitsFact)
    assert [(each.sha, each.parent, each.author) for each in fact.commits] == [(SHA, OLDER, "Bob")]


def test_of_a_long_push_nobody_knows_what_the_first_listed_commit_stands_on() -> None:
    assert said(payloads.gitlab_push(total_commits_count=25)).commits[0].parent is None


def test_a_pushed_tag_is_a_release() -> None:
    fact = said(payloads.gitlab_push("tag_push", "refs/tags/v1.0.0", after="8" * 40))
    assert isinstance(fact, ReleaseFact)
    assert (fact.version, fact.commit) == ("v1.0.0", SHA), (
        "of an annotated tag the commit, not the tag's object"
    )


@pytest.mark.parametrize(
    "payload",
    [
        payloads.gitlab_deployment("created"),
        payloads.gitlab_release("delete"),
        payloads.gitlab_release(tag=""),
        payloads.gitlab_pipeline(status="running"),
        payloads.gitlab_pipeline(),
        payloads.gitlab_push(ref="refs/heads/feature/x"),
        payloads.gitlab_push(after=ZEROS, checkout_sha=None, commits=[], total_commits_count=0),
        payloads.gitlab_push("tag_push", "refs/tags/v1.0.0", after=ZEROS, checkout_sha=None),
        payloads.gitlab_push(commits=[], total_commits_count=0),
        {"object_kind": "issue"},
        {"event_name": "project_create"},
    ],
)
def test_what_changes_nothing_is_kept_and_left_alone(payload: dict[str, Any]) -> None:
    assert why(payload)


def test_what_is_missing_is_named_where_it_should_stand() -> None:
    with pytest.raises(Problem) as refused:
        read(payloads.gitlab_deployment(environment="", status_changed_at="soon"))
    assert {error.pointer for error in refused.value.errors} == {"#/environment", "#/status_changed_at"}


@pytest.mark.parametrize("payload", [None, [], "text"])
def test_a_payload_that_is_no_object_is_refused(payload: object) -> None:
    with pytest.raises(Problem):
        read(payload)


@pytest.mark.parametrize("kind", gitlab.TRANSLATORS)
def test_a_payload_with_everything_missing_is_answered_not_broken(kind: str) -> None:
    assert answered(lambda: read({"object_kind": kind, "project": None, "commits": 7, "builds": [None, 1]}))
