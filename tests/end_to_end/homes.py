"""Homes of desks that need not migrate: made once for the code as it is, then copied."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from releasedesk.operations.embedded import EmbeddedServer
from tests.databases import code

if TYPE_CHECKING:
    from collections.abc import Iterator

PLACE = settings.DESK_HOME / "test"


def furnish(home: Path) -> None:
    """Put a database into an empty home as `migrate` leaves it: no desk of the tests waits for that twice.

    That an empty home is enough to begin with, `tests/operations/test_serving.py` sees.
    """
    with _migrated() as source:
        # Its owner too: root's PostgreSQL runs as an account of its own.
        data = EmbeddedServer(source).data.resolve()
        subprocess.run(["cp", "-a", str(data), str(home / "postgres")], check=True)


@contextmanager
def _migrated() -> Iterator[Path]:
    """Give a home that was migrated. One process makes it, or copies it, while the others wait."""
    home, draft = PLACE / f"home-{code()}", PLACE / "draft-of-home"
    PLACE.mkdir(parents=True, exist_ok=True)
    with (PLACE / "home.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not home.exists():
            for old in (draft, *PLACE.glob("home-*")):
                _remove(old)
            environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
            command = [sys.executable, str(settings.ROOT / "manage.py"), "migrate", "--verbosity=0"]
            subprocess.run(command, env={**environment, "DESK_HOME": str(draft)}, check=True)
            draft.rename(home)
        yield home


def _remove(home: Path) -> None:
    data = (home / "postgres").resolve()  # where its account can reach it
    for path in (data, home):
        if path.exists():
            shutil.rmtree(path)
