"""End what runs for this desk."""

from __future__ import annotations

import os
import signal
import time
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError

from releasedesk.operations.embedded import EmbeddedServer
from releasedesk.operations.parent import LOOK_SECONDS, PATIENCE_SECONDS, AlreadyRunningError, only_one


class Command(BaseCommand):
    requires_system_checks = ()  # stopping must work when the code does not
    help = "End what runs for this DESK_HOME: the serving parent, then an embedded database left behind."

    def handle(self, *args: object, **options: Any) -> None:
        served = self.end_parent()
        left = settings.EMBEDDED_DATABASE and EmbeddedServer(settings.DESK_HOME).stop()
        if not served and not left:
            self.stdout.write("Nothing runs here.")

    def end_parent(self) -> bool:
        """Ask the serving parent to end and wait until it has. False if there is none."""
        asked: int | None = None
        deadline = time.monotonic() + PATIENCE_SECONDS + 10
        while time.monotonic() < deadline:
            try:
                with only_one(settings.DESK_HOME / "serve.pid"):
                    return asked is not None
            except AlreadyRunningError as running:
                if running.pid != asked:
                    asked = running.pid
                    os.kill(asked, signal.SIGTERM)
                    self.stdout.write(f"Ending ReleaseDesk (process {asked}).")
            time.sleep(LOOK_SECONDS)
        raise CommandError(f"Process {asked} does not end.")
