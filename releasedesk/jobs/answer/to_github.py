"""GitHub: the review of a custom deployment protection rule, as the App that provides it.

As documented under "Creating custom deployment protection rules" and "Generating a JSON Web Token (JWT) for a
GitHub App": the App's key signs a token of minutes, which buys one of the installation for this permission
alone; that one posts to the `deployment_callback_url`. Without `state` it is a report, and the job waits on.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.utils import timezone

from releasedesk.actions.gate_requests import Telling
from releasedesk.deliveries.models import Answering
from releasedesk.jobs.answer.ask import post
from releasedesk.operations.outgoing import OutgoingError
from releasedesk.reports.gates.flavours import COMMENT_AT_MOST

API = {"Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
BACKDATED, GOOD_FOR = 60, 540  # seconds: clocks drift, and GitHub takes ten minutes at most
STATES = {"approved": "approved", "refused": "rejected"}


def tell(answering: Answering, reply: Mapping[str, str], telling: Telling) -> None:
    """Approve, reject or report. Raises `OutgoingError`, `BrokenSealError`."""
    if not reply["callback"].startswith(f"{answering.url}/repos/"):
        detail = f"The answer is wanted at {reply['callback']}, which is not of {answering.url}."
        raise OutgoingError(detail, retryable=False)
    body = {"environment_name": reply["environment"], "comment": telling.comment[:COMMENT_AT_MOST]}
    if telling.verdict in STATES:
        body["state"] = STATES[telling.verdict]
    post(reply["callback"], "GitHub", _bearer(_installation_token(answering, reply["installation"])), body)


def _installation_token(answering: Answering, installation: str) -> str:
    if not installation.isdecimal():
        detail = "The question names no installation: it has to come from a GitHub App's webhook."
        raise OutgoingError(detail, retryable=False)
    url = f"{answering.url}/app/installations/{installation}/access_tokens"
    wanted = {"permissions": {"deployments": "write"}}
    token = post(url, "GitHub", _bearer(app_token(answering.app, answering.secret)), wanted).get("token")
    if not isinstance(token, str):
        raise OutgoingError("GitHub gave no token of the installation.", retryable=True)
    return token


def app_token(app: str, pem: str) -> str:
    """A JSON Web Token by which GitHub knows the App."""
    key = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(key, RSAPrivateKey):
        raise OutgoingError("The App's key is no RSA key.", retryable=False)
    now = int(timezone.now().timestamp())
    claims = {"iat": now - BACKDATED, "exp": now + GOOD_FOR, "iss": app}
    signed = f"{_part({'alg': 'RS256', 'typ': 'JWT'})}.{_part(claims)}"
    return f"{signed}.{_base64(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"


def _bearer(token: str) -> dict[str, str]:
    return {**API, "Authorization": f"Bearer {token}"}


def _part(content: Mapping[str, Any]) -> str:
    return _base64(json.dumps(content, separators=(",", ":")).encode())


def _base64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
