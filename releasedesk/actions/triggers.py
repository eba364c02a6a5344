"""Tell the team when a release meets its own trigger."""

from datetime import datetime

from releasedesk.actions.notices import News, announce
from releasedesk.deliveries.notices import Event
from releasedesk.measurements.models import Comparison
from releasedesk.releases.models import Live
from releasedesk.reports.comparisons import triggers_met
from releasedesk.rollbacks.queries import effective_plan


def announce_trigger(comparison: Comparison, *, now: datetime) -> None:
    """Tell it once a release and place, and only of what is live there: else nobody could go back from it.

    The caller is in the transaction that keeps the comparison.
    """
    release, place = comparison.release, comparison.environment
    sentences = triggers_met(effective_plan(release), comparison)
    if not sentences or not Live.objects.filter(release=release, environment=place).exists():
        return
    slug = release.service.slug
    announce(
        release.service,
        News(
            event=Event.TRIGGER_MET,
            key=f"{Event.TRIGGER_MET} {release.pk} {place.pk}",
            title=f"{slug} {release.version}: your own trigger is met",
            text=f"In {place.name}, on {comparison.route}: {' '.join(sentences)}",
            path=f"/services/{slug}/rollback/{place.name}/?because=trigger",
            data={"environment": place.name, "version": release.version, "triggers": sentences},
        ),
        now=now,
    )
