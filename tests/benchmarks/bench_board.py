"""How long the board of a hundred services takes: `python tests/benchmarks/bench_board.py`.

Fifteen releases of each on staging and production, with snapshots, comparisons, plans, rehearsals and notes,
in an embedded server of its own. The promise holds for every page of a process, whoever asks for what: rows
are read before the first reader comes, and each again when its service has changed. Exits 1 when
it is broken. Beside the time on the clock stands the processor time of this process, which says the same
on a busy machine; what PostgreSQL needs besides is not in it.
"""

from __future__ import annotations

import os
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

import django

SERVICES, RELEASES, ROUNDS = 100, 15, 21
PROMISED_MS, PROMISED_QUERIES = 30, 8
PROMISED_AHEAD_MS = 200  # of all rows at once, when a process begins and before anybody asks it
NOW = datetime.now(UTC).replace(microsecond=0)
SUMMARY = {"requests": 2000, "errors": 3, "db_calls": {"mean": 10, "stddev": 1}}


def main() -> int:
    """Print the figures and answer the exit code."""
    with desk():
        seed()
        return measure()


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


def seed() -> None:
    """Write the rows in bulk; what is derived is derived by the desk itself."""
    from django.db import connection, transaction

    from releasedesk.accounts.models import Team, User
    from releasedesk.actions.refold import refold
    from releasedesk.catalog.models import Environment, Service
    from releasedesk.measurements.judge import JUDGE_VERSION, judge
    from releasedesk.measurements.models import Comparison, Snapshot
    from releasedesk.notes.models import Note
    from releasedesk.releases.models import Change, DeploymentFact, Release
    from releasedesk.rollbacks.models import Plan, Rehearsal, Step

    random.seed(3)
    numbers = count()
    staging, production = Environment.objects.order_by("order")
    teams = Team.objects.bulk_create(Team(slug=f"team-{n}", name=f"Team {n}") for n in range(13))
    lead = User.objects.create_user("lead", "lead@example.com", "correct horse")
    services = Service.objects.bulk_create(
        Service(slug=f"service-{n:03d}", name=f"Service {n}", team=teams[n // 8], owner=lead, created_at=NOW)
        for n in range(SERVICES)
    )
    begun = {
        (n, k): NOW - timedelta(days=RELEASES - 1 - k, hours=2, minutes=n)
        for n in range(SERVICES)
        for k in range(RELEASES)
    }
    releases = Release.objects.bulk_create(
        Release(
            service=services[n],
            version=f"{at:%Y.%m.%d}-{k}",
            title="A small change",
            route="GET /basket/{id}",
            created_by="ci",
            created_at=at,
            updated_at=at,
        )
        for (n, k), at in begun.items()
    )
    facts, snapshots, changes, notes = [], [], [], []
    for (place, at), release in zip(begun.items(), releases, strict=True):
        changes.append(Change(release=release, sha=f"{next(numbers):040x}", committed_at=at))
        environments = [staging] if place[1] == RELEASES - 1 and place[0] % 3 == 0 else [staging, production]
        for step, environment in enumerate(environments):
            for kind, later in (("started", 0), ("succeeded", 3)):
                facts.append(
                    DeploymentFact(
                        service_id=release.service_id,
                        environment=environment,
                        release=release,
                        kind=kind,
                        occurred_at=at + timedelta(hours=step, minutes=later),
                        source="native",
                        key=str(next(numbers)),
                        run=f"{release.pk}-{environment.pk}",
                        actor="ci",
                    )
                )
        for phase, minutes in (("before", 50), ("after", 75)):
            until = at + timedelta(minutes=minutes)
            p95 = random.choice([170, 180, 190, 260]) if phase == "after" else 185
            body = {**SUMMARY, "response_ms": {"mean": 100, "stddev": 20, "p50": 95, "p95": p95, "p99": 280}}
            snapshots.append(
                Snapshot(
                    release=release,
                    environment=production,
                    phase=phase,
                    route="GET /basket/{id}",
                    taken_from=until - timedelta(minutes=2),
                    taken_until=until,
                    kind="summary",
                    numbers=body,
                    summary=body,
                    recorded_by="ci",
                    recorded_at=until,
                )
            )
        if place[1] < RELEASES - 2:
            notes.append(
                Note(
                    release=release,
                    reason="It was slow.",
                    draft=False,
                    written_by="lead",
                    written_at=at,
                    finished_at=at,
                )
            )
    DeploymentFact.objects.bulk_create(facts)
    Change.objects.bulk_create(changes)
    Note.objects.bulk_create(notes)
    Snapshot.objects.bulk_create(snapshots)
    pairs = list(zip(snapshots[::2], snapshots[1::2], strict=True))
    judged = {
        after.summary["response_ms"]["p95"]: judge(before.as_side(), after.as_side())
        for before, after in pairs
    }
    Comparison.objects.bulk_create(
        Comparison(
            release=after.release,
            environment=production,
            route=after.route,
            before=before,
            after=after,
            verdict=judgement.verdict,
            sentence=judgement.sentence,
            judge=JUDGE_VERSION,
            result=judgement.to_json(),
            limits={},
            judged_at=after.taken_until,
        )
        for before, after in pairs
        for judgement in [judged[after.summary["response_ms"]["p95"]]]
    )
    plans = Plan.objects.bulk_create(
        Plan(
            service=service,
            version=1,
            digest=f"{service.pk:064x}",
            data="comes_back",
            triggers=[{"metric": "response_ms_p95", "above": 300}],
            created_by="lead",
            created_at=NOW,
        )
        for service in services
    )
    Step.objects.bulk_create(
        Step(plan=plan, position=number, instruction=f"Step {number}")
        for plan in plans
        for number in (1, 2, 3)
    )
    Rehearsal.objects.bulk_create(
        Rehearsal(
            plan=plan,
            environment=staging,
            started_at=NOW - timedelta(days=plan.pk % 20, minutes=4),
            finished_at=NOW - timedelta(days=plan.pk % 20, minutes=2),
            outcome="succeeded",
            rehearsed_by="ci",
            recorded_at=NOW,
        )
        for plan in plans
        if plan.pk % 5
    )
    with transaction.atomic():
        for service in services:
            refold(service, staging)
            refold(service, production)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def measure() -> int:
    """Time the page as readers get it, and say which promise is broken."""
    from django.test import Client

    from releasedesk.accounts.models import Membership, Team, User
    from releasedesk.accounts.roles import DESK
    from releasedesk.actions.releases import put_release
    from releasedesk.catalog.models import Service
    from releasedesk.releases.bodies import ReleaseBody
    from releasedesk.reports.board import board, is_current
    from releasedesk.reports.board_filters import Filters
    from releasedesk.reports.kept_rows import kept_rows
    from releasedesk.web.board import drawn, read_ahead

    lead, other = User.objects.get(username="lead"), User.objects.create_user("other")
    Membership.objects.create(user=other, team=Team.objects.get(slug="team-3"), role="engineer")
    readers = {user: Client() for user in (lead, other)}
    for user, client in readers.items():
        client.force_login(user)
    services = list(Service.objects.all())
    actor = lead.as_actor()
    version = board(Filters(), actor=actor, now=datetime.now(UTC)).version

    def forget() -> None:
        kept_rows.rows.clear()
        drawn.cache_clear()

    def changed(number: int) -> Callable[[], None]:
        def change() -> None:
            for service in random.sample(services, number):
                put_release(DESK, service, "next", ReleaseBody.read({}), now=datetime.now(UTC), replace=False)

        return change

    def unchanged() -> None:
        assert is_current(version, Filters(), actor=actor, now=datetime.now(UTC))

    def page(query: str = "", reader: User = lead) -> Callable[[], None]:
        def ask() -> None:
            assert readers[reader].get(f"/{query}").status_code == 200

        return ask

    read_ahead()  # as a process does before its first reader
    signing_in = 3  # session, user, memberships
    lasting = (
        ("nothing changed: the version", None, unchanged, 0, 1, PROMISED_MS),
        ("nothing changed", None, page(), signing_in, PROMISED_QUERIES, PROMISED_MS),
        ("another reader, of one team", None, page(reader=other), signing_in, PROMISED_QUERIES, PROMISED_MS),
        ("by attention", None, page("?sort=attention"), signing_in, PROMISED_QUERIES, PROMISED_MS),
        ("mine", None, page("?mine=1"), signing_in, PROMISED_QUERIES, PROMISED_MS),
        ("one team", None, page("?team=team-3"), signing_in, PROMISED_QUERIES, PROMISED_MS),
        ("shipped today", None, page("?only=shipped_today"), signing_in, PROMISED_QUERIES, PROMISED_MS),
        ("one service changed", changed(1), page(), signing_in, PROMISED_QUERIES, PROMISED_MS),
        ("five services changed", changed(5), page(), signing_in, PROMISED_QUERIES, PROMISED_MS),
        ("what a process reads ahead", forget, read_ahead, 0, PROMISED_QUERIES, PROMISED_AHEAD_MS),
    )
    broken = [name for name, *how in lasting if not holds(name, *how)]
    if broken:
        print(f"Broken: {', '.join(broken)}.")  # noqa: T201
    return 1 if broken else 0


def holds(
    name: str,
    prepare: Callable[[], None] | None,
    ask: Callable[[], None],
    besides: int,
    promised_queries: int,
    promised_ms: int,
) -> bool:
    """Measure one thing, print it beside its promise, and say whether that is kept."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    ms, processor_ms = timed(ask, prepare)
    if prepare:
        prepare()
    with CaptureQueriesContext(connection) as seen:
        ask()
    queries = len(seen) - besides
    promise = f"at most {promised_queries}, under {promised_ms} ms"
    print(f"{name:30} {ms:6.1f} ms ({processor_ms:.1f} here)  {queries} queries  (promised: {promise})")  # noqa: T201
    return queries <= promised_queries and ms < promised_ms


def timed(ask: Callable[[], None], prepare: Callable[[], None] | None) -> tuple[float, float]:
    """The medians of the rounds, in milliseconds: on the clock, and of this process's processor time."""
    clock, processor = [], []
    for _ in range(ROUNDS):
        if prepare:
            prepare()
        began, spent = perf_counter(), process_time()
        ask()
        clock.append(1000 * (perf_counter() - began))
        processor.append(1000 * (process_time() - spent))
    return median(clock), median(processor)


if __name__ == "__main__":
    sys.exit(main())
