"""A real Prometheus that scrapes a small service of ours, on 127.0.0.1."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

PATIENCE = 240


def binary(cache: Path) -> str:
    """Find Prometheus, or unpack Debian's package into `cache`; skip, or in CI fail, where neither can be."""
    if found := shutil.which("prometheus"):
        return found
    unpacked = cache / "prometheus" / "usr" / "bin" / "prometheus"
    if not unpacked.exists() and os.geteuid() == 0 and shutil.which("apt-get"):
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "prometheus.lock").open("w") as lock:  # several test processes may want it at once
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not unpacked.exists():
                _unpack(cache)
    if unpacked.exists():
        return str(unpacked)
    told = "This test needs Prometheus, and none is installed (apt-get install prometheus)."
    if os.environ.get("CI", "").lower() in {"1", "true"}:
        pytest.fail(told)
    pytest.skip(told)


def _unpack(cache: Path) -> None:
    download = "apt-get download prometheus || { apt-get update -qq && apt-get download prometheus; }"
    subprocess.run(["sh", "-c", download], cwd=cache, capture_output=True, check=False)
    for package in cache.glob("prometheus_*.deb"):
        subprocess.run(["dpkg", "-x", str(package), str(cache / "prometheus")], check=True)


class Shop:
    """Counts requests as a service does; `ms` is how long each takes and `broken` how many of ten fail."""

    def __init__(self) -> None:
        self.ms, self.broken, self.calls = 100.0, 0, 2
        self.registry = CollectorRegistry()
        names = {"registry": self.registry}
        self.seconds = Histogram("shop_seconds", "", buckets=[n / 50 for n in range(1, 51)], **names)  # type: ignore[arg-type]
        self.requests = Counter("shop_requests", "", ["status"], registry=self.registry)
        self.queries = Counter("shop_queries", "", registry=self.registry)
        self._stop = threading.Event()
        shop = self

        class Metrics(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = generate_latest(shop.registry)
                self.send_response(200)
                self.send_header("Content-Type", "text/plain; version=0.0.4")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Metrics)
        self.port = self.server.server_address[1]
        for work in (self.server.serve_forever, self._serve_users):
            threading.Thread(target=work, daemon=True).start()

    def _serve_users(self) -> None:
        while not self._stop.wait(0.02):
            for number in range(10):
                self.seconds.observe(self.ms / 1000)
                self.requests.labels("500" if number < self.broken else "200").inc()
                self.queries.inc(self.calls)

    def close(self) -> None:
        self._stop.set()
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def running(cache: Path, home: Path, scrapes: int) -> Iterator[str]:
    """Run a Prometheus that scrapes this port every second; gives its address."""
    program, port = binary(cache), _free_port()
    config = home / "prometheus.yml"
    config.write_text(
        json.dumps(  # which is YAML
            {
                "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                "scrape_configs": [
                    {"job_name": "shop", "static_configs": [{"targets": [f"127.0.0.1:{scrapes}"]}]}
                ],
            }
        )
    )
    arguments = [
        program, f"--config.file={config}", f"--storage.tsdb.path={home / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=error",
    ]  # fmt: skip
    process = subprocess.Popen(arguments, cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_until_ready(url, process)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{url}/-/ready", timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"Prometheus did not come up; it ended with {process.poll()}.")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])
