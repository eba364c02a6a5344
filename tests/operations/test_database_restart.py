"""A restart of PostgreSQL under a desk that serves: nothing ends, and the worker takes up its work again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest
from django.conf import settings
from procrastinate.exceptions import ConnectorException

from releasedesk.operations.embedded import EmbeddedServer
from releasedesk.operations.parent import PARENT
from releasedesk.operations.worker import is_outage
from tests.operations.test_serving import DEFER, WAIT_SECONDS, Desk, children, desk, home, until

__all__ = ["desk", "home"]
pytestmark = [pytest.mark.end_to_end, pytest.mark.xdist_group("serving")]
OUTAGE_SECONDS = 3


def workers(server: EmbeddedServer) -> list[int]:
    """The workers that are written down; one that lost its database stays so, and `/ready` believes it."""
    with psycopg.connect(f"host={server.socket} user=releasedesk dbname=releasedesk") as connection:
        if connection.execute("SELECT to_regclass('procrastinate_workers')").fetchone() == (None,):
            return []
        return [row[0] for row in connection.execute("SELECT id FROM procrastinate_workers")]


def job_is_done(server: EmbeddedServer) -> bool:
    with psycopg.connect(f"host={server.socket} user=releasedesk dbname=releasedesk") as connection:
        query = "SELECT status FROM procrastinate_jobs WHERE task_name = 'forget_expired_sessions'"
        return ("succeeded",) in connection.execute(query).fetchall()


def test_web_and_worker_outlive_a_restart_of_the_database(desk: Desk) -> None:
    served = desk.serve("--without-demo")
    until(lambda: desk.get("ready")["ok"])
    before = children(served.pid)
    server = EmbeddedServer(desk.home)
    first = max(workers(server))

    assert server.stop()
    time.sleep(OUTAGE_SECONDS)
    assert desk.get("ready")["ok"] is False
    with server.attached():
        until(lambda: any(worker > first for worker in workers(server)))
        until(lambda: desk.get("ready")["ok"])
        assert children(served.pid) == before, "the same processes as ever"
        assert desk.run("shell", "-c", DEFER).returncode == 0
        until(lambda: job_is_done(server))
        served.send_signal(signal.SIGTERM)
        said, _ = served.communicate(timeout=WAIT_SECONDS)
    assert served.returncode == 0
    assert "The database does not answer; the worker will try again." in said
    assert "procrastinate" not in said, "one sentence, no traceback"


def test_a_worker_is_told_to_stop_while_the_database_is_away(desk: Desk) -> None:
    server = EmbeddedServer(desk.home)
    with server.attached():
        earlier = workers(server)
    served = desk.serve("--without-demo")
    until(lambda: set(workers(server)) - set(earlier) != set())
    assert server.stop()
    time.sleep(OUTAGE_SECONDS)
    served.send_signal(signal.SIGTERM)
    assert served.wait(WAIT_SECONDS / 2) == 0


def test_a_worker_waits_for_the_database_that_its_parent_has_just_used(desk: Desk) -> None:
    nowhere = {"DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing", PARENT: str(os.getpid())}
    worker = subprocess.Popen(
        [sys.executable, "manage.py", "work"],
        cwd=settings.ROOT,
        env={**desk.environment(), **nowhere},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert worker.stdout is not None
    assert "The database does not answer; the worker will try again." in worker.stdout.readline()
    worker.terminate()
    said, _ = worker.communicate(timeout=WAIT_SECONDS)
    assert (worker.returncode, said) == (0, "")


def test_a_worker_that_finds_no_database_at_its_start_fails(desk: Desk) -> None:
    script = "from releasedesk.operations.worker import work_until_told; work_until_told()"
    with EmbeddedServer(desk.home).attached():
        code = f"from django.db import connection as c; c.settings_dict['NAME'] = 'nowhere'; {script}"
        failed = desk.run("shell", "-c", code)
    assert failed.returncode == 1
    assert 'database "nowhere" does not exist' in failed.stderr


def test_a_worker_without_its_tables_fails(desk: Desk) -> None:
    script = "from releasedesk.operations.worker import work_until_told; work_until_told()"
    code = f"from django.db import connection as c; c.settings_dict['NAME'] = 'postgres'; {script}"
    failed = desk.run("shell", "-c", code)
    assert failed.returncode == 1
    assert "procrastinate_" in failed.stderr


@pytest.mark.parametrize(
    ("cause", "outage"), [(psycopg.OperationalError(), True), (psycopg.ProgrammingError(), False)]
)
def test_an_outage_is_told_from_a_statement_the_database_refused(
    cause: psycopg.Error, *, outage: bool
) -> None:
    wrapped = ConnectorException()
    wrapped.__cause__ = cause
    assert is_outage(cause) is is_outage(wrapped) is outage
    assert not is_outage(ValueError())
