# ruff: noqa: INP001 (gunicorn reads this file by its path)
"""gunicorn's settings: the same for `make run` and for production."""

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.exceptions import ImproperlyConfigured

from releasedesk.operations.parent import end_with_parent

try:
    from releasedesk import settings
except ImproperlyConfigured as refusal:
    sys.exit(str(refusal))

if TYPE_CHECKING:
    from gunicorn.arbiter import Arbiter
    from gunicorn.workers.base import Worker

_host = f"[{settings.HOST}]" if ":" in settings.HOST else settings.HOST
bind = f"{_host}:{settings.PORT}"
worker_class = "releasedesk.api.gunicorn_worker.Worker"  # gthread, but for how it refuses
workers = settings.env.whole("WEB_CONCURRENCY", 2)
threads = settings.env.whole("WEB_THREADS", 4)
preload_app = True  # loaded once and forked: half the start and half the memory
timeout = 60
graceful_timeout = 20
keepalive = 5
loglevel = "warning"
accesslog = None  # our own request line says it
forwarded_allow_ips = ""  # Django alone decides whom to believe
control_socket_disable = True
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (a heartbeat on disk can block)

# Each web process writes its numbers here, any of them answers for all, and a new server counts from 0.
_numbers = settings.DESK_HOME / "metrics"
if os.environ.get("PROMETHEUS_MULTIPROC_DIR") != str(_numbers):
    shutil.rmtree(_numbers, ignore_errors=True)
    _numbers.mkdir(parents=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_numbers)


def on_starting(_: "Arbiter") -> None:
    """End when the parent ends."""
    end_with_parent()


def post_worker_init(_: "Worker") -> None:
    """Read the board before anybody asks for it."""
    from django.db import connection  # noqa: PLC0415 (Django is ready only now)

    from releasedesk.web.board import read_ahead  # noqa: PLC0415

    read_ahead()
    connection.close()


def child_exit(_: "Arbiter", worker: "Worker") -> None:
    """Forget the gauges of a process that is gone; its counts stay counted."""
    from prometheus_client import multiprocess  # noqa: PLC0415 (it reads the variable above when imported)

    multiprocess.mark_process_dead(worker.pid)
