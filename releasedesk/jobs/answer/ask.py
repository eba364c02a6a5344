"""One call to the API of who asked."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from releasedesk.operations.outgoing import OutgoingError, call
from releasedesk.problems.text import storable

SAID_AT_MOST = 200
# A key that is refused may be mended, and an hour's limit passes.
MENDABLE = {401, 403}


def post(url: str, who: str, headers: Mapping[str, str], body: Mapping[str, Any]) -> dict[str, Any]:
    """Post JSON and return the object that is answered, an empty one for none. Raises `OutgoingError`."""
    sent = {"Content-Type": "application/json", "Accept": "application/json", **headers}
    answer = call("POST", url, headers=sent, body=json.dumps(body).encode())
    try:
        read = json.loads(answer.body) if answer.body else {}
    except ValueError:
        read = {}
    said = read if isinstance(read, dict) else {}
    if not answer.ok:
        why = storable(str(said.get("message") or said.get("error") or ""))[:SAID_AT_MOST].rstrip(".")
        detail = f"{who} answered {answer.status}{f': {why}' if why else ''}."
        raise OutgoingError(detail, retryable=answer.retryable or answer.status in MENDABLE)
    return said
