"""What the desk counts of itself, for Prometheus, and who may read it."""

from __future__ import annotations

import ipaddress
import os
from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

if TYPE_CHECKING:
    from django.http import HttpRequest

REQUESTS = Counter("releasedesk_requests", "Requests answered.", ["view", "status"])
SECONDS = Histogram(
    "releasedesk_request_seconds",
    "Seconds from a request's arrival to its answer.",
    ["view"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
FORWARDED = ("Forwarded", "X-Forwarded-For", "X-Real-Ip")


def observe(view: str, status: int, seconds: float) -> None:
    """Count one answered request under the name of its view; never under its path, which has no end."""
    _requests(view, status).inc()
    _seconds(view).observe(seconds)


@cache
def _requests(view: str, status: int) -> Counter:
    return REQUESTS.labels(view, str(status))


@cache
def _seconds(view: str) -> Histogram:
    return SECONDS.labels(view)


def text() -> bytes:
    """Return all numbers as Prometheus text, of all web processes together where there are several."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    MultiProcessCollector(registry)  # type: ignore[no-untyped-call] # it registers itself
    return generate_latest(registry)


def may_read(request: HttpRequest) -> bool:
    """Say whether the peer itself is in `METRICS_ALLOWED`.

    A forwarded address is somebody's word, and a forwarded request is not the peer's own: behind a proxy on
    this machine, everybody comes from the loopback.
    """
    if any(header in request.headers for header in FORWARDED):
        return False
    try:
        peer = ipaddress.ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:
        return False  # a Unix socket: no address to judge by
    mapped = getattr(peer, "ipv4_mapped", None) or peer
    return any(mapped in network for network in settings.METRICS_ALLOWED)
