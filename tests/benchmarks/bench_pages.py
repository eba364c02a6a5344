"""How long the pages take that people wait for: `python tests/benchmarks/bench_pages.py`.

On the desk of `bench_board.py`, one release to which everything happened: planned, rehearsed, measured on
three routes request by request, shipped, rolled back, shipped again, noted. Exits 1 when one is broken.
"""

from __future__ import annotations

import gzip
import sys
from datetime import datetime, timedelta
from pathlib import Path

sys.path.append(str(Path(__file__).parents[2]))
from tests.benchmarks.bench_board import NOW, desk, seed, timed

PROMISED_MS, PROMISED_KB = 60, 60  # a page is there before one thinks of waiting
ROUTES, REQUESTS = 3, 2000


def main() -> int:
    """Print the figures and answer the exit code."""
    with desk():
        seed()
        return measure(full())


def full() -> str:
    """Let everything happen to one release, and return its service's address."""
    from releasedesk.catalog.models import Service
    from tests.builders import (
        make_deployment,
        make_note,
        make_plan,
        make_rehearsal,
        make_release,
        make_snapshot,
        requests_of,
    )

    service, hour = Service.objects.get(slug="service-001"), timedelta(hours=1)
    changes = [{"sha": f"{number:040x}", "subject": "a step"} for number in range(20)]
    release = make_release(
        service,
        "full",
        now=NOW - 9 * hour,
        changes=changes,
        expected_result="DB calls at most 2",
        route="GET /0",
    )
    make_plan(service, release, now=NOW - 8 * hour)
    make_rehearsal(release, finished_at=NOW - 7 * hour)
    for step, environment in enumerate(("staging", "production")):
        shipped(make_deployment, service, "full", environment, NOW - (6 - step) * hour)
    before = service.releases.filter(lives=None, standings__isnull=False).order_by("-created_at")
    shipped(make_deployment, service, before[0].version, "production", NOW - 4 * hour)
    shipped(make_deployment, service, "full", "production", NOW - 3 * hour)
    for number in range(ROUTES):
        for phase, ms, at in (("before", 100, NOW - 6 * hour), ("after", 90, NOW - 2 * hour)):
            numbers = requests_of(REQUESTS, ms=ms)
            make_snapshot(release, phase, at=at, route=f"GET /{number}", requests=numbers)
    make_note(release, now=NOW - hour, draft=True)
    return "/services/service-001/"


def shipped(make_deployment: object, service: object, version: str, place: str, at: datetime) -> None:
    """Report a deployment's beginning and its success."""
    assert callable(make_deployment)
    for kind, later in (("started", 0), ("succeeded", 3)):
        make_deployment(service, version, place, kind, at=at + timedelta(minutes=later), run=f"{at}")


def measure(service: str) -> int:
    """Time each page as a reader gets it, and say which promise is broken."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from releasedesk.accounts.models import User

    client = Client()
    client.force_login(User.objects.get(username="lead"))
    broken = []
    for name, path in (
        ("the release", f"{service}releases/full/"),
        ("the service", service),
        ("the way back", f"{service}rollback/production/"),
        ("all releases", "/releases/"),
        ("all notes", "/notes/"),
    ):

        def ask(path: str = path) -> None:
            assert client.get(path).status_code == 200

        with CaptureQueriesContext(connection) as seen:
            kilobytes = len(gzip.compress(client.get(path).content)) / 1024
        queries = len(seen)
        ms, _ = timed(ask, None)
        print(  # noqa: T201
            f"{name:14} {ms:6.1f} ms  {queries:3} queries  {kilobytes:5.1f} kB compressed"
            f"  (promised: under {PROMISED_MS} ms, {PROMISED_KB} kB)"
        )
        if ms >= PROMISED_MS or kilobytes >= PROMISED_KB:
            broken.append(name)
    if broken:
        print(f"Broken: {', '.join(broken)}.")  # noqa: T201
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
