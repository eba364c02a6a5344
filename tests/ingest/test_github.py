"""What GitHub says, as facts."""

from __future__ import annotations

from typing import Any

import pytest

from releasedesk.ingest import github
from releasedesk.ingest.facts import (
    CommitCheckFact,
    CommitsFact,
    DeploymentFact,
    Fact,
    ForgeDeploymentFact,
    GateFact,
    ReleaseFact,
)
from releasedesk.ingest.message import Ignored
from releasedesk.ingest.names import Names
from releasedesk.problems.problem import Problem
from tests.builders import NOON, minutes
from tests.ingest import payloads
from tests.ingest.asking import answered
from tests.ingest.payloads import OLDER, SHA, ZEROS


def read(event: str, payload: object, *, known: Names | None = None) -> Any:
    return github.read(
        event, payload, key="delivery-1", now=NOON + minutes(5), skew=minutes(5), known=known or Names()
    )


def said(event: str, payload: object, **more: Any) -> Any:
    facts = read(event, payload, **more)
    assert isinstance(facts, tuple), facts
    (fact,) = facts
    return fact


def why(event: str, payload: object) -> str:
    reading = read(event, payload)
    assert isinstance(reading, Ignored)
    return reading.why


def test_a_deployment_begins() -> None:
    fact = said("deployment", payloads.github_deployment())
    assert isinstance(fact, ForgeDeploymentFact)
    assert (fact.type, fact.service, fact.environment) == ("deployment.started", "checkout-api", "production")
    assert (fact.version, fact.commit, fact.run) == (SHA[:12], SHA, "501")


@pytest.mark.parametrize(
    ("state", "type_"),
    [
        ("success", "deployment.succeeded"),
        ("failure", "deployment.failed"),
        ("error", "deployment.failed"),
    ],
)
def test_a_deployment_ends(state: str, type_: str) -> None:
    fact = said("deployment_status", payloads.github_deployment_status(state, ref="v2.4.0"))
    assert isinstance(fact, DeploymentFact)
    assert (fact.type, fact.version, fact.run) == (type_, "v2.4.0", "501")
    assert fact.occurred_at == NOON + minutes(2)
    assert fact.url == "https://github.com/Acme/Checkout-API/actions/runs/1"


def test_that_it_began_is_one_fact_however_often_it_is_said() -> None:
    first = said("deployment", payloads.github_deployment())
    again = said("deployment_status", payloads.github_deployment_status("in_progress"))
    assert (first.id, first.occurred_at, first.run) == (again.id, again.occurred_at, again.run)


def test_how_it_ended_is_one_fact_whichever_hook_tells_it() -> None:
    """The hook of a repository and that of its organisation name their deliveries apart."""
    ended = payloads.github_deployment_status("success")
    one, other = (
        github.read("deployment_status", ended, key=key, now=NOON + minutes(5), skew=minutes(5))
        for key in ("delivery-1", "delivery-2")
    )
    assert isinstance(one, tuple)
    assert one == other
    later = payloads.github_deployment_status("success", created_at="2026-11-23T12:03:00Z")
    assert said("deployment_status", later).id != one[0].id


@pytest.mark.parametrize(
    "made_by",
    [
        {"performed_via_github_app": {"slug": "github-actions"}},
        {},
    ],
)
def test_a_workflows_deployment_begins_when_the_workflow_says_so(made_by: dict[str, Any]) -> None:
    """It is made before its job is approved, be that an hour or a day later."""
    run = {} if made_by else {"workflow_run": {"id": 31, "status": "queued"}}
    made = {**payloads.github_deployment(**made_by), **run}
    assert "begins" in why("deployment", made)
    for state in ("waiting", "queued", "pending"):
        assert state in why("deployment_status", {**payloads.github_deployment_status(state), **run})
    began = {**payloads.github_deployment_status("in_progress"), **run}
    began["deployment"] = {**began["deployment"], **made_by}
    assert said("deployment_status", began).occurred_at == NOON + minutes(2)


@pytest.mark.parametrize("state", ["inactive", "queued", "pending", "waiting", "something-new"])
def test_what_does_not_change_what_runs_is_left_alone(state: str) -> None:
    assert state in why("deployment_status", payloads.github_deployment_status(state))


@pytest.mark.parametrize("action", ["created", "published", "released", "edited"])
def test_every_word_about_a_release_is_about_the_same_release(action: str) -> None:
    fact = said("release", payloads.github_release(action))
    assert isinstance(fact, ReleaseFact)
    assert (fact.version, fact.commit, fact.type) == ("v2.4.0", SHA, "release.published")
    assert fact.occurred_at == NOON - minutes(30)


def test_a_branch_is_not_a_releases_commit() -> None:
    assert said("release", payloads.github_release(target_commitish="main")).commit is None


@pytest.mark.parametrize(
    "release",
    [
        payloads.github_release("deleted"),
        payloads.github_release("unpublished"),
        payloads.github_release("created", draft=True, published_at=None),
        payloads.github_release(tag_name=""),
    ],
)
def test_a_release_that_is_none_is_no_error(release: dict[str, Any]) -> None:
    assert why("release", release)


def test_a_push_brings_its_commits_each_on_the_one_before() -> None:
    fact = said("push", payloads.github_push())
    assert isinstance(fact, CommitsFact)
    assert [(each.sha, each.parent) for each in fact.commits] == [(OLDER, "9" * 40), (SHA, OLDER)]
    assert (fact.commits[0].subject, fact.commits[0].author) == ("one query for the basket", "ines")
    assert fact.occurred_at == NOON


def test_a_forced_push_stands_on_nothing_that_it_left_behind() -> None:
    fact = said("push", payloads.github_push(forced=True))
    assert isinstance(fact, CommitsFact)
    assert [(each.sha, each.parent) for each in fact.commits] == [(OLDER, None), (SHA, OLDER)]


def test_a_pushed_tag_is_a_release() -> None:
    fact = said("push", payloads.github_push("refs/tags/v2.4.0", commits=[]))
    assert isinstance(fact, ReleaseFact)
    assert (fact.version, fact.commit) == ("v2.4.0", SHA)


@pytest.mark.parametrize(
    "push",
    [
        payloads.github_push("refs/heads/feature/x"),
        payloads.github_push(commits=[], head_commit=None),
        payloads.github_push(after=ZEROS, deleted=True, head_commit=None, commits=[]),
        payloads.github_push("refs/tags/v2.4.0", after=ZEROS, deleted=True, head_commit=None, commits=[]),
        payloads.github_push("refs/tags/", commits=[]),
    ],
)
def test_a_push_that_brings_nothing_is_no_error(push: dict[str, Any]) -> None:
    assert why("push", push)


@pytest.mark.parametrize(
    ("conclusion", "outcome"), [("success", "passed"), ("failure", "failed"), ("timed_out", "failed")]
)
def test_a_workflow_decides_the_item_its_name_says(conclusion: str, outcome: str) -> None:
    fact = said("workflow_run", payloads.github_workflow_run(conclusion))
    assert isinstance(fact, CommitCheckFact)
    assert (fact.key, fact.outcome, fact.commit) == ("unit_tests", outcome, SHA)


@pytest.mark.parametrize("conclusion", ["cancelled", "skipped", "neutral", "action_required", None])
def test_a_run_that_decided_nothing_decides_nothing(conclusion: str | None) -> None:
    assert why("workflow_run", payloads.github_workflow_run(conclusion))


def test_a_workflow_without_a_name_goes_by_its_file() -> None:
    assert said("workflow_run", payloads.github_workflow_run(name="")).key == "unit_tests"


def test_a_name_can_be_mapped_to_an_item() -> None:
    known = Names(checks={"nightly": "integration"})
    assert (
        said("workflow_run", payloads.github_workflow_run(name="Nightly"), known=known).key == "integration"
    )
    assert "Nightly" in why("workflow_run", payloads.github_workflow_run(name="Nightly"))


def test_a_check_suite_goes_by_its_app() -> None:
    fact = said("check_suite", payloads.github_check_suite())
    assert (fact.key, fact.outcome) == ("integration", "failed")


def test_a_repository_can_be_mapped_to_a_service() -> None:
    known = Names(services={"acme/checkout-api": "shop"})
    assert said("deployment", payloads.github_deployment(), known=known).service == "shop"


def test_a_job_that_waits_at_an_environment_asks_the_gate() -> None:
    fact = said("deployment_protection_rule", payloads.github_protection_rule(ref="v2.4.0"))
    assert isinstance(fact, GateFact)
    assert (fact.service, fact.environment, fact.version, fact.commit) == (
        "checkout-api",
        "production",
        "v2.4.0",
        SHA,
    )
    callback = "https://api.github.com/repos/Acme/Checkout-API/actions/runs/77/deployment_protection_rule"
    assert fact.key == f"{callback} Production"
    assert fact.reply == {"callback": callback, "environment": "Production", "installation": "4711"}
    assert str(fact.url) == "https://github.com/Acme/Checkout-API/actions/runs/77"


def test_a_job_that_wants_no_answer_asks_nothing() -> None:
    rule = payloads.github_protection_rule()
    assert "asks nothing" in why("deployment_protection_rule", {**rule, "action": "withdrawn"})
    with pytest.raises(Problem) as refused:
        read("deployment_protection_rule", {**rule, "deployment_callback_url": "ftp://x"})
    assert [error.pointer for error in refused.value.errors] == ["#/deployment_callback_url"]


@pytest.mark.parametrize("event", ["ping", "issues", "star", ""])
def test_every_other_event_is_kept_and_left_alone(event: str) -> None:
    assert why(event, payloads.github(zen="Keep it logically awesome."))


def test_a_delivery_of_no_event_is_told_so() -> None:
    assert "which event" in why("", payloads.github())


@pytest.mark.parametrize("payload", [None, [], "text", 1])
def test_a_payload_that_is_no_object_is_refused(payload: object) -> None:
    with pytest.raises(Problem):
        read("push", payload)


def test_what_is_missing_is_named_where_it_should_stand() -> None:
    broken = payloads.github_deployment(environment="", ref="main", sha="")
    with pytest.raises(Problem) as refused:
        read("deployment", broken)
    pointers = {error.pointer for error in refused.value.errors}
    assert pointers == {"#/deployment/environment", "#/deployment/ref"}


@pytest.mark.parametrize(
    ("event", "payload", "pointer"),
    [
        (
            "deployment_status",
            payloads.github_deployment_status(created_at="soon"),
            "#/deployment_status/created_at",
        ),
        ("workflow_run", payloads.github_workflow_run(head_sha=""), "#/workflow_run/head_sha"),
        ("release", payloads.github_release(published_at="soon"), "#/release/published_at"),
        (
            "push",
            {**payloads.github_push(), "repository": {"default_branch": "main"}},
            "#/repository/full_name",
        ),
    ],
)
def test_an_error_leads_to_where_this_event_has_it(event: str, payload: object, pointer: str) -> None:
    with pytest.raises(Problem) as refused:
        read(event, payload)
    assert [error.pointer for error in refused.value.errors] == [pointer]


@pytest.mark.parametrize("event", github.TRANSLATORS)
@pytest.mark.parametrize("payload", [{}, {"repository": None}, {"repository": "x", "deployment": []}])
def test_a_payload_with_everything_missing_is_answered_not_broken(
    event: str, payload: dict[str, Any]
) -> None:
    assert answered(lambda: read(event, payload))


def test_every_fact_is_one_the_desk_applies() -> None:
    facts: list[Fact] = [
        said("deployment", payloads.github_deployment()),
        said("push", payloads.github_push()),
        said("release", payloads.github_release()),
        said("workflow_run", payloads.github_workflow_run()),
        said("deployment_protection_rule", payloads.github_protection_rule()),
    ]
    from releasedesk.ingest.apply import APPLY

    assert all(type(fact) in APPLY for fact in facts)


@pytest.mark.parametrize("stamp", ["2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "", "now", None, 1e300])
def test_a_commit_whose_author_had_no_clock_is_a_commit(stamp: object) -> None:
    push = payloads.github_push()
    push["commits"][0]["timestamp"] = stamp
    fact = said("push", push)
    assert [commit.committed_at is None for commit in fact.commits] == [True, False]
