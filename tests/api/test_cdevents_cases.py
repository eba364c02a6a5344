"""The CDEvents specification's own examples, sent in every mode, where they lie beside the project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from releasedesk.accounts.roles import DESK
from releasedesk.actions.aliases import name_environment
from releasedesk.deliveries.models import Delivery
from releasedesk.ingest.again import apply_waiting
from releasedesk.releases.models import Deployment, Incident, Live, Release
from tests.api.hooks import make_sender
from tests.builders import make_environment

if TYPE_CHECKING:
    from releasedesk.accounts.models import Team
    from tests.conftest import Clock

CASES = Path(__file__).parents[3] / "shared" / "cases"
STRUCTURED, BATCH = "application/cloudevents+json", "application/cloudevents-batch+json"
APPLIED = {"artifact_published"}
WAITING = {
    *("service_deployed", "service_upgraded", "service_rolledback"),
    *("incident_detected", "incident_reported", "incident_resolved"),
    *("environment_created", "environment_modified"),
}
VERSION = "sha256:0b31b1c02ff458ad9b7b81cbdf8f028bd54699fa151f221d1e8de6817db93427"


def cases(folder: str) -> list[Path]:
    found = sorted((CASES / folder).glob("*.json"))
    if not found:
        pytest.skip(f"no examples lie beside this project ({CASES / folder})")
    return found


def envelope(path: Path) -> dict[str, Any]:
    """Wrap an example. All of them bear one id; the envelope's is its own."""
    event = json.loads(path.read_text())
    context = event["context"]
    return {
        "specversion": "1.0",
        "id": path.stem,
        "source": context["source"],
        "type": context["type"],
        "time": context["timestamp"],
        "subject": event["subject"]["id"],
        "datacontenttype": "application/json",
        "data": event,
    }


def in_structured_mode(ci: Client, paths: list[Path]) -> dict[str, tuple[int, str]]:
    answers = {
        path.stem: ci.post("/api/v1/events", envelope(path), content_type=STRUCTURED) for path in paths
    }
    return {name: (answer.status_code, answer.json()["outcome"]) for name, answer in answers.items()}


def in_binary_mode(ci: Client, paths: list[Path]) -> dict[str, tuple[int, str]]:
    found = {}
    for path in paths:
        attributes = {
            name: value for name, value in envelope(path).items() if name not in {"data", "datacontenttype"}
        }
        headers = {f"ce-{name}": value for name, value in attributes.items()}
        answer = ci.generic(
            "POST", "/api/v1/events", path.read_bytes(), content_type="application/json", headers=headers
        )
        found[path.stem] = (answer.status_code, answer.json()["outcome"])
    return found


def in_a_batch(ci: Client, paths: list[Path]) -> dict[str, tuple[int, str]]:
    answer = ci.post("/api/v1/events", [envelope(path) for path in paths], content_type=BATCH)
    assert answer.status_code == 207
    results = answer.json()["results"]
    return {path.stem: (one["status"], one["outcome"]) for path, one in zip(paths, results, strict=True)}


@pytest.mark.parametrize("send", [in_structured_mode, in_binary_mode, in_a_batch])
def test_every_example_is_kept_and_says_what_it_says(
    ci: Client, payments: Team, clock: Clock, send: Any
) -> None:
    paths = cases("cdevents-0.4.1")
    outcomes = send(ci, paths)
    assert outcomes == {
        path.stem: (201, "applied")
        if path.stem in APPLIED
        else (202, "unmatched" if path.stem in WAITING else "ignored")
        for path in paths
    }
    assert Release.objects.get().version == "234fd47e07d1004f0aed9c"
    for theirs, ours, count in (
        ("test123", "production", 3),
        ("prod1", "production", 3),
        ("mysubject123", "staging", 2),
    ):
        name_environment(DESK, payments, theirs, make_environment(ours), now=clock.now)
        tried, left = apply_waiting(DESK, payments, "environment", theirs, now=clock.now)
        assert (len(tried), left) == (count, 0)
        assert {each.answer.body["outcome"] for each in tried if each.answer} == {"applied"}
    live = Live.objects.get()
    assert (live.service.slug, live.release.version) == ("mysubject123", VERSION)
    assert Deployment.objects.filter(status="succeeded").count() == 3
    incident = Incident.objects.get()
    assert (incident.service.slug, incident.key) == ("myapp", "incident-123")
    assert incident.opened_at is not None
    assert incident.resolved_at is not None
    assert not Delivery.objects.waiting().exists()


def test_githubs_recorded_deliveries_are_taken(payments: Team, clock: Clock) -> None:
    sender = make_sender(payments)
    answers = {}
    for path in cases("github"):
        answers[path.stem] = sender.deliver(path.stem.partition(".")[0], path.read_bytes())
    told = {name: (answer.status_code, answer.json()["version"]) for name, answer in answers.items()}
    assert told == {
        "deployment": (201, "f95f852bd8fc"),
        "deployment_status": (201, "f95f852bd8fc"),
        "ping": (202, None),
        "release.published": (201, "0.0.1"),
        "workflow_run.completed": (201, None),
    }
    assert (Deployment.objects.get().status, Live.objects.get().service.slug) == ("succeeded", "hello-world")
