"""What sends to the demo's teams besides their pipelines: a GitHub and a GitLab, each half explained."""

import json
from datetime import datetime, timedelta
from typing import Any

from django.utils.datastructures import CaseInsensitiveMapping

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import Actor
from releasedesk.actions.sources import set_up_source
from releasedesk.deliveries.models import Source
from releasedesk.ingest.hooks import take_in
from releasedesk.ingest.trial import sign, try_out

SHA = "5d1f0c7a9b3e4f6281d0c9b8a7f6e5d4c3b2a190"
REPOSITORY = {
    "full_name": "acme/checkout-api",
    "default_branch": "main",
    "html_url": "https://git.example/acme/checkout-api",
}


def senders(lead: Actor, team: Team, now: datetime) -> None:
    """Set both up, try them out, and let GitHub deploy to places whose names nobody has explained yet."""
    github, secret = set_up_source(lead, team, kind="github", name="acme on GitHub", now=now)
    gitlab, _ = set_up_source(lead, team, kind="gitlab", name="acme on GitLab", now=now)
    for source in (github, gitlab):
        try_out(lead, source, now=now - timedelta(minutes=50))
    deliveries = (
        _workflow("Nightly scan", now),
        *(_deployed(number, f"review/pr-{50 + number}", now) for number in (1, 2, 3)),
        _deployed(4, "Prod-EU", now, state="failure"),
        _deployed(5, "Prod-EU", now),
    )
    for number, (event, payload) in enumerate(deliveries):
        _deliver(github, secret, event, {**payload, "repository": REPOSITORY}, f"demo-{number}", now)


def _deployed(
    number: int, place: str, now: datetime, *, state: str = "success"
) -> tuple[str, dict[str, Any]]:
    at = (now - timedelta(minutes=75 - 10 * number)).isoformat()
    deployment = {"id": number, "sha": SHA, "ref": "main", "environment": place, "created_at": at}
    status = {"state": state, "environment": place, "created_at": at}
    return "deployment_status", {"action": "created", "deployment": deployment, "deployment_status": status}


def _workflow(name: str, now: datetime) -> tuple[str, dict[str, Any]]:
    at = (now - timedelta(minutes=48)).isoformat()
    run = {"id": 1, "name": name, "head_sha": SHA, "conclusion": "success", "updated_at": at}
    return "workflow_run", {"action": "completed", "workflow_run": run}


def _deliver(
    source: Source, secret: str, event: str, payload: dict[str, Any], number: str, now: datetime
) -> None:
    raw = json.dumps(payload).encode()
    headers = {
        "X-GitHub-Event": event,
        "X-GitHub-Delivery": number,
        "Content-Type": "application/json",
        **sign(source.kind, secret, raw, number, now),
    }
    take_in(source, CaseInsensitiveMapping(headers), raw, now=now)
