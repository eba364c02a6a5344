"""Encrypt anew what is kept sealed, after SECRET_KEY was replaced."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from releasedesk.actions.reseal import reseal_everything


class Command(BaseCommand):
    help = "Move every sealed secret to the present SECRET_KEY, so that the former one can be forgotten."

    def handle(self, *args: Any, **options: Any) -> None:
        found = reseal_everything()
        for kind in found:
            self.stdout.write(f"{kind.what}: {kind.moved} moved to the present key")
        if broken := [row for kind in found for row in kind.broken]:
            raise CommandError(
                f"{len(broken)} cannot be read: {', '.join(broken[:20])}. Put the former key into "
                "SECRET_KEY_FALLBACKS and run this again, or make these secrets new."
            )
