"""How much a release changes, counted from its plan, its commits, its files and its settings."""

from __future__ import annotations

from django.conf import settings
from django.db.models import OuterRef, Subquery

from releasedesk.releases.fingerprints import changed
from releasedesk.releases.models import Release, ReportedConfig
from releasedesk.releases.one_change import Facts, Size, size


def size_of(
    release: Release, *, change: str | None = None, commits: int | None = None, has_settings: bool = True
) -> Size:
    """Count it, in two queries at most; `change` is a text that is being typed in place of the plan's.

    Who knows that no settings were reported with it says so and saves asking.
    """
    return size(
        Facts(
            change=release.change if change is None else change,
            commits=release.changes.count() if commits is None else commits,
            files=tuple(release.files_touched),
            settings=changed_settings(release) if has_settings else (),
            most_commits=settings.ONE_CHANGE_COMMITS,
        )
    )


def size_of_text(change: str) -> Size:
    """Count what a text alone says, before there is a release."""
    return size(Facts(change=change, most_commits=settings.ONE_CHANGE_COMMITS))


def changed_settings(release: Release) -> tuple[str, ...]:
    """The settings reported with this release that differ from what was reported there before; one query."""
    reports = ReportedConfig.objects.filter(outdated=False).order_by("-occurred_at", "-source", "-key")
    earlier = reports.filter(
        service=OuterRef("service"),
        environment=OuterRef("environment"),
        occurred_at__lt=OuterRef("occurred_at"),
    ).exclude(release=release)
    own = reports.filter(release=release).values("digests", before=Subquery(earlier.values("digests")[:1]))
    found = own.first()
    return changed(found["before"], found["digests"]) if found and found["before"] is not None else ()
