"""A body over its limit, sent to the real server: the sender gets to see why."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPResponse
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from django.conf import settings
from django.db import connection

from releasedesk.problems.problem import KINDS
from releasedesk.releases.models import Release
from tests.api.asking import MEMBERS
from tests.builders import event

MB = 1_000_000
CONFIGURATION = settings.ROOT / "deploy" / "gunicorn.conf.py"


@pytest.fixture
def desk(committed: None, tmp_path: Path) -> Iterator[str]:
    """gunicorn as it is deployed, on the database of the tests. Yields its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = connection.settings_dict
    where = urlencode({"host": database["HOST"], "port": database["PORT"] or 5432})
    address = f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}?{where}"
    environment = {**os.environ, "DATABASE_URL": address, "DESK_HOME": str(tmp_path), "PORT": str(port)}
    command = [sys.executable, "-m", "gunicorn", "-c", str(CONFIGURATION), "-w", "1", "releasedesk.wsgi"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=settings.ROOT)
    try:
        url = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 240
        while not answers(url):
            assert server.poll() is None, (tmp_path / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.1)
        yield url
    finally:
        server.terminate()
        server.wait(20)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health").is_success
    except httpx.TransportError:
        return False


def test_a_body_over_its_limit_is_refused_in_words_its_sender_sees(desk: str, ci_token: str) -> None:
    bearer = {"Authorization": f"Bearer {ci_token}", "Content-Type": "application/json"}
    with httpx.Client(base_url=f"{desk}/api/v1", timeout=240) as client:
        for size in (2 * MB, 20 * MB, 31 * MB, 60 * MB):
            answer = client.post("/events", content=b" " * size, headers=bearer)
            assert (answer.status_code, answer.json()["title"]) == (413, "The body is too large"), size
            assert answer.headers["Connection"] == ("close" if size == 60 * MB else "keep-alive"), size
        for path, headers, status in (
            ("/events", {"Authorization": "Bearer rdk_a_b"}, 401),
            ("/events", {**bearer, "Content-Type": "text/plain"}, 415),
            ("/services", bearer, 405),
            ("/nothing", bearer, 404),
        ):
            pieces = [b" " * MB] * (5 if status == 415 else 20)
            answer = client.post(path, content=b"".join(pieces), headers=headers)
            assert (answer.status_code, answer.json()["status"]) == (status, status), path
            in_chunks = client.post(path, content=iter(pieces), headers=headers)
            assert (in_chunks.status_code, in_chunks.json()["status"]) == (status, status), path
            assert in_chunks.headers["Connection"] == "close", path
        in_chunks = client.post("/events", content=iter([b" " * MB] * 20), headers=bearer)
        assert in_chunks.status_code == 413
        assert not Release.objects.exists()
        body = event(occurred_at="2020-01-01T00:00:00Z")
        assert client.post("/events", json=body, headers=bearer).status_code == 201, "it has not suffered"
        raw = json.dumps(body).encode()
        in_chunks = client.post("/events", content=iter([raw[:50], raw[50:]]), headers=bearer)
        assert (in_chunks.status_code, in_chunks.headers["Idempotent-Replayed"]) == (200, "true")


def test_who_stops_sending_takes_no_thread_from_the_others_for_long(desk: str, ci_token: str) -> None:
    """The desk of these tests has four threads, and gunicorn's would wait without end."""
    head = f"POST /api/v1/events HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {ci_token}\r\n"
    body = 'Content-Type: application/json\r\nContent-Length: 99\r\n\r\n{"id":'
    port = int(desk.rpartition(":")[2])
    stalled = [socket.create_connection(("127.0.0.1", port), timeout=30) for _ in range(4)]
    try:
        for line, sent in zip(stalled, (head, head, head + body, head + body), strict=True):
            line.sendall(sent.encode())
        time.sleep(0.5)
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(f"{desk}/health", timeout=2)
        assert httpx.get(f"{desk}/health", timeout=25).is_success
        answers = [line.recv(100) for line in stalled]
    finally:
        for line in stalled:
            line.close()
    assert answers[:2] == [b"", b""]
    assert all(answer.startswith(b"HTTP/1.1 400 ") for answer in answers[2:])


REFUSED_BY_GUNICORN = {
    "no HTTP": (b"hello\r\n\r\n", 400),
    "no method": (b"G@T / HTTP/1.1\r\nHost: x\r\n\r\n", 400),
    "an address without end": (b"GET /%s HTTP/1.1\r\nHost: x\r\n\r\n" % (b"a" * 9000), 414),
    "a header without end": (b"GET / HTTP/1.1\r\nHost: x\r\nX-A: %s\r\n\r\n" % (b"a" * 200_000), 431),
    "headers without end": (b"GET / HTTP/1.1\r\n%s\r\n" % (b"X-A: b\r\n" * 200), 431),
    "two lengths": (b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
    "an unknown coding": (b"POST / HTTP/1.1\r\nTransfer-Encoding: zip\r\n\r\n", 411),
    "an expectation": (b"POST / HTTP/1.1\r\nContent-Length: 2\r\nExpect: much\r\n\r\n{}", 400),
}


def test_what_the_server_refuses_by_itself_has_the_one_shape_too(desk: str) -> None:
    for name, (sent, status) in REFUSED_BY_GUNICORN.items():
        with socket.create_connection(("127.0.0.1", int(desk.rpartition(":")[2])), timeout=10) as line:
            line.sendall(sent)
            answer = HTTPResponse(line)
            answer.begin()
            document = json.loads(answer.read())
        assert (answer.status, document["status"]) == (status, status), name
        assert list(document) == MEMBERS, name
        assert KINDS[document["type"].removeprefix("/problems/")] == (status, document["title"]), name
        assert answer.headers["Content-Type"] == "application/problem+json", name
        assert answer.headers["X-Request-ID"] == document["request_id"], name
        assert document["detail"].endswith("."), name
        assert document["retryable"] is False, name
    assert answers(desk), "it has not suffered"
