"""Run the jobs of the clock and those that actions have asked for."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

from django.core.management import BaseCommand
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from releasedesk.operations.parent import end_with_parent, has_parent
from releasedesk.operations.worker import work_until_told

if TYPE_CHECKING:
    from argparse import ArgumentParser

GRACE_SECONDS = 20


class Command(BaseCommand):
    requires_system_checks = ()  # a second of every start, and `make check` runs them
    help = "Run the desk's jobs until told to stop. Any number of workers may run, on any number of machines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--once", action="store_true", help="do what is due, then end")

    def handle(self, *args: object, once: bool, **options: Any) -> None:
        end_with_parent()
        worker = {
            "name": socket.gethostname(),
            "concurrency": 4,
            "shutdown_graceful_timeout": GRACE_SECONDS,
        }
        if not once:
            work_until_told(known_address=has_parent(), **worker)
            return
        # Django's own connections know no event loop: workers have theirs, made from the same settings.
        with app.replace_connector(DjangoConnector().get_worker_connector()):
            app.run_worker(**worker, wait=False)
