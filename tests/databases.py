"""A migrated database to copy from: made once for the code as it is; every run begins with a copy of it.

Whatever empties such a database (a transactional test, a live server) leaves it as it was migrated.
"""

from __future__ import annotations

import fcntl
import hashlib
from contextlib import contextmanager
from importlib import import_module
from typing import TYPE_CHECKING

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
    from collections.abc import Iterator

    from releasedesk.operations.embedded import EmbeddedServer

DRAFT = "draft_of_template"
KEPT = 2  # besides the new one: whoever works on two branches has both


def migrated(server: EmbeddedServer) -> str:
    """Give the name of a database that nobody uses, with all migrations and nothing else in it.

    It is made if this server has none of this code. One process makes it while the others wait.
    """
    name = f"template_{_code()}"
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


def _code() -> str:
    """Tell this code from any other: what a new database holds follows from it and from what it stands on."""
    files = sorted((settings.ROOT / "releasedesk").rglob("*.py"))
    digest = hashlib.sha256()
    for file in (*files, settings.ROOT / "deploy" / "requirements.txt"):
        digest.update(f"{file.relative_to(settings.ROOT)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


def _say(postgres: psycopg.Connection[tuple[object, ...]], statement: str, *names: str) -> None:
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
