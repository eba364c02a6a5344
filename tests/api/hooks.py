"""How the tests deliver as GitHub, GitLab and CDEvents do."""

from __future__ import annotations

import base64
import hashlib
import hmac
import itertools
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.test import Client

from releasedesk.accounts.models import Team
from releasedesk.accounts.roles import DESK
from releasedesk.actions.sources import set_up_source
from releasedesk.deliveries.models import Source
from tests.builders import NOON

_numbers = itertools.count(1)


@dataclass
class Sender:
    """One source, and the other side of it."""

    source: Source
    secret: str

    @property
    def path(self) -> str:
        return f"/api/v1/hooks/{self.source.pk}"

    def deliver(self, event: str, payload: object, *, id: str | None = None, **more: Any) -> Any:  # noqa: A002
        """Send a payload, signed as its kind signs."""
        raw = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        return self.send(
            raw, {**self.headers(event, id or f"delivery-{next(_numbers)}"), **self.sign(raw), **more}
        )

    def headers(self, event: str, id: str) -> dict[str, str]:  # noqa: A002
        return {
            "github": {"X-GitHub-Event": event, "X-GitHub-Delivery": id},
            "gitlab": {"X-Gitlab-Event": event, "Idempotency-Key": id},
            "cdevents": {},
        }[self.source.kind]

    def sign(self, raw: bytes, secret: str | None = None) -> dict[str, str]:
        secret = secret or self.secret
        digest = hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()
        return {
            "github": {"X-Hub-Signature-256": f"sha256={digest}"},
            "gitlab": {"X-Gitlab-Token": secret},
            "cdevents": {"Authorization": f"Bearer {secret}"},
        }[self.source.kind]

    def send(self, raw: bytes, headers: dict[str, str], content_type: str = "application/json") -> Any:
        return Client().generic("POST", self.path, raw, content_type=content_type, headers=headers)


def make_sender(team: Team, kind: str = "github", name: str = "acme") -> Sender:
    return Sender(*set_up_source(DESK, team, kind=kind, name=name, now=NOON))


def signed_headers(secret: str, raw: bytes, *, at: datetime, id: str = "msg-1") -> dict[str, str]:  # noqa: A002
    """Sign after Standard Webhooks."""
    stamp = str(int(at.timestamp()))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signature = base64.b64encode(
        hmac.new(key, f"{id}.{stamp}.".encode() + raw, hashlib.sha256).digest()
    ).decode()
    return {"webhook-id": id, "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}
