"""Can this desk do its work now? One answer per thing it needs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import Max
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateWorker

ISOLATION = "read committed"  # PostgreSQL's own default, for which every lock of the desk is written


@dataclass(frozen=True)
class Check:
    """One thing the desk needs, whether it is there, and a sentence about it."""

    name: str
    ok: bool
    detail: str


def checks() -> list[Check]:
    """Ask all there is to ask. What cannot be known for want of another is not ok."""
    found = _database()
    if found is None:
        unknown = "Not known while the database does not answer."
        absent = Check("database", False, "The database does not answer.")
        return [absent, Check("migrations", False, unknown), Check("worker", False, unknown)]
    if missing := missing_migrations():
        apps = ", ".join(sorted(app for app, _ in missing))
        lacking = Check("migrations", False, f"Migrations are missing in {apps}; run 'manage.py migrate'.")
        return [found, lacking, Check("worker", False, "Not known while migrations are missing.")]
    return [found, Check("migrations", True, "All migrations are applied."), _worker()]


def missing_migrations() -> frozenset[tuple[str, str]]:
    """Return the (app, name) of the newest migrations that this database lacks. One query."""
    return _newest_migrations() - set(MigrationRecorder(connection).applied_migrations())


@cache
def _newest_migrations() -> frozenset[tuple[str, str]]:
    # Reading them takes a tenth of a second, and they do not change under a running process.
    return frozenset(MigrationLoader(None).graph.leaf_nodes())


def _database() -> Check | None:
    """Whether it answers, and whether who waited for a lock will see what was changed meanwhile."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW transaction_isolation")
            (isolation,) = cursor.fetchone()
    except DatabaseError:
        return None
    if isolation != ISOLATION:
        told = f"Its transactions are '{isolation}': set 'default_transaction_isolation' to '{ISOLATION}'."
        return Check("database", False, told)
    return Check("database", True, "The database answers.")


def _worker() -> Check:
    seen = ProcrastinateWorker.objects.aggregate(seen=Max("last_heartbeat"))["seen"]
    if seen is None:
        return Check("worker", False, "No worker has been seen; run 'manage.py work'.")
    age = (timezone.now() - seen).total_seconds()
    recent = age <= settings.WORKER_SEEN_SECONDS
    return Check("worker", recent, f"A worker was last seen {max(0, round(age))} s ago.")
