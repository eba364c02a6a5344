"""What CDEvents say, in every release of their specification."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from releasedesk.ingest import cdevents
from releasedesk.ingest.facts import CheckFact, CommitsFact, DeploymentFact, IncidentFact, ReleaseFact
from releasedesk.ingest.message import Announced, Ignored
from releasedesk.ingest.names import Names
from releasedesk.problems.problem import Problem
from tests.builders import NOON, minutes
from tests.ingest.asking import answered
from tests.ingest.payloads import AT, SHA, cdevent

CASES = Path(__file__).parents[3] / "shared" / "cases" / "cdevents-0.4.1"
IMAGE = "pkg:oci/checkout-api@sha256%3A0b31b1c02ff4?tag=2.1"
WHERE = {"environment": {"id": "Production"}, "artifactId": IMAGE}
GIVEN = {"service": "checkout-api", "version": "2.1"}


def read(event: object, known: Names | None = None) -> Any:
    return cdevents.read(event, now=NOON + minutes(5), skew=minutes(5), known=known or Names())


def said(event: object, **more: Any) -> Any:
    facts = read(event, **more)
    assert isinstance(facts, tuple), facts
    (fact,) = facts
    return fact


def why(event: object) -> str:
    reading = read(event)
    assert isinstance(reading, Ignored)
    return reading.why


def in_03() -> dict[str, Any]:
    event = cdevent("service.deployed", WHERE)
    event["context"].update(version="0.3.0", type="dev.cdevents.service.deployed.0.1.1")
    del event["context"]["chainId"]
    return event


def in_05() -> dict[str, Any]:
    event = cdevent("service.deployed", WHERE)
    event["context"].update(
        version="0.5.0", type="dev.cdevents.service.deployed.0.3.0-draft", schemaUri="https://x.example"
    )
    return event


def in_06() -> dict[str, Any]:
    event = cdevent("service.deployed", WHERE)
    del event["context"]["version"], event["subject"]["type"]
    event["context"].update(specversion="0.6.0-draft", type="dev.cdevents.service.deployed.0.3.0")
    return event


def test_a_service_that_is_named_by_its_artifact_is_the_same_with_each_version() -> None:
    for version in ("2.0", "2.1"):
        fact = said(cdevent("service.deployed", WHERE, subject=f"pkg:oci/checkout-api@{version}"))
        assert fact.service == "checkout-api"


@pytest.mark.parametrize("event", [in_03(), cdevent("service.deployed", WHERE), in_05(), in_06()])
def test_a_deployment_says_the_same_in_every_release_of_the_specification(event: dict[str, Any]) -> None:
    fact = said(event)
    assert isinstance(fact, DeploymentFact)
    assert (fact.type, fact.service, fact.environment) == (
        "deployment.succeeded",
        "checkout-api",
        "production",
    )
    assert (fact.version, fact.occurred_at) == ("2.1", NOON)


@pytest.mark.parametrize("predicate", ["deployed", "upgraded", "rolledback"])
def test_however_a_version_came_to_run_it_runs(predicate: str) -> None:
    fact = said(cdevent(f"service.{predicate}", WHERE, subject="Team/My App"))
    assert (fact.type, fact.service) == ("deployment.succeeded", "team-my-app")


def test_a_type_is_known_in_any_case() -> None:
    event = cdevent("service.deployed", WHERE)
    event["context"]["type"] = "dev.cdevents.Service.rolledBack.0.2.0"
    assert said(event).type == "deployment.succeeded"
    run = cdevent("pipelineRun.finished", {"pipelineName": "lint", "outcome": "success"}, customData=GIVEN)
    assert said(run).key == "lint"


def test_a_name_that_was_explained_is_ours_as_its_sender_writes_it() -> None:
    known = Names(services={"team/my app": "shop"})
    assert said(cdevent("service.deployed", WHERE, subject="Team/My App"), known=known).service == "shop"
    incident = {"environment": {"id": "production"}, "service": {"id": "Team/My App"}}
    assert said(cdevent("incident.detected", incident, subject="i-1"), known=known).service == "shop"


def test_a_deployment_of_nothing_is_told_what_its_artifact_lacks() -> None:
    with pytest.raises(Problem) as refused:
        read(cdevent("deployment.started", {**WHERE, "artifactId": "2.1"}, subject="d-1"))
    assert [error.pointer for error in refused.value.errors] == ["#/subject/content/artifactId"]


@pytest.mark.parametrize(
    ("event", "type_"),
    [
        (cdevent("deployment.started", WHERE, subject="d-1"), "deployment.started"),
        (
            cdevent("deployment.finished", {**WHERE, "outcome": "success"}, subject="d-1"),
            "deployment.succeeded",
        ),
        (cdevent("deployment.finished", {**WHERE, "outcome": "failure"}, subject="d-1"), "deployment.failed"),
        (cdevent("deployment.finished", {**WHERE, "outcome": "error"}, subject="d-1"), "deployment.failed"),
    ],
)
def test_the_draft_of_06_knows_deployments_themselves(event: dict[str, Any], type_: str) -> None:
    fact = said(event)
    assert (fact.type, fact.service, fact.run) == (type_, "checkout-api", "d-1")


@pytest.mark.parametrize(
    ("given", "outcome"), [("pass", "passed"), ("fail", "failed"), ("success", "passed"), ("error", "failed")]
)
@pytest.mark.parametrize("address", ["url", "uri"])
def test_tests_decide_a_check(given: str, outcome: str, address: str) -> None:
    content = {
        "outcome": given,
        "testSuite": {"id": "1", "name": "Everything"},
        address: "https://ci.example/1",
    }
    fact = said(cdevent("testsuiterun.finished", content, customData=GIVEN))
    assert isinstance(fact, CheckFact)
    assert (fact.key, fact.outcome, fact.url) == ("unit_tests", outcome, "https://ci.example/1")


def test_tests_that_ran_somewhere_are_the_check_from_outside() -> None:
    content = {"outcome": "pass", "testSuite": {"id": "1"}, "environment": {"id": "qa-7"}}
    fact = said(cdevent("testsuiterun.finished", content, customData=GIVEN))
    assert (fact.key, fact.environment) == ("integration", None), "where they ran need not be ours"


def test_a_run_whose_name_says_a_check_decides_it() -> None:
    content = {"pipelineName": "unit-tests", "outcome": "success"}
    fact = said(cdevent("pipelinerun.finished", content, subject="run-9", customData=GIVEN))
    assert isinstance(fact, CheckFact)
    assert (fact.key, fact.outcome, fact.service, fact.version) == (
        "unit_tests",
        "passed",
        "checkout-api",
        "2.1",
    )
    named = {"taskName": "verify", "outcome": "failure", "artifactId": IMAGE}
    mapped = said(cdevent("taskrun.finished", named), known=Names(checks={"verify": "integration"}))
    assert (mapped.key, mapped.outcome) == ("integration", "failed")


def test_another_run_that_failed_is_a_deployment_that_failed() -> None:
    content = {"pipelineName": "ship-it", "outcome": "failure", **WHERE}
    fact = said(cdevent("pipelinerun.finished", content, subject="run-9"))
    assert (fact.type, fact.environment, fact.version) == ("deployment.failed", "production", "2.1")
    assert why(cdevent("pipelinerun.finished", {**content, "outcome": "success"}))
    assert why(cdevent("pipelinerun.finished", {**content, "outcome": "cancel"}))


def test_an_incident_opens_with_the_release_it_was_detected_in_and_ends_without() -> None:
    content = {**WHERE, "description": "Slow\nbaskets", "service": {"id": "Checkout API"}}
    opened = said(cdevent("incident.detected", content, subject="inc-1"))
    assert isinstance(opened, IncidentFact)
    assert (opened.type, opened.incident, opened.title) == ("incident.opened", "inc-1", "Slow")
    assert (opened.service, opened.version, opened.environment) == ("checkout-api", "2.1", "production")
    ended = said(cdevent("incident.resolved", content, subject="inc-1"))
    assert (ended.type, ended.version) == ("incident.resolved", None)
    reported = said(
        cdevent("incident.reported", {**WHERE, "ticketURI": "https://t.example/1"}, subject="inc-1")
    )
    assert (reported.title, reported.url, reported.service) == (
        "Incident inc-1",
        "https://t.example/1",
        "checkout-api",
    )


def test_a_published_artifact_is_a_release_that_bears_no_tag_yet() -> None:
    fact = said(cdevent("artifact.published", {}, subject="pkg:golang/git.example/acme/shop@v1.2.3"))
    assert isinstance(fact, ReleaseFact)
    assert (fact.type, fact.service, fact.version) == ("artifact.published", "shop", "v1.2.3")


def test_a_merged_change_is_a_commit_where_it_is_named_by_one() -> None:
    content = {"repository": {"id": "Acme/Shop", "source": "https://git.example"}}
    fact = said(cdevent("change.merged", content, subject=SHA))
    assert isinstance(fact, CommitsFact)
    assert (fact.service, [each.sha for each in fact.commits]) == ("shop", [SHA])
    assert why(cdevent("change.merged", content, subject="pull-17"))


@pytest.mark.parametrize(
    "type_",
    [
        "service.removed",
        "service.published",
        "environment.deleted",
        "deployment.queued",
        "targetrollout.finished",
        "changewindow.opened",
        "migration.finished",
        "reconciliation.finished",
        "scheduledexecution.triggered",
        "ticket.closed",
        "build.finished",
        "new.thing",
    ],
)
def test_every_other_type_is_kept_and_left_alone(type_: str) -> None:
    assert why(cdevent(type_, {}))


@pytest.mark.parametrize(
    "type_", ["", "com.example.deployed", "dev.cdevents.service", "dev.cdeventsx.tool-x.ran.0.1.0"]
)
def test_a_type_of_nobodys_vocabulary_is_left_alone(type_: str) -> None:
    event = cdevent("service.deployed", WHERE)
    event["context"]["type"] = type_
    assert why(event)


@pytest.mark.parametrize("predicate", ["created", "modified"])
def test_an_environment_is_announced_by_the_id_that_deployments_name(predicate: str) -> None:
    announced = cdevent(f"environment.{predicate}", {"name": "Production (EU)"}, subject="Prod-EU-1")
    assert read(announced) == Announced("prod-eu-1")
    assert read(cdevent(f"environment.{predicate}", {"name": "QA"}, subject="")) == Announced("qa")
    assert why(cdevent(f"environment.{predicate}", {}, subject=""))


def test_a_single_test_case_decides_only_what_somebody_said_it_decides() -> None:
    content = {"testCase": {"id": "7", "name": "Login Test"}, "outcome": "pass", "artifactId": IMAGE}
    case = cdevent("testcaserun.finished", content, subject="run-1")
    reading = read(case)
    assert isinstance(reading, Ignored)
    assert reading.job == "", "there are thousands of them: nobody is asked about each"
    fact = said(case, known=Names(checks={"login test": "integration"}))
    assert (fact.key, fact.outcome) == ("integration", "passed")
    assert said({**case, "customData": {"check": "smoke"}}, known=Names(checks={"smoke": "tag"})).key == "tag"


def test_a_domain_id_of_06_stands_for_what_it_names() -> None:
    content = {
        "artifactId": "cdevents:v0:::::artifact:pkg%3Adocker%2Fshop%401.0.0",
        "environment": {"id": "cdevents:v0:argo::acme:prod-cluster:environment:Production"},
    }
    fact = said(cdevent("service.deployed", content, subject="cdevents:v0:argo::acme:apps:service:shop"))
    assert (fact.service, fact.environment, fact.version) == ("shop", "production", "1.0.0")


@pytest.mark.parametrize("type_", ["service.deployed", "deployment.started"])
def test_an_artifact_without_its_version_is_told_what_it_lacks(type_: str) -> None:
    with pytest.raises(Problem) as refused:
        read(cdevent(type_, {**WHERE, "artifactId": "pkg:oci/checkout-api"}))
    (error,) = refused.value.errors
    assert (error.pointer, error.received) == ("#/subject/content/artifactId", "pkg:oci/checkout-api")
    assert "no version" in error.detail


def test_a_run_nobody_knows_waits_to_be_explained_once() -> None:
    run = cdevent("taskrun.finished", {"taskName": "Deploy", "outcome": "success", "artifactId": IMAGE})
    assert read(run).job == "deploy"
    assert read(run, known=Names(checks={"deploy": ""})).job == ""


def test_what_an_event_must_have_is_named_where_it_should_stand() -> None:
    event = cdevent("service.deployed", {}, subject="/")
    del event["context"]["timestamp"]
    with pytest.raises(Problem) as refused:
        read(event)
    assert {error.pointer for error in refused.value.errors} == {
        "#/context/timestamp",
        "#/subject/id",
        "#/subject/content/environment/id",
        "#/subject/content/artifactId",
    }


@pytest.mark.parametrize("event", [None, [], {}, {"context": []}])
def test_what_is_no_event_is_refused(event: object) -> None:
    with pytest.raises(Problem):
        read(event)


@pytest.mark.parametrize("type_", cdevents.TRANSLATORS)
def test_an_event_with_everything_missing_is_answered_not_broken(type_: str) -> None:
    event = {"context": {"type": f"dev.cdevents.{type_}.0.1.0", "id": 7, "timestamp": AT}, "subject": "none"}
    assert answered(lambda: read(event))


def test_the_specifications_own_examples_say_what_they_say() -> None:
    if not CASES.is_dir():
        pytest.skip(f"the specification's examples are not beside this project ({CASES})")
    read_as = {path.stem: read(json.loads(path.read_text())) for path in CASES.glob("*.json")}
    facts = {name: reading[0].type for name, reading in read_as.items() if isinstance(reading, tuple)}
    assert facts == {
        "artifact_published": "artifact.published",
        "incident_detected": "incident.opened",
        "incident_reported": "incident.opened",
        "incident_resolved": "incident.resolved",
        "service_deployed": "deployment.succeeded",
        "service_rolledback": "deployment.succeeded",
        "service_upgraded": "deployment.succeeded",
    }
