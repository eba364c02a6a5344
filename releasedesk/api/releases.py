"""`/api/v1/services/{slug}/releases`: plans, and what became of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.releases import put_release
from releasedesk.api.answers import releases as answers
from releasedesk.api.door import Door, etag, if_match
from releasedesk.api.paging import page
from releasedesk.api.schema.operation import PAGE, operation
from releasedesk.api.times import stamp
from releasedesk.problems.body import check_version
from releasedesk.releases.bodies import ReleaseBody
from releasedesk.releases.history import Mode
from releasedesk.releases.models import Deployment, Release
from releasedesk.reports.recovery import rehearsed_for
from releasedesk.reports.verdicts import Judged, judged

WRITTEN = {200: answers.Release, 201: answers.Release}


class Releases(Door):
    """The releases of a service."""

    @operation("listReleases", "Releases", {200: answers.ReleasePage}, query=(PAGE,))
    def get(self, request: Request, slug: str) -> Response:
        """List them, the newest first, a page at a time."""
        releases = Release.objects.filter(service=self.service(slug)).select_related("service", "owner")
        rows = releases.order_by("-created_at", "-id")
        return page(self, request, rows, self._lines)

    def _lines(self, releases: Sequence[Release]) -> list[dict[str, Any]]:
        standings = judged(releases)
        return [release_json(self, release, standings[release.pk]) for release in releases]


class OneRelease(Door):
    """One release. Its ETag is its revision; PUT and PATCH honour `If-Match`."""

    @operation("getRelease", "Releases", {200: answers.Release}, etag=True)
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Show the plan and, read-only, what became of it."""
        return self._answer(self.release(slug, version), 200)

    @operation("putRelease", "Releases", WRITTEN, body=ReleaseBody, conditional=True, conflicts=True)
    def put(self, request: Request, slug: str, version: str) -> Response:
        """Replace the plan's fields: 201 created, 200 changed, 412 changed meanwhile."""
        return self._write(request, slug, version, replace=True)

    @operation("patchRelease", "Releases", WRITTEN, body=ReleaseBody, conditional=True, conflicts=True)
    def patch(self, request: Request, slug: str, version: str) -> Response:
        """Change the named fields of the plan, or begin it: 201, 200, 412. This is what CI uses."""
        return self._write(request, slug, version, replace=False)

    def _write(self, request: Request, slug: str, version: str, *, replace: bool) -> Response:
        service = self.service(slug)
        check_version(version)
        body = self.read(ReleaseBody)
        release, created = put_release(
            self.actor, service, version, body, now=self.now, replace=replace, if_match=if_match(request)
        )
        return self._answer(release, 201 if created else 200)

    def _answer(self, release: Release, status: int) -> Response:
        deployments = release.deployments.select_related(
            "environment", "replaced", "start", "finish__passage"
        ).newest_first()
        changes = release.changes.all()
        body = {
            **release_json(self, release, judged([release])[release.pk]),
            "changes": [
                {
                    "sha": change.sha,
                    "subject": change.subject,
                    "author": change.author,
                    "committed_at": stamp(change.committed_at),
                }
                for change in changes
            ],
            "deployments": deployments_json(self, deployments),
        }
        return Response(body, status=status, headers={"ETag": etag(release.revision)})


def release_json(door: Door, release: Release, standing: Judged) -> dict[str, Any]:
    """The fields of DESIGN §5.8; what nobody wrote is null."""
    here = f"/api/v1/services/{release.service.slug}/releases/{release.version}"
    return {
        "service": release.service.slug,
        "version": release.version,
        **{name: getattr(release, name) or None for name in Release.PLAN_FIELDS if name != "irreversible"},
        "irreversible": release.irreversible,
        "commit": release.sha or None,
        "owner": release.owner.get_username() if release.owner else None,
        "verdict": standing.verdict,
        "state": standing.state,
        "planned_at": stamp(release.planned_at),
        "created_at": stamp(release.created_at),
        "self": door.absolute(here),
        "url": door.absolute(f"/services/{release.service.slug}/releases/{release.version}/"),
    }


def _passage_json(row: Deployment) -> dict[str, Any] | None:
    """How it passed the gate; null for what needs none, and until it was judged."""
    passage = getattr(row.finish, "passage", None) if row.mode == Mode.FORWARD else None
    if passage is None:
        return None
    return {"open": passage.is_open, "answer": passage.answer_id, "unmet": passage.unmet}


def deployments_json(door: Door, deployments: Iterable[Deployment]) -> list[dict[str, Any]]:
    """The attempts; a rollback's own time stands beside the rehearsed one."""
    rows = list(deployments)
    rehearsed = rehearsed_for(rows)
    return [
        {
            "id": row.pk,
            "environment": row.environment.name,
            "status": row.status_at(door.now),
            "mode": row.mode or None,
            "started_at": stamp(row.started_at),
            "finished_at": stamp(row.finished_at),
            "seconds": row.took.total_seconds() if row.took else None,
            "rehearsed_seconds": rehearsed.get(row.pk),
            "replaced": row.replaced.version if row.replaced else None,
            "run": row.fact.run or None,
            "command": row.fact.command or None,
            "by": row.fact.actor,
            "url": row.fact.url or None,
            "gate": _passage_json(row),
        }
        for row in rows
    ]
