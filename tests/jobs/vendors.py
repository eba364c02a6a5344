"""GitHub's and GitLab's side of a question, as their documentation says it: a server that knows both."""

from __future__ import annotations

import base64
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

if TYPE_CHECKING:
    from collections.abc import Callable

APP, INSTALLATION, TOKEN, GITLAB_TOKEN = (
    "Iv23liDesk",
    "4711",
    "ghs_of_the_installation",
    "glpat-of-the-project",
)
REPORTS, COMMENT = 10, 1024
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.TraditionalOpenSSL, NoEncryption()).decode()

Said = tuple[int, dict[str, Any]]


@dataclass
class Vendor:
    """One server for both: what it was told, and the head of the one merge request it knows."""

    now: Callable[[], float]
    head: str
    port: int = 0
    away: int = 0
    reports: list[str] = field(default_factory=list)
    decisions: list[tuple[str, str, str]] = field(default_factory=list)
    statuses: list[tuple[str, str]] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    @property
    def github(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def gitlab(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v4"

    @property
    def callback(self) -> str:
        return f"{self.github}/repos/Acme/Checkout-API/actions/runs/77/deployment_protection_rule"

    def answer(self, path: str, headers: Any, body: dict[str, Any]) -> Said:
        if self.away:
            self.away -= 1
            return 503, {"message": "We are down for maintenance."}
        if path == f"/app/installations/{INSTALLATION}/access_tokens":
            return self._token(headers.get("Authorization", ""), body)
        if path.endswith("/deployment_protection_rule"):
            return self._review(headers.get("Authorization", ""), body)
        if path == "/api/v4/projects/15/merge_requests/4/status_check_responses":
            return self._status(headers.get("PRIVATE-TOKEN", ""), body)
        return 404, {"message": "Not Found"}

    def _token(self, bearer: str, body: dict[str, Any]) -> Said:
        signed, _, signature = bearer.removeprefix("Bearer ").rpartition(".")
        header, claims = (json.loads(_decoded(part)) for part in signed.split("."))
        KEY.public_key().verify(_decoded(signature), signed.encode(), padding.PKCS1v15(), SHA256())
        lasts = claims["iat"] <= self.now() < claims["exp"] <= self.now() + 600
        if (header["alg"], claims["iss"]) != ("RS256", APP) or not lasts:
            return 401, {"message": "'Expiration time' claim ('exp') is too far in the future"}
        if body.get("permissions") != {"deployments": "write"}:
            return 422, {"message": "The permissions requested are not granted to this installation."}
        return 201, {"token": TOKEN, "expires_at": "2026-11-23T13:00:00Z"}

    def _review(self, bearer: str, body: dict[str, Any]) -> Said:
        if bearer != f"Bearer {TOKEN}":
            return 401, {"message": "Bad credentials"}
        if self.decisions:
            return 422, {"message": "There is no pending request for this environment."}
        if len(body["comment"]) > COMMENT or body["environment_name"] != "Production":
            return 422, {"message": "Validation Failed"}
        if "state" in body:
            self.decisions.append((body["environment_name"], body["state"], body["comment"]))
            return 204, {}
        if len(self.reports) == REPORTS:
            return 422, {"message": "The number of status reports is exceeded."}
        self.reports.append(body["comment"])
        return 204, {}

    def _status(self, token: str, body: dict[str, Any]) -> Said:
        if token != GITLAB_TOKEN:
            return 401, {"message": "401 Unauthorized"}
        if body["sha"] != self.head:
            return 409, {"message": "SHA does not match HEAD of source branch"}
        if body["external_status_check_id"] != 12 or body["status"] not in {"passed", "failed", "pending"}:
            return 404, {"message": "404 Not found"}
        self.statuses.append((body["sha"], body["status"]))
        return 201, {"id": 1}


def _decoded(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


@contextmanager
def vendor(head: str, now: Callable[[], float]) -> Iterator[Vendor]:
    """Serve until the test is over."""
    theirs = Vendor(now, head)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            status, said = theirs.answer(self.path, self.headers, body)
            raw = b"" if status == 204 else json.dumps(said).encode()
            if status >= 400:
                theirs.refused.append(f"{status} {said['message']}")
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: object) -> None:
            """Be silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    theirs.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield theirs
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def missing(comment: str) -> list[str]:
    """The gates that a comment names as what stops it."""
    return re.findall(r"- \*\*(.+?)\*\* \(required, unmet\)", comment)
