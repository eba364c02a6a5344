"""Serve the desk: database, web and worker under one parent."""

from __future__ import annotations

import socket
import sys
import time
from io import StringIO
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError, call_command

from releasedesk.catalog.models import Service
from releasedesk.operations import embedded, readiness
from releasedesk.operations.parent import LOOK_SECONDS, AlreadyRunningError, Children, Stopped, only_one

if TYPE_CHECKING:
    from argparse import ArgumentParser

ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 (what to show and ask instead)


class Command(BaseCommand):
    requires_system_checks = ()  # a second of every start, and `make check` runs them
    help = "Serve the desk: starts the database, fills an empty one with a demo, then opens the port."

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.told = StringIO()  # what a demo has to say invites to try it: it is said once the port is open

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--without-demo", action="store_true", help="leave an empty database empty")

    def handle(self, *args: object, without_demo: bool, **options: Any) -> None:
        try:
            with only_one(settings.DESK_HOME / "serve.pid"), Children() as children:
                self.refuse_taken_port()
                with embedded.for_this_process():
                    self.prepare(demo=not without_demo)
                    self.serve(children)
        except AlreadyRunningError as refusal:
            raise CommandError(str(refusal)) from None
        except Stopped:
            self.stdout.write("Stopped.")

    def refuse_taken_port(self) -> None:
        """Fail before anything is begun if somebody else has the port."""
        family = socket.AF_INET6 if ":" in settings.HOST else socket.AF_INET
        with socket.socket(family) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as gunicorn will
            try:
                trial.bind((settings.HOST, settings.PORT))
            except OSError as error:
                raise CommandError(
                    f"Cannot listen on {settings.HOST}:{settings.PORT} ({error.strerror}); set PORT or HOST."
                ) from None

    def prepare(self, *, demo: bool) -> None:
        """Bring the database to where this code expects it, before anybody can ask for a page."""
        if readiness.missing_migrations():
            self.stdout.write("Bringing the database up to date.")
            call_command("migrate", interactive=False, verbosity=0)
        if not demo or settings.PRODUCTION:
            return
        if get_user_model().objects.exists() or Service.objects.exists():
            self.stdout.write("The database is not empty: no demo data was added.")
        else:
            self.stdout.write("Filling the database with a demo.")
            call_command("demo", stdout=self.told, stderr=self.stderr)

    def serve(self, children: Children) -> None:
        """Start web and worker, say where, and stay until a signal comes or one of them ends."""
        embedded.close_connections()
        configuration = str(settings.ROOT / "deploy" / "gunicorn.conf.py")
        children.start("web", [sys.executable, "-m", "gunicorn", "-c", configuration, "releasedesk.wsgi"])
        children.start("worker", [sys.executable, str(settings.ROOT / "manage.py"), "work"])
        announced = False
        while (ended := children.ended()) is None:
            if not announced and (announced := self.port_is_open()):
                self.stdout.write(self.told.getvalue(), ending="")
                self.stdout.write(f"ReleaseDesk is at {self.address()} (Ctrl-C or 'make stop' ends it).")
                self.stdout.flush()
            time.sleep(LOOK_SECONDS)
        raise CommandError(ended)

    def port_is_open(self) -> bool:
        try:
            with socket.create_connection(self.reachable(), timeout=1):
                return True
        except OSError:
            return False

    def reachable(self) -> tuple[str, int]:
        return ANYWHERE.get(settings.HOST, settings.HOST), settings.PORT

    def address(self) -> str:
        host, port = self.reachable()
        return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
