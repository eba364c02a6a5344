"""A signed webhook, as Standard Webhooks 1.0 describes it: id, time and body under one HMAC-SHA256."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json

from django.conf import settings
from django.utils import timezone

from releasedesk.deliveries.notices import Notice
from releasedesk.operations.outgoing import OutgoingError, call


def send(notice: Notice) -> None:
    """Post the notice. Raises `OutgoingError`, also for an answer that is no 2xx."""
    target = notice.target
    body = json.dumps(payload(notice), separators=(",", ":")).encode()
    at = str(int(timezone.now().timestamp()))
    name = f"msg_{notice.pk}"
    headers = {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{signature(target.secret, name, at, body)}",
    }
    answer = call("POST", target.address, headers=headers, body=body)
    if not answer.ok:
        raise OutgoingError(f"It answered {answer.status}.", retryable=answer.retryable)


def payload(notice: Notice) -> dict[str, object]:
    """What is sent."""
    data = {key: value for key, value in notice.data.items() if key != "path"}
    return {
        "type": notice.event,
        "timestamp": notice.created_at.isoformat().replace("+00:00", "Z"),
        "data": {
            **data,
            "team": notice.target.team.slug,
            "title": notice.title,
            "text": notice.text,
            "url": f"{settings.DESK_URL}{notice.data.get('path', '/')}",
        },
    }


def signature(secret: bytes, name: str, at: str, body: bytes) -> str:
    """Base64 of the HMAC-SHA256 over `id.timestamp.body`."""
    signed = b".".join((name.encode(), at.encode(), body))
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
