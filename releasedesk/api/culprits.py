"""Which release a rollback was about, once somebody has found out."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.name_culprit import name_culprit
from releasedesk.api.answers.runs import NamedCulprit
from releasedesk.api.door import Door
from releasedesk.api.schema.operation import operation
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import Deployment
from releasedesk.rollbacks.models import Culprit
from releasedesk.rollbacks.run_bodies import CulpritBody


class TheCulprit(Door):
    """The culprit of one rollback, which is a deployment of the mode `rollback`."""

    @operation("getCulprit", "Going back", {200: NamedCulprit})
    def get(self, request: Request, slug: str, deployment_id: int) -> Response:
        """Show it; 404 while nobody has named one."""
        rollback = self._rollback(slug, deployment_id)
        found = Culprit.objects.filter(rollback=rollback.finish_id).select_related("release").first()
        if found is None:
            raise Problem("not-found", f"Nobody has named what {slug} was rolled back for.")
        return Response(_shown(rollback, found))

    @operation("nameCulprit", "Going back", {200: NamedCulprit}, body=CulpritBody, conflicts=True)
    def put(self, request: Request, slug: str, deployment_id: int) -> Response:
        """Name one of the releases that it took back; naming another replaces it."""
        rollback, body = self._rollback(slug, deployment_id), self.read(CulpritBody)
        why = body.reason or ""
        return Response(
            _shown(rollback, name_culprit(self.actor, rollback, body.version, because=why, now=self.now))
        )

    def _rollback(self, slug: str, deployment_id: int) -> Deployment:
        rows = Deployment.objects.select_related("service__team", "release")
        found = rows.filter(service=self.service(slug), pk=deployment_id).first()
        if found is None:
            raise Problem("not-found", f"{slug} has no deployment {deployment_id}.")
        return found


def _shown(rollback: Deployment, culprit: Culprit) -> dict[str, Any]:
    return {
        "rollback": rollback.pk,
        "version": culprit.release.version,
        "reason": culprit.because or None,
        "by": culprit.named_by,
        "at": culprit.named_at.isoformat().replace("+00:00", "Z"),
    }
