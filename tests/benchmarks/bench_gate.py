"""What it costs to ask the gate of one among a thousand services: `python tests/benchmarks/bench_gate.py`.

Each service has ten releases on staging and production, with checklists, plans, rehearsals, snapshots and
configurations, in an embedded server of its own. Exits 1 when a promise is broken.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter

import django

SERVICES, RELEASES, ROUNDS = 1000, 10, 201
PROMISED_MS, PROMISED_QUERIES = 10, 8
NOW = datetime.now(UTC).replace(microsecond=0)
KEYS = ("lint", "unit_tests", "integration", "staging_config", "tag")


def main() -> int:
    """Print the figures and answer the exit code."""
    with desk():
        token = seed()
        return measure(token)


@contextmanager
def desk() -> Iterator[None]:
    """A desk of its own in a directory that is thrown away."""
    with tempfile.TemporaryDirectory(prefix="bench-") as home:
        Path(home).chmod(0o755)  # PostgreSQL refuses to run as root and must come in as somebody else
        os.environ.pop("DATABASE_URL", None)
        os.environ.update(
            DJANGO_SETTINGS_MODULE="releasedesk.settings", DESK_HOME=home, LOG_LEVEL="ERROR", HOST="0.0.0.0"
        )
        django.setup()
        from django.core.management import call_command

        from releasedesk.operations.embedded import FAST_AND_FORGETFUL, EmbeddedServer, close_connections

        with EmbeddedServer(Path(home), FAST_AND_FORGETFUL).attached():
            call_command("migrate", verbosity=0)
            yield
            close_connections()


def seed() -> str:
    """Write the rows in bulk; returns a token that may ask."""
    from django.db import connection

    from releasedesk.accounts.models import Team, User
    from releasedesk.actions.tokens import issue_token
    from releasedesk.catalog.models import Environment, Service
    from releasedesk.checklists.models import Item
    from releasedesk.measurements.models import Snapshot
    from releasedesk.releases.models import (
        Change,
        Deployment,
        DeploymentFact,
        GateAnswer,
        Live,
        Release,
        ReportedConfig,
        Standing,
    )
    from releasedesk.rollbacks.models import Plan, Rehearsal, Step

    numbers = count()
    staging, production = Environment.objects.order_by("order")
    lead = User.objects.create_user("lead", "lead@example.com", "correct horse")
    team = Team.objects.create(slug="team", name="Team")
    services = Service.objects.bulk_create(
        Service(slug=f"service-{n:04d}", name=f"Service {n}", team=team, owner=lead, created_at=NOW)
        for n in range(SERVICES)
    )
    releases = Release.objects.bulk_create(
        Release(
            service=service,
            version=f"1.{k}",
            change="One join instead of thirty queries.",
            expected_result="Fewer calls.",
            route="GET /basket/{id}",
            created_by="ci",
            created_at=NOW - timedelta(days=RELEASES - k),
            updated_at=NOW - timedelta(days=RELEASES - k),
        )
        for service in services
        for k in range(RELEASES)
    )
    Item.objects.bulk_create(
        Item(
            release=release,
            list="release",
            key=key,
            label=key,
            position=n,
            outcome="passed",
            decided_at=NOW,
            decided_by="ci",
        )
        for release in releases
        for n, key in enumerate(KEYS)
    )
    Change.objects.bulk_create(Change(release=release, sha=f"{next(numbers):040x}") for release in releases)
    shipped = [release for number, release in enumerate(releases) if number % RELEASES < RELEASES - 1]
    facts = DeploymentFact.objects.bulk_create(
        DeploymentFact(
            service_id=release.service_id,
            environment=place,
            release=release,
            kind="succeeded",
            occurred_at=release.created_at + timedelta(hours=hour),
            source="native",
            key=str(next(numbers)),
            actor="ci",
        )
        for release in releases
        for hour, place in ((1, staging), (2, production))
        if place == staging or release.version != f"1.{RELEASES - 1}"
    )
    deployments = Deployment.objects.bulk_create(
        Deployment(
            service_id=fact.service_id,
            environment_id=fact.environment_id,
            release_id=fact.release_id,
            status="succeeded",
            mode="forward",
            finish=fact,
            finished_at=fact.occurred_at,
            at=fact.occurred_at,
        )
        for fact in facts
    )
    Standing.objects.bulk_create(
        Standing(
            service_id=fact.service_id,
            release_id=fact.release_id,
            environment_id=fact.environment_id,
            first=fact,
            first_at=fact.occurred_at,
            last_at=fact.occurred_at,
        )
        for fact in facts
    )
    newest = {(row.service_id, row.environment_id): row for row in deployments}
    Live.objects.bulk_create(
        Live(
            service_id=row.service_id,
            environment_id=row.environment_id,
            release_id=row.release_id,
            deployment=row,
            since=row.at,
        )
        for row in newest.values()
    )
    Snapshot.objects.bulk_create(
        Snapshot(
            release=release,
            environment=production,
            phase="before",
            route="GET /basket/{id}",
            taken_from=NOW - timedelta(minutes=2),
            taken_until=NOW,
            kind="summary",
            numbers={},
            summary={},
            recorded_by="ci",
            recorded_at=NOW,
        )
        for release in releases
    )
    plans = Plan.objects.bulk_create(
        Plan(
            service_id=release.service_id,
            release=release,
            version=1,
            digest=f"{release.service_id:064x}",
            triggers=[{"metric": "response_ms_p95", "above": 300}],
            created_by="lead",
            created_at=NOW,
        )
        for release in releases
    )
    Step.objects.bulk_create(
        Step(plan=plan, position=n, instruction="Go back") for plan in plans for n in (1, 2)
    )
    Rehearsal.objects.bulk_create(
        Rehearsal(
            plan=plan,
            environment=staging,
            started_at=NOW - timedelta(hours=3, minutes=2),
            finished_at=NOW - timedelta(hours=3),
            outcome="succeeded",
            rehearsed_by="ci",
            recorded_at=NOW,
        )
        for plan in plans
    )
    ReportedConfig.objects.bulk_create(
        ReportedConfig(
            service=service,
            environment=place,
            source="native",
            key=str(next(numbers)),
            occurred_at=NOW,
            digests={f"NAME_{n}": "hmac-sha256:00" for n in range(40)},
        )
        for service in services
        for place in (staging, production)
    )
    GateAnswer.objects.bulk_create(
        GateAnswer(
            release=release,
            environment=production,
            is_open=True,
            mode="forward",
            conditions=[],
            asked_by="ci",
            asked_at=NOW,
        )
        for release in shipped
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return issue_token(
        team, service=None, scopes=["read", "gate:write"], name="ci", created_by="lead", now=NOW
    )[1]


def measure(token: str) -> int:
    """Time asking and asking to ship as a pipeline does, and say which promise is broken."""
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"Authorization": f"Bearer {token}"})
    turn = count()

    def path() -> str:
        number = next(turn) * 37 % SERVICES
        return f"/api/v1/services/service-{number:04d}/releases/1.{RELEASES - 1}/gate?environment=production"

    def ask() -> None:
        answer = client.get(path())
        assert answer.json()["open"], answer.json()

    def ask_to_ship() -> None:
        assert client.post(path()).status_code == 200

    broken = []
    # What a POST writes (the lock, the answer, the transaction) is no part of asking.
    for name, deed, promised in (
        ("may it ship? (GET)", ask, True),
        ("ask to ship, kept (POST)", ask_to_ship, False),
    ):
        for _ in range(20):
            deed()
        took = []
        for _ in range(ROUNDS):
            began = perf_counter()
            deed()
            took.append(1000 * (perf_counter() - began))
        with CaptureQueriesContext(connection) as seen:
            deed()
        promise = f"  (promised: at most {PROMISED_QUERIES}, at most {PROMISED_MS} ms)" if promised else ""
        print(f"{name:26} {median(took):6.2f} ms  {len(seen):2} queries{promise}")  # noqa: T201
        if promised and (len(seen) > PROMISED_QUERIES or median(took) > PROMISED_MS):
            broken.append(name)
    if broken:
        print(f"Broken: {', '.join(broken)}.")  # noqa: T201
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
