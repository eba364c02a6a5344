"""A migrated database to copy from: made once for the code as it is; every run begins with a copy of it.

What takes long to put into a database is put there once a run, and copied too (`copy_of_filled`).
Whatever empties such a database (a transactional test, a live server) leaves it as it was migrated.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING, Any

import psycopg
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models.signals import post_migrate
from django.dispatch import receiver
from psycopg import sql

from releasedesk.operations.embedded import NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.db.backends.utils import CursorWrapper

    from releasedesk.operations.embedded import EmbeddedServer

DRAFT = "draft_of_template"
DRAFT_FILLED = "draft_of_filled"
KEPT = 2  # besides the new one: whoever works on two branches has both


def migrated(server: EmbeddedServer) -> str:
    """Give the name of a database that nobody uses, with all migrations and nothing else in it.

    It is made if this server has none of this code. One process makes it while the others wait.
    """
    name = f"template_{code()}"
    address = f"host={server.socket} user={NAME} dbname=postgres"
    with (server.home / "template.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(address, autocommit=True) as postgres:
            query = r"SELECT datname FROM pg_database WHERE datname LIKE 'template\_%' ORDER BY oid DESC"
            found = [row[0] for row in postgres.execute(query)]
            if name not in found:
                for old in (DRAFT, *found[KEPT:]):
                    _say(postgres, "DROP DATABASE IF EXISTS {}", old)
                _say(postgres, "CREATE DATABASE {}", DRAFT)
                with _under(DRAFT):
                    call_command("migrate", verbosity=0, interactive=False)
                # Only what is whole gets the name, and what has connections cannot be copied.
                _say(postgres, "ALTER DATABASE {} RENAME TO {}", DRAFT, name)
                _say(postgres, "ALTER DATABASE {} ALLOW_CONNECTIONS false", name)
    return name


@contextmanager
def copy_of_filled(fill: Callable[[], None]) -> Iterator[None]:
    """Let Django work on a copy of its test database that has been filled, and drop it in the end.

    The first process of a run that asks fills a database, while the others wait; all of them copy it. It is
    left to the next run, which drops it: no process knows whether it is the last. Works on any server.
    """
    own = connection.settings_dict["NAME"]
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID", f"{os.getpid()}")[:32]
    name, copy = f"filled_{run}", f"{own}_filled"
    connection.close()
    with (
        (settings.DESK_HOME / "test" / "filled.lock").open("a") as lock,
        connection._nodb_cursor() as postgres,
    ):
        fcntl.flock(lock, fcntl.LOCK_EX)
        postgres.execute(r"SELECT datname FROM pg_database WHERE datname LIKE 'filled\_%'")
        found = [row[0] for row in postgres.fetchall()]
        if name not in found:
            for old in (DRAFT_FILLED, *found):
                _say(postgres, "DROP DATABASE IF EXISTS {} WITH (FORCE)", old)
            _say(postgres, "CREATE DATABASE {} TEMPLATE {}", DRAFT_FILLED, own)
            with _under(DRAFT_FILLED):
                fill()
            _say(postgres, "ALTER DATABASE {} RENAME TO {}", DRAFT_FILLED, name)
        _say(postgres, "DROP DATABASE IF EXISTS {} WITH (FORCE)", copy)
        _say(postgres, "CREATE DATABASE {} TEMPLATE {}", copy, name)
    with _under(copy):
        yield
    with connection._nodb_cursor() as postgres:
        _say(postgres, "DROP DATABASE {} WITH (FORCE)", copy)


@receiver(post_migrate, sender=apps.get_app_config("catalog"))
def _as_migrated(**told: object) -> None:
    """Put back what migrations had put into a database that was emptied, and empty what Django leaves full.

    Django tells after each `flush`, whoever asked for it, as if the database had just been migrated.
    A true migration has a plan.
    """
    if "plan" in told:
        return
    with connection.cursor() as cursor:  # the queue's models are unmanaged: `flush` passes them over
        cursor.execute("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")
    for added in ("catalog.migrations.0002_environments", "checklists.migrations.0004_the_desks_lines"):
        import_module(f"releasedesk.{added}").add(apps, None)


def code() -> str:
    """Tell this code from any other: what a new database holds follows from it and from what it stands on."""
    files = sorted(path for kind in ("*.py", "*.sql") for path in (settings.ROOT / "releasedesk").rglob(kind))
    digest = hashlib.sha256()
    for file in (*files, settings.ROOT / "deploy" / "requirements.txt"):
        digest.update(f"{file.relative_to(settings.ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _say(postgres: psycopg.Connection[Any] | CursorWrapper, statement: str, *names: str) -> None:
    postgres.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))


@contextmanager
def _under(name: str) -> Iterator[None]:
    """Let Django work on another database of the same server."""
    before = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = name
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = before
