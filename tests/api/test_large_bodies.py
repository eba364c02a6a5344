"""A body over its limit, sent to the real server: the sender gets to see why."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from django.conf import settings
from django.db import connection

from releasedesk.releases.models import Release
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
        deadline = time.monotonic() + 30
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
    with httpx.Client(base_url=f"{desk}/api/v1", timeout=30) as client:
        for size in (2 * MB, 20 * MB, 31 * MB, 60 * MB):
            answer = client.post("/events", content=b" " * size, headers=bearer)
            assert (answer.status_code, answer.json()["title"]) == (413, "The body is too large"), size
        for path, headers, status in (
            ("/events", {"Authorization": "Bearer rdk_a_b"}, 401),
            ("/events", {**bearer, "Content-Type": "text/plain"}, 415),
            ("/services", bearer, 405),
            ("/nothing", bearer, 404),
        ):
            answer = client.post(path, content=b" " * (20 * MB), headers=headers)
            assert (answer.status_code, answer.json()["status"]) == (status, status), path
        in_chunks = client.post("/events", content=iter([b"{}"] * 3), headers=bearer)
        assert in_chunks.status_code == 411
        assert not Release.objects.exists()
        body = event(occurred_at="2020-01-01T00:00:00Z")
        assert client.post("/events", json=body, headers=bearer).status_code == 201, "it has not suffered"
