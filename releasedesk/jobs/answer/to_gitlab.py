"""GitLab: the status of an external status check of a merge request, set with a token of the project.

As documented under "External status checks API": of several responses for one commit the last counts, so a
check that failed passes as soon as the gate is open.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import quote

from releasedesk.actions.gate_requests import Telling
from releasedesk.deliveries.models import Answering
from releasedesk.jobs.answer.ask import post


def tell(answering: Answering, reply: Mapping[str, str], telling: Telling) -> None:
    """Say passed or failed. Raises `OutgoingError`, `BrokenSealError`."""
    project, number = quote(reply["project"], safe=""), quote(reply["merge_request"], safe="")
    body = {
        "sha": reply["sha"],
        "external_status_check_id": int(reply["check"]),
        "status": "passed" if telling.verdict == "approved" else "failed",
    }
    url = f"{answering.url}/projects/{project}/merge_requests/{number}/status_check_responses"
    post(url, "GitLab", {"PRIVATE-TOKEN": answering.secret}, body)
