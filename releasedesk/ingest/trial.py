"""A delivery that the desk sends to itself, to show that address, secret and door work."""

import base64
import hashlib
import hmac
import json
from datetime import datetime
from uuid import uuid4

from django.utils.datastructures import CaseInsensitiveMapping

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.sources import secrets_of
from releasedesk.deliveries.models import Source
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.hooks import take_in
from releasedesk.ingest.signatures import PREFIX

WORDS = "A test delivery, sent by the desk itself: address, secret and signature fit."


def try_out(actor: Actor, source: Source, *, now: datetime) -> Answer:
    """Build what the other side would send first, sign it, and hand it to the door all deliveries go through.

    Raises 403, and what the door raises.
    """
    actor.require(
        Role.ENGINEER, team_id=source.team_id, service_id=None, what="try a source of this team out"
    )
    secret, number = secrets_of(source, now=now)[0], str(uuid4())
    payload, headers = {"github": _github, "gitlab": _gitlab, "cdevents": _cdevents}[source.kind](number, now)
    raw = json.dumps(payload).encode()
    signed = {
        **headers,
        **sign(source.kind, secret, raw, number, now),
        "Content-Type": "application/json",
    }
    return take_in(source, CaseInsensitiveMapping(signed), raw, now=now, why=WORDS)


Delivery = tuple[dict[str, object], dict[str, str]]


def _github(number: str, now: datetime) -> Delivery:  # noqa: ARG001 - one signature for the three
    return {"zen": WORDS, "hook_id": 0}, {"X-GitHub-Event": "ping", "X-GitHub-Delivery": number}


def _gitlab(number: str, now: datetime) -> Delivery:  # noqa: ARG001
    project = {"path_with_namespace": "releasedesk/trial", "default_branch": "main"}
    payload: dict[str, object] = {
        "object_kind": "push",
        "ref": "refs/heads/main",
        "after": "f" * 40,
        "commits": [],
        "project": project,
    }
    return payload, {"X-Gitlab-Event": "Push Hook", "X-Gitlab-Event-UUID": number}


def _cdevents(number: str, now: datetime) -> Delivery:
    context = {
        "version": "0.4.1",
        "id": number,
        "source": "/releasedesk/trial",
        "type": "dev.cdevents.testoutput.published.0.2.0",
        "timestamp": now.isoformat(),
    }
    return {"context": context, "subject": {"id": "trial", "type": "testOutput", "content": {}}}, {}


def sign(kind: str, secret: str, raw: bytes, number: str, now: datetime) -> dict[str, str]:
    """The headers that sign a delivery as its sender would."""
    if kind == "github":
        return {"X-Hub-Signature-256": f"sha256={hmac.new(secret.encode(), raw, hashlib.sha256).hexdigest()}"}
    stamp = str(int(now.timestamp()))
    key = base64.b64decode(secret.removeprefix(PREFIX))
    signed = hmac.new(key, b".".join([number.encode(), stamp.encode(), raw]), hashlib.sha256).digest()
    signature = f"v1,{base64.b64encode(signed).decode()}"
    return {"webhook-id": number, "webhook-timestamp": stamp, "webhook-signature": signature}
