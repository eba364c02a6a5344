# ruff: noqa: INP001 (run by its path)
"""Run a command with this desk's database at hand: `python deploy/with_database.py psql`.

The command finds PostgreSQL's programs in its PATH and the database in the variables that they all read, so
that no password shows in the list of processes. An embedded server runs at least as long as the command.
"""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "releasedesk.settings")

from django.core.exceptions import ImproperlyConfigured  # noqa: E402 (found by the path above)
from psycopg.pq import Conninfo  # noqa: E402

from releasedesk.operations import embedded, placement  # noqa: E402
from releasedesk.operations.environment import PARTS  # noqa: E402


def connection(database: dict[str, Any]) -> dict[str, str]:
    """Return the variables by which PostgreSQL's programs find a database of Django's settings."""
    options = {name: value for name, value in database["OPTIONS"].items() if name != "pool"}
    said = {part: database.get(setting) for part, setting in PARTS.items()} | options
    read = {
        option.keyword.decode(): option.envvar.decode() for option in Conninfo.get_defaults() if option.envvar
    }
    return {read[part]: str(value) for part, value in said.items() if value and part in read}


def run(command: list[str]) -> int:
    """Run the command and return its exit status."""
    from releasedesk import settings  # noqa: PLC0415 (a wrong setting is refused here, with one sentence)

    programs = settings.env.text("POSTGRES_PROGRAMS") or str(placement.programs(None))
    path = os.pathsep.join([programs, os.environ.get("PATH", os.defpath)])
    found = connection(settings.DATABASES["default"])
    with embedded.for_this_process():
        environment = {**os.environ, **found, "PATH": path, "DATABASE_AT_HAND": "yes"}
        return subprocess.run(command, env=environment, check=False).returncode  # noqa: S603 (what was asked)


if __name__ == "__main__":
    try:
        sys.exit(run(sys.argv[1:]))
    except (ImproperlyConfigured, embedded.EmbeddedServerError, FileNotFoundError) as refusal:
        sys.exit(str(refusal))
