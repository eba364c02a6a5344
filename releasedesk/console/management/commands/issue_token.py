"""Issue a token for a machine."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from releasedesk.actions.teams import ensure_team
from releasedesk.actions.tokens import issue_token
from releasedesk.catalog.models import Scope, Service
from releasedesk.problems.near import near
from releasedesk.problems.problem import Problem


class Command(BaseCommand):
    help = "Print a new token, alone on standard output. It is shown this once."

    def add_arguments(self, parser: ArgumentParser) -> None:
        scopes = ", ".join(Scope)
        parser.add_argument("--team", required=True, help="the team's slug; a new one is created")
        parser.add_argument("--service", help="limit the token to this service of the team")
        parser.add_argument("--scopes", required=True, help=f"comma-separated, of: {scopes}")
        parser.add_argument("--name", required=True, help="a label, such as the pipeline that uses it")

    def handle(self, *args: Any, **options: Any) -> None:
        service = self._service(options["service"])
        try:
            with transaction.atomic():  # a refused token leaves no new team behind
                _, text = issue_token(
                    ensure_team(options["team"]),
                    service=service,
                    scopes=[scope.strip() for scope in options["scopes"].split(",") if scope.strip()],
                    name=options["name"],
                    created_by="console",
                    now=timezone.now(),
                )
        except Problem as problem:
            said = [f"{error.detail} Expected {error.expected}." for error in problem.errors]
            raise CommandError(" ".join(said) or problem.detail) from None
        self.stdout.write(text)

    def _service(self, slug: str | None) -> Service | None:
        if slug is None:
            return None
        service = Service.objects.select_related("team").filter(slug=slug).first()
        if service is None:
            known = near(slug, Service.objects.values_list("slug", flat=True))
            raise CommandError(f"No service is called '{slug}'. Known: {', '.join(known) or 'none yet'}.")
        return service
