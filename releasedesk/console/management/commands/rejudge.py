"""Show what this version of the judge says of what an older one has judged, and keep it if told to."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from releasedesk.accounts.roles import DESK
from releasedesk.actions.rejudge import rejudge
from releasedesk.catalog.models import Service
from releasedesk.measurements.judge import JUDGE_VERSION
from releasedesk.problems.near import near
from releasedesk.reports.rejudging import Rejudged, rejudged


class Command(BaseCommand):
    help = (
        "Judge every comparison of an older judge again: the same numbers, the same limits. Without --apply "
        "nothing is written; with it the new comparisons become the current ones, and the old ones stay."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--service", help="only this service")
        parser.add_argument("--apply", action="store_true", help="keep what the judge says now")

    def handle(self, *args: Any, **options: Any) -> None:
        # The list first: whoever applies must not run after what they themselves have just written.
        found = [self._shown(row) for row in rejudged(self._service(options["service"]))]
        others, said = (sum(getattr(row, name) for row in found) for name in ("is_other", "says_other"))
        if not found:
            self.stdout.write(
                f"Every comparison was judged by version {JUDGE_VERSION}. There is nothing to do."
            )
            return
        self.stdout.write(
            f"{len(found)} judged by an older version: {others} with another verdict, "
            f"{said - others} with only another sentence, {len(found) - said} the same."
        )
        if not options["apply"]:
            self.stdout.write("Nothing was written; --apply keeps these answers.")
            return
        kept = sum(rejudge(DESK, row.kept, now=timezone.now()) is not None for row in found)
        replaced = len(found) - kept
        late = f" {replaced} were measured anew meanwhile and left alone." if replaced else ""
        self.stdout.write(f"{kept} new comparisons are kept; the old ones stay, no longer current.{late}")

    def _shown(self, row: Rejudged) -> Rejudged:
        """Print one that would change, and give it back without the numbers it was judged from."""
        if row.says_other:
            old = row.kept
            place = f"{old.release.service.slug} {old.release.version}, {old.environment}, {old.route}"
            change = f"{old.verdict} → {row.verdict}" if row.is_other else f"{old.verdict}, in other words"
            self.stdout.write(f"{place}: {change} (judge {old.judge} → {JUDGE_VERSION})")
            self.stdout.write(f"  was: {old.sentence}")
            self.stdout.write(f"  now: {row.sentence}")
        for side in (row.kept.before, row.kept.after):
            side.samples = None
        return row

    def _service(self, slug: str | None) -> Service | None:
        if slug is None:
            return None
        service = Service.objects.filter(slug=slug).first()
        if service is None:
            known = near(slug, Service.objects.values_list("slug", flat=True))
            raise CommandError(f"No service is called '{slug}'. Known: {', '.join(known) or 'none yet'}.")
        return service
