"""What GitHub and GitLab tell of deployments ends the same in whatever order it comes, and however often."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from releasedesk.accounts.roles import DESK
from releasedesk.actions.sources import set_up_source
from releasedesk.deliveries.models import Source
from releasedesk.ingest.hooks import acting_for, message_of
from releasedesk.ingest.receive import receive
from releasedesk.releases.models import Deployment, DeploymentFact, Release
from tests.builders import NOON, make_team
from tests.ingest import payloads
from tests.releases.folded import stored

NOW = NOON + timedelta(days=3)
REFS, SHAS = ("v1.0.0", "v1.1.0"), (payloads.SHA, payloads.OLDER)
URLS = [None, "https://ci.example/runs/1", "https://ci.example/runs/2"]
Told = tuple[str, dict[str, Any]]  # the event's name and its payload


def at(minute: int) -> str:
    return (NOON + timedelta(minutes=minute)).isoformat()


@st.composite
def by_github(draw: st.DrawFn) -> Told:
    """Deployment 1 is a workflow's, which begins when it says; the others begin as they are made."""
    number, minute = draw(st.integers(1, 3)), draw(st.integers(0, 5))
    state = draw(st.sampled_from(["in_progress", "in_progress", "success", "failure", "queued"]))
    url, ref, sha = draw(st.sampled_from(URLS)), REFS[number % 2], SHAS[draw(st.integers(0, 1))]
    made = {"id": number, "ref": ref, "sha": sha, "created_at": at(number), "updated_at": at(number)}
    told = payloads.github_deployment_status(state, log_url=url, created_at=at(minute), updated_at=at(minute))
    of_a_workflow = {"workflow_run": {"id": 1}} if number == 1 else {}
    payload = {**told, **of_a_workflow, "deployment": {**told["deployment"], **made}}
    if draw(st.booleans()):
        return "deployment_status", payload
    return "deployment", {name: part for name, part in payload.items() if name != "deployment_status"}


@st.composite
def by_gitlab(draw: st.DrawFn) -> Told:
    number, minute = draw(st.integers(1, 3)), draw(st.integers(0, 5))
    status = draw(st.sampled_from(["running", "running", "success", "failed", "created"]))
    payload = payloads.gitlab_deployment(
        status,
        deployment_id=number,
        ref=REFS[number % 2],
        status_changed_at=at(minute),
        deployable_url=draw(st.sampled_from(URLS)),
        commit_url=f"https://gitlab.example/-/commit/{SHAS[draw(st.integers(0, 1))]}",
    )
    return "Deployment Hook", payload


def ends(source: Source, deliveries: list[tuple[int, Told]]) -> object:
    """What is there once these have come, each under its own name; it is undone again."""
    with transaction.atomic():
        for number, (event, payload) in deliveries:
            name = {"github": "X-GitHub", "gitlab": "X-Gitlab"}[source.kind]
            headers = {
                f"{name}-Event": event,
                "X-GitHub-Delivery": f"{number}",
                "Idempotency-Key": f"{number}",
            }
            message = message_of(source, headers, payload, now=NOW)
            assert receive(acting_for(source), source.team_id, message, now=NOW).status in {200, 201, 202}
        addresses = DeploymentFact.objects.order_by("key").values_list("key", "occurred_at", "url", "commit")
        commits = Release.objects.order_by("version").values_list("version", "reported_commit")
        slugs = sorted(set(Deployment.objects.values_list("service__slug", flat=True)))
        found = ([stored(slug) for slug in slugs], [*addresses], [*commits])
        transaction.set_rollback(True)
    return found


@pytest.mark.django_db
@pytest.mark.parametrize(("kind", "telling"), [("github", by_github()), ("gitlab", by_gitlab())])
def test_what_forges_tell_of_deployments_ends_the_same_in_any_order(
    kind: str, telling: st.SearchStrategy[Told]
) -> None:
    source, _ = set_up_source(DESK, make_team("payments"), kind=kind, name="acme", now=NOON)

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(told=st.lists(telling, min_size=2, max_size=6), data=st.data())
    def holds(told: list[Told], data: st.DataObject) -> None:
        deliveries = list(enumerate(told))
        again = data.draw(st.lists(st.sampled_from(deliveries), max_size=2))
        assert ends(source, data.draw(st.permutations([*deliveries, *again]))) == ends(source, deliveries)

    holds()
