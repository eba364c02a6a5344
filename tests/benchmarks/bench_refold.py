"""What one more fact costs a place that has thousands: `python tests/benchmarks/bench_refold.py`.

A later one is folded on from where the place stands; one that comes late has everything folded anew.
"""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from itertools import count
from statistics import median
from time import perf_counter

from tests.benchmarks.bench_board import desk

ROUNDS = 7
START = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> int:
    """Print milliseconds a fact."""
    with desk():
        from django.db import transaction

        from releasedesk.accounts.models import Team
        from releasedesk.accounts.roles import DESK
        from releasedesk.actions.deployments import DeploymentReport, record_deployment
        from releasedesk.actions.services import register_service
        from releasedesk.catalog.models import Environment
        from releasedesk.releases.history import Kind

        numbers = count()
        environment = Environment.objects.get(name="production")
        with transaction.atomic():
            team = Team.objects.create(slug="bench", name="Bench")
            service = register_service(team, "service", now=START)

        def tell(*hours: float) -> float:
            reports = [
                DeploymentReport(
                    Kind.SUCCEEDED,
                    f"1.{hour:g}",
                    START + timedelta(hours=hour),
                    "native",
                    f"event-{next(numbers)}",
                )
                for hour in hours
            ]
            began = perf_counter()
            for report in reports:
                record_deployment(DESK, service, environment, report, now=START)
            return 1000 * (perf_counter() - began)

        told = 0
        for facts in (100, 1000, 5000):
            tell(*range(told, facts))
            told = facts + ROUNDS
            later = median(tell(facts + each) for each in range(ROUNDS))
            late = median(tell(facts / 2 + each / 10 + 0.05) for each in range(ROUNDS))
            print(f"{facts:>6,} facts: a later one {later:7.1f} ms, a late one {late:8.1f} ms")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
