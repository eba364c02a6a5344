"""The embedded PostgreSQL server: one per `DESK_HOME`, shared by every process that wants it.

Each user of the server holds a shared lock on `postgres.users` while it lives; who lets go last stops the
server. The kernel drops the lock of a process that is killed, so nothing is counted and nothing goes stale:
a server left running by `kill -9` is simply found running by the next, and belongs to it from then on.
Starting and stopping happen under the exclusive lock `postgres.gate`, one at a time.
"""

from __future__ import annotations

import fcntl
import os
import shlex
import socket
import subprocess
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from releasedesk.operations import placement

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NAME = "releasedesk"
START_SECONDS = 60
GHOST_SECONDS = 10
DURABLE: dict[str, str] = {}
FAST_AND_FORGETFUL = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
"""For tests only: three times faster, and a power cut may cost the whole cluster."""


class EmbeddedServerError(Exception):
    """The embedded server could not be started or reached; the message says why."""


def _connect_patiently(address: str) -> psycopg.Connection[tuple[int]]:
    """Connect, waiting while the server recovers from a crash: it refuses, but it is on its way."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            return psycopg.connect(address, autocommit=True)
        except psycopg.OperationalError as refusal:
            if time.monotonic() > deadline:
                raise EmbeddedServerError(f"PostgreSQL does not accept connections: {refusal}") from refusal
            time.sleep(0.05)


def address(home: Path) -> dict[str, Any]:
    """Return Django's settings for the database of this home. Asking starts nothing."""
    return {
        "ENGINE": "releasedesk.operations.database",
        "NAME": NAME,
        "USER": NAME,
        "HOST": str(placement.socket_directory(home.resolve())),
    }


class EmbeddedServer:
    """The server whose data are in `home/postgres`."""

    def __init__(self, home: Path, options: Mapping[str, str] = DURABLE) -> None:
        self.home = home.resolve()
        self.options = options
        self.data = self.home / "postgres"
        self.socket = placement.socket_directory(self.home)
        self._held: IO[str] | None = None

    def attach(self) -> bool:
        """Hold the server while this process lives; start it if nobody has. True if it was started."""
        self._make_home()
        with self._gate():
            self._held = self._lock("postgres.users", fcntl.LOCK_SH)
            if started := not self.is_running():
                self._start()
            self._wait_until_ready()
        return started

    def detach(self) -> None:
        """Let go of the server, and stop it if nobody else holds it."""
        if self._held is None:
            return
        with self._gate():
            self._held.close()
            self._held = None
            with suppress(BlockingIOError), self._lock("postgres.users", fcntl.LOCK_EX | fcntl.LOCK_NB):
                self._stop()

    @contextmanager
    def attached(self) -> Iterator[None]:
        """Hold the server inside a `with`."""
        self.attach()
        try:
            yield
        finally:
            self.detach()

    def stop(self) -> bool:
        """End the server by its pid, whoever holds it. True if one was running."""
        if not self.data.exists():
            return False
        with self._gate():
            if running := self.is_running():
                self._stop()
        return running

    def is_running(self) -> bool:
        """Say whether something answers at the socket. A pid file alone may be a dead server's."""
        with socket.socket(socket.AF_UNIX) as probe:
            return probe.connect_ex(str(self.socket / ".s.PGSQL.5432")) == 0

    def pid(self) -> int | None:
        """Return the process id the server has written down, or None."""
        try:
            return int((self.data / "postmaster.pid").read_text().split("\n", 1)[0])
        except FileNotFoundError:
            return None

    def _make_home(self) -> None:
        if not self.home.exists():
            self.home.mkdir(parents=True)
            if placement.running_as_root():
                self.home.chmod(0o755)  # whatever the umask: the server's account must pass through

    def _lock(self, name: str, kind: int) -> IO[str]:
        try:
            handle = (self.home / name).open("a")
        except PermissionError:
            raise EmbeddedServerError(f"{self.home} belongs to another user; set DESK_HOME.") from None
        try:
            fcntl.flock(handle, kind)
        except BlockingIOError:
            handle.close()
            raise
        return handle

    @contextmanager
    def _gate(self) -> Iterator[None]:
        with self._lock("postgres.gate", fcntl.LOCK_EX):
            yield

    def _start(self) -> None:
        if not self.data.exists():
            self._initialise()
        if self.socket != self.data:
            placement.owned_directory(self.socket, placement.account_for(self.data.resolve()))
        log = str(self.data.resolve() / "server.log")
        # A server killed a moment ago may still be waited for by its parent, or by its last connections.
        deadline = time.monotonic() + (GHOST_SECONDS if self.pid() else 0)
        while True:
            try:
                return self._run(
                    "pg_ctl", "start", "-w", "-s", "-t", str(START_SECONDS), "-l", log, "-o", self._flags()
                )
            except EmbeddedServerError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _flags(self) -> str:
        """The server's settings as one line for the shell that pg_ctl goes through."""
        chosen = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.socket),
            "unix_socket_permissions": "0700",
            "max_connections": "100",
            # Until its tables are counted, a lookup of a new desk may read all there is of a team.
            "autovacuum_naptime": "5s",
            **self.options,
        }
        return " ".join(f"-c {shlex.quote(f'{name}={value}')}" for name, value in chosen.items())

    def _initialise(self) -> None:
        """Make the cluster aside and move it into place whole: no killed run leaves half a cluster."""
        account = placement.account_for(self.data)
        fresh = placement.new_data_directory(self.home, account)
        # The built-in provider sorts alike on every machine, whatever locales that machine has.
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
        sync = ["--no-sync"] if self.options.get("fsync") == "off" else []
        self._run("initdb", "-U", NAME, "--auth=trust", *locale, *sync, data=fresh)
        if fresh.parent == self.home:
            fresh.rename(self.data)
        else:
            self.data.symlink_to(fresh)

    def _stop(self) -> None:
        if not self.is_running():
            return
        try:
            self._run("pg_ctl", "stop", "-w", "-s", "-m", "fast")
        except EmbeddedServerError:
            if self.is_running():  # else it ended while we asked it to
                raise
        if self.socket != self.data:
            with suppress(OSError):  # no more than tidiness: it may not be empty, or not ours to remove
                self.socket.rmdir()

    def _run(self, program: str, *arguments: str, data: Path | None = None) -> None:
        """Run one of PostgreSQL's programs as the account that owns the data."""
        data = data or self.data.resolve()
        account = placement.account_for(data)
        done = subprocess.run(  # noqa: S603 (our own arguments)
            [placement.programs(account) / program, *arguments, "-D", data],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a pipe would be inherited by the server and never end
            stderr=subprocess.DEVNULL if program == "pg_ctl" else subprocess.PIPE,
            text=True,
            cwd="/",
            env={**os.environ, "LC_ALL": "C"},
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        if done.returncode:
            reason = done.stderr or self._last_words(data)
            raise EmbeddedServerError(f"PostgreSQL's {program} failed in {data}: {reason.strip()}")

    def _last_words(self, data: Path) -> str:
        try:
            return "\n".join((data / "server.log").read_text().splitlines()[-5:])
        except OSError as unreadable:
            return f"and its log cannot be read: {unreadable}"

    def _wait_until_ready(self) -> None:
        """Connect once, wait out a recovery if there is one, and see that our database exists."""
        address = f"host={self.socket} user={NAME} dbname=postgres connect_timeout={START_SECONDS}"
        with _connect_patiently(address) as connection:
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME]).fetchone()
            if not known:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(NAME)))


@contextmanager
def for_this_process() -> Iterator[None]:
    """Hold the database that the settings name while this process uses it: ours if it is embedded."""
    if not settings.EMBEDDED_DATABASE:
        yield
        return
    with EmbeddedServer(settings.DESK_HOME).attached():
        try:
            yield
        finally:
            close_connections()


def close_connections() -> None:
    """Close this thread's connections: before the server stops, and before children take over."""
    for connection in connections.all(initialized_only=True):
        connection.close()
