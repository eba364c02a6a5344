"""The embedded PostgreSQL, as real processes use it."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest

from releasedesk.operations import placement
from releasedesk.operations.embedded import FAST_AND_FORGETFUL, EmbeddedServer, EmbeddedServerError

if TYPE_CHECKING:
    from collections.abc import Iterator

ATTACH = """
import sys, time
from pathlib import Path
from releasedesk.operations.embedded import FAST_AND_FORGETFUL, EmbeddedServer
server = EmbeddedServer(Path(sys.argv[1]), FAST_AND_FORGETFUL)
print("started" if server.attach() else "joined", server.pid(), flush=True)
sys.stdin.read()
server.detach()
"""


@pytest.fixture
def home() -> Iterator[Path]:
    """A directory any account may enter, unlike pytest's own when root runs the tests."""
    path = Path(tempfile.mkdtemp(prefix="desk-"))
    path.chmod(0o755)
    yield path
    EmbeddedServer(path).stop()
    shutil.rmtree(path)


def another_process(home: Path) -> subprocess.Popen[str]:
    """A process that holds the server until its standard input is closed."""
    return subprocess.Popen(
        [sys.executable, "-c", ATTACH, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def said(process: subprocess.Popen[str]) -> tuple[str, int]:
    assert process.stdout
    how, pid = process.stdout.readline().split()
    return how, int(pid)


def asked(server: EmbeddedServer, query: str) -> object:
    with psycopg.connect(f"host={server.socket} user=releasedesk dbname=releasedesk") as connection:
        row = connection.execute(query.encode()).fetchone()
        assert row
        return row[0]


def test_two_processes_that_start_at_once_share_one_server(home: Path) -> None:
    first, second = another_process(home), another_process(home)
    answers = {said(first), said(second)}
    assert {how for how, _ in answers} == {"started", "joined"}
    assert len({pid for _, pid in answers}) == 1
    first.communicate()
    assert EmbeddedServer(home).is_running(), "the second still holds it"
    second.communicate()
    assert not EmbeddedServer(home).is_running(), "the last one out stops it"


def test_what_a_killed_run_left_is_adopted_by_the_next_and_then_stopped(home: Path) -> None:
    killed = another_process(home)
    _, pid = said(killed)
    killed.kill()
    killed.communicate()
    server = EmbeddedServer(home, FAST_AND_FORGETFUL)
    assert server.is_running(), "nobody was there to stop it"
    assert server.attach() is False
    assert server.pid() == pid
    server.detach()
    assert not server.is_running()


def test_a_server_that_was_itself_killed_comes_back_with_its_data(home: Path) -> None:
    server = EmbeddedServer(home)  # durable: this is what fsync is for
    with server.attached():
        with psycopg.connect(f"host={server.socket} user=releasedesk dbname=releasedesk") as connection:
            connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
        pid = server.pid()
        assert pid
        os.kill(pid, signal.SIGKILL)
    with EmbeddedServer(home).attached():
        assert asked(server, "SELECT answer FROM kept") == 42


def test_stop_ends_it_by_its_pid_whoever_holds_it(home: Path) -> None:
    holder = another_process(home)
    said(holder)
    assert EmbeddedServer(home).stop() is True
    assert not EmbeddedServer(home).is_running()
    assert EmbeddedServer(home).stop() is False
    holder.communicate()
    assert holder.returncode == 0, "who held it lets go without complaint"


def test_a_home_too_deep_for_a_socket_works_all_the_same(home: Path) -> None:
    deep = home / "/".join(["a-rather-long-name"] * 8)
    server = EmbeddedServer(deep, FAST_AND_FORGETFUL)
    assert len(str(server.socket / ".s.PGSQL.5432")) <= placement.LONGEST_SOCKET
    with server.attached():
        assert asked(server, "SELECT current_database()") == "releasedesk"
    assert (deep / "postgres" / "PG_VERSION").exists()
    assert not server.socket.exists(), "its socket's directory goes with it"


def test_a_home_with_blanks_and_quotes_in_its_name_works_all_the_same(home: Path) -> None:
    server = EmbeddedServer(home / "Ines' desk, the second", FAST_AND_FORGETFUL)
    with server.attached():
        assert asked(server, "SELECT 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs the server as another account")
def test_root_leaves_a_closed_parent_directory_closed(home: Path) -> None:
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedServer(closed / "desk", FAST_AND_FORGETFUL)
    try:
        with server.attached():
            assert asked(server, "SELECT 1") == 1
        assert closed.stat().st_mode & 0o777 == 0o700
    finally:
        shutil.rmtree((closed / "desk" / "postgres").resolve(), ignore_errors=True)


def test_it_listens_on_no_network_and_lets_nobody_else_in(home: Path) -> None:
    server = EmbeddedServer(home, FAST_AND_FORGETFUL)
    with server.attached():
        assert asked(server, "SHOW listen_addresses") == ""
        assert (home / "postgres").stat().st_mode & 0o077 == 0


def test_only_the_tests_cluster_forgets(home: Path) -> None:
    with EmbeddedServer(home).attached():
        assert asked(EmbeddedServer(home), "SHOW fsync") == "on"
        assert asked(EmbeddedServer(home), "SHOW synchronous_commit") == "on"


def test_a_second_start_finds_the_same_cluster(home: Path) -> None:
    server = EmbeddedServer(home, FAST_AND_FORGETFUL)
    with server.attached():
        identifier = asked(server, "SELECT system_identifier FROM pg_control_system()")
    with server.attached():
        assert asked(server, "SELECT system_identifier FROM pg_control_system()") == identifier


def test_a_server_that_cannot_start_says_why(home: Path) -> None:
    with EmbeddedServer(home, FAST_AND_FORGETFUL).attached():
        pass
    with pytest.raises(EmbeddedServerError, match="max_connections"):
        EmbeddedServer(home, {"max_connections": "many"}).attach()
