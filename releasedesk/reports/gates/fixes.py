"""Where a person mends what a gate found: the paths of the pages. Pure."""

from collections.abc import Callable

from releasedesk.reports.gates.facts import Fix

# what mends it → its path, of the service's slug and the version
PATHS: dict[Fix, Callable[[str, str], str]] = {
    Fix.PLAN: lambda slug, version: f"/services/{slug}/releases/{version}/edit/",
    Fix.CHECKLIST: lambda slug, version: f"/services/{slug}/releases/{version}/#checklist-release",
    Fix.MEASURE: lambda slug, version: f"/services/{slug}/releases/{version}/measure/",
    Fix.ROLLBACK_PLAN: lambda slug, version: f"/services/{slug}/releases/{version}/rollback-plan/",
    Fix.REHEARSALS: lambda slug, version: f"/services/{slug}/releases/{version}/#rollback-plan",
    Fix.DEPLOYMENTS: lambda slug, version: f"/services/{slug}/releases/{version}/#deployments",
    Fix.CONFIGURATION: lambda slug, _: f"/services/{slug}/config/",
    Fix.LOCKS: lambda *_: "/locks/",
}


def fix_path(fix: Fix | None, slug: str, version: str) -> str | None:
    """Return the path, None where there is nothing to mend."""
    return PATHS[fix](slug, version) if fix else None
