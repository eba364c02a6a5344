"""Fill an empty desk with three teams, eight services and a month of releases."""

import secrets
from datetime import timedelta
from typing import Any

import numpy as np
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import DESK, Role
from releasedesk.actions.plans import write_plan
from releasedesk.actions.services import put_service
from releasedesk.actions.teams import add_person, ensure_team
from releasedesk.actions.tokens import issue_token
from releasedesk.catalog.bodies import ServiceBody
from releasedesk.catalog.models import Scope, Service
from releasedesk.console.demo.days import DAYS, TODAY, past
from releasedesk.console.demo.desk import Hands, rollback_plan
from releasedesk.console.demo.rules import agree, compare_settings, freeze, waive
from releasedesk.console.demo.senders import senders
from releasedesk.console.demo.services import LOGINS, PEOPLE, STORIES, TEAMS, Story
from releasedesk.ingest.receive import receive_native
from releasedesk.rollbacks.bodies import PlanBody

WITHOUT_STANDING_PLAN = {"indexer"}
CI_SCOPES = (Scope.READ, Scope.EVENTS_WRITE, Scope.RELEASES_WRITE, Scope.GATE_WRITE)


class Command(BaseCommand):
    help = "Fill an empty database with demo data, through the same actions as everybody."

    def handle(self, *args: Any, **options: Any) -> None:
        if settings.PRODUCTION:
            raise CommandError(
                "demo puts logins with known names into the desk; it does not run in production."
            )
        with transaction.atomic():
            if Team.objects.exists() or User.objects.exists() or Service.objects.exists():
                raise CommandError("The database is not empty; it gets no demo data.")
            logins, token = self._fill()
        self._print(logins, token)

    def _fill(self) -> tuple[dict[str, str], str]:
        now = timezone.now().replace(microsecond=0)
        teams = {slug: ensure_team(slug, name=name) for slug, name in TEAMS.items()}
        passwords = {username: secrets.token_urlsafe(9) for username in LOGINS}
        people = {
            username: add_person(
                username,
                password=passwords.get(username),
                full_name=full_name,
                roles={teams[slug]: Role(role) for slug, role in roles.items()},
            )
            for username, (full_name, roles) in PEOPLE.items()
        }
        begun = now - timedelta(days=DAYS + 1)
        text, lead = "", people["mara"].as_actor()
        for slug, team in teams.items():
            agree(team, lead, at=begun)
            token, secret = issue_token(
                team, service=None, scopes=CI_SCOPES, name="CI", created_by="demo", now=begun
            )
            text = text or secret
            for story in (story for story in STORIES if story.team == slug):
                self._live_through(story, people[story.owner], token.as_actor(), now)
            if slug == "payments":
                checkout = Service.objects.select_related("team").get(slug="checkout-api")
                ines = people["ines"].as_actor()
                compare_settings(token.as_actor(), ines, checkout, at=now - timedelta(hours=5))
        freeze(lead, at=begun)
        login = Service.objects.get(slug="login")
        waive(lead, login, f"{now:%Y.%m.%d}-1", at=now - timedelta(hours=2))
        self._mistyped_service(teams["payments"], now)
        senders(lead, teams["payments"], now)
        return passwords, text

    def _live_through(self, story: Story, owner: User, pipeline: Any, now: Any) -> None:
        begun = now - timedelta(days=DAYS + 1)
        limit = {"metric": "response_ms_p95", "route": story.route, "level": round(story.p95_ms * 1.2)}
        fields = {
            "team": story.team,
            "owner": story.owner,
            "repository": f"https://git.example/acme/{story.slug}",
            "metric_policies": [limit],
        }
        service, _ = put_service(DESK, story.slug, ServiceBody.read(fields), now=begun, replace=True)
        actor = owner.as_actor()
        if story.slug not in WITHOUT_STANDING_PLAN:
            write_plan(actor, service, None, PlanBody.read(rollback_plan(story)), now=begun)
        numbers = np.random.default_rng(sum(story.slug.encode()))
        hands = Hands(story, service, actor, pipeline, numbers)
        past(hands, now)
        TODAY[story.slug](hands, now)
        hands.judge_what_shipped(now)

    def _mistyped_service(self, team: Team, now: Any) -> None:
        """A pipeline with a token for one service reports on another that nobody knows: it waits."""
        ledger = Service.objects.get(slug="ledger")
        token, _ = issue_token(
            team, service=ledger, scopes=[Scope.EVENTS_WRITE], name="ledger CI", created_by="demo", now=now
        )
        event = {
            "id": "ledgr-1",
            "type": "deployment.succeeded",
            "occurred_at": (now - timedelta(minutes=9)).isoformat(),
            "service": "ledgr",
            "environment": "staging",
            "version": f"{now:%Y.%m.%d}-2",
        }
        receive_native(token.as_actor(), team.pk, event, now=now)

    def _print(self, logins: dict[str, str], token: str) -> None:
        self.stdout.write("Demo data: 3 teams, 8 services, 30 days of releases. Sign in as")
        for username, password in logins.items():
            self.stdout.write(f"  {username:5} {password:14} ({LOGINS[username]})")
        address = f"http://{settings.HOST}:{settings.PORT}"
        event = (
            '{"id": "hello-1", "type": "deployment.succeeded", '
            f'"occurred_at": "{timezone.now():%Y-%m-%dT%H:%M:%SZ}", '
            '"service": "hello", "environment": "staging", "version": "1.0"}'
        )
        self.stdout.write("Report a first deployment as CI would:")
        self.stdout.write(
            f"  curl {address}/api/v1/events -H 'Authorization: Bearer {token}' "
            f"-H 'Content-Type: application/json' -d '{event}'"
        )
