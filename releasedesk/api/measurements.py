"""Snapshots and the comparison of a release."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.measurements import record_snapshot
from releasedesk.api.answers import measurements as answers
from releasedesk.api.door import Door, named_environment
from releasedesk.api.paging import page
from releasedesk.api.schema.operation import ENVIRONMENT, PAGE, Query, operation
from releasedesk.api.times import stamp
from releasedesk.ingest.once import once
from releasedesk.measurements.bodies import SnapshotBody
from releasedesk.measurements.models import Snapshot
from releasedesk.problems.problem import FieldError, invalid
from releasedesk.problems.text import has_control
from releasedesk.reports.comparisons import comparison, routes


def snapshot_json(snapshot: Snapshot) -> dict[str, Any]:
    """A snapshot with its summary; the requests themselves are not sent back."""
    return {
        "id": snapshot.pk,
        "phase": snapshot.phase,
        "environment": snapshot.environment.name,
        "route": snapshot.route,
        "taken_from": stamp(snapshot.taken_from),
        "taken_until": stamp(snapshot.taken_until),
        "cache_state": snapshot.cache_state or None,
        "cache_cleared": snapshot.cache_cleared or None,
        "command": snapshot.command or None,
        "assumptions": snapshot.assumptions or None,
        "kind": snapshot.kind,
        "summary": snapshot.summary,
        "recorded_by": snapshot.recorded_by,
        "recorded_at": stamp(snapshot.recorded_at),
    }


RECORDED = {200: answers.Snapshot, 201: answers.Snapshot}
ROUTE = Query("route", "Which route; a sole one may be left out.", example="GET /basket/{id}")


class Snapshots(Door):
    """The numbers of a release."""

    limit = "LIMIT_SNAPSHOT_BYTES"

    @operation("listSnapshots", "Measurements", {200: answers.SnapshotPage}, query=(PAGE,))
    def get(self, request: Request, slug: str, version: str) -> Response:
        """List them, the newest window first."""
        release = self.release(slug, version)
        rows = Snapshot.objects.filter(release=release).select_related("environment").defer("samples")
        return page(self, request, rows, lambda shown: [snapshot_json(row) for row in shown])

    @operation("recordSnapshot", "Measurements", RECORDED, body=SnapshotBody, keyed=True)
    def post(self, request: Request, slug: str, version: str) -> Response:
        """Record one window (DESIGN §5.7): 201; 200 when this `Idempotency-Key` was seen with this body."""
        release = self.release(slug, version)
        body = self.read(SnapshotBody)
        environment = named_environment(body.environment)

        def perform() -> dict[str, Any]:
            return snapshot_json(record_snapshot(self.actor, release, environment, body, now=self.now))

        source = f"snapshots of release {release.pk}"
        answer = once(
            self.actor, release.service, source, self.idempotency_key, self.sent, perform, now=self.now
        )
        return Response(answer.body, status=answer.status, headers=self.replayed(answer.replayed))


class OneComparison(Door):
    """Before against after."""

    @operation("getComparison", "Measurements", {200: answers.Comparison}, query=(ENVIRONMENT, ROUTE))
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Give the verdict and its sentence for `?environment=&route=`; a sole route may be left out."""
        release = self.release(slug, version)
        environment = self.environment()
        route = request.query_params.get("route")
        if route is None:
            known = routes(release, environment)
            if len(known) > 1:
                raise invalid(
                    FieldError("?route", "required", "Say which route.", f"one of: {', '.join(known)}")
                )
            route = known[0] if known else release.route
        elif has_control(route):
            raise invalid(FieldError("?route", "control_character", "No route holds this.", "one line"))
        return Response(comparison(release, environment, route))
