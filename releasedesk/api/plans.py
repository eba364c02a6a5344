"""The way back: plans, rehearsals, and the answer to "can we go back?"."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.plans import record_rehearsal, write_plan
from releasedesk.api.answers import plans as answers
from releasedesk.api.answers.runs import BegunRun
from releasedesk.api.door import Door, named_environment
from releasedesk.api.runs import RunDoor, begin
from releasedesk.api.schema.operation import ENVIRONMENT, TEXT, Query, operation
from releasedesk.api.times import stamp
from releasedesk.catalog.models import Service
from releasedesk.ingest.once import once
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import Release
from releasedesk.reports.rollback import rollback_json, rollback_text
from releasedesk.reports.ways_back import way_back
from releasedesk.rollbacks.bodies import PlanBody, RehearsalBody
from releasedesk.rollbacks.models import Plan, Rehearsal
from releasedesk.rollbacks.queries import effective_plan, standing_plan
from releasedesk.rollbacks.run_bodies import StartBody


def plan_json(plan: Plan, *, inherited: bool) -> dict[str, Any]:
    """A plan as it was written, with its version."""
    return {
        "plan_version": plan.version,
        "inherited": inherited,
        "owner": plan.owner.get_username() if plan.owner else None,
        "stand_in": plan.stand_in.get_username() if plan.stand_in else None,
        "data": plan.data or None,
        "data_note": plan.data_note or None,
        "triggers": plan.triggers,
        "steps": [
            {
                "instruction": step.instruction,
                "command": step.command or None,
                "expected": step.expected or None,
                "check": step.check_text or None,
                "seconds": step.seconds,
                "irreversible": step.irreversible,
            }
            for step in plan.steps.all()
        ],
        "created_by": plan.created_by,
        "created_at": stamp(plan.created_at),
    }


RUNBOOK = {"text/plain": TEXT}
WRITTEN = {200: answers.RollbackPlan, 201: answers.RollbackPlan}
RECORDED = {200: answers.Rehearsal, 201: answers.Rehearsal}
BEGUN = {200: BegunRun, 201: BegunRun}
TO = Query("to", "To which version; left out, the desk chooses.", example="2026.11.23-1")


class StandingPlan(Door):
    """The plan that new releases of a service start with."""

    @operation("getStandingPlan", "Going back", {200: answers.RollbackPlan})
    def get(self, request: Request, slug: str) -> Response:
        """Show it; 404 when there is none."""
        service = self.service(slug)
        return _shown(standing_plan(service), f"{slug} has no standing rollback plan.", inherited=False)

    @operation("putStandingPlan", "Going back", WRITTEN, body=PlanBody)
    def put(self, request: Request, slug: str) -> Response:
        """Write it: 201 a new version, 200 nothing changed."""
        return _written(self, self.service(slug), None)


class ReleasePlan(Door):
    """The plan of one release: its own, else the service's standing one (`inherited`)."""

    @operation("getReleasePlan", "Going back", {200: answers.RollbackPlan})
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Show it; 404 when there is none."""
        release = self.release(slug, version)
        plan = effective_plan(release)
        missing = f"{slug} {version} has no rollback plan."
        return _shown(plan, missing, inherited=plan is not None and plan.release_id is None)

    @operation("putReleasePlan", "Going back", WRITTEN, body=PlanBody)
    def put(self, request: Request, slug: str, version: str) -> Response:
        """Write it: 201 a new version, 200 nothing changed."""
        release = self.release(slug, version)
        return _written(self, release.service, release)


class Rehearsals(Door):
    """Evidence that the plan was carried out."""

    @operation("recordRehearsal", "Going back", RECORDED, body=RehearsalBody, keyed=True)
    def post(self, request: Request, slug: str, version: str) -> Response:
        """Record one: 201; 200 when this `Idempotency-Key` was seen with this body; 409 without a plan."""
        release = self.release(slug, version)
        body = self.read(RehearsalBody)
        environment = named_environment(body.environment)

        def perform() -> dict[str, Any]:
            return _rehearsal_json(record_rehearsal(self.actor, release, environment, body, now=self.now))

        source = f"rehearsals of release {release.pk}"
        answer = once(
            self.actor, release.service, source, self.idempotency_key, self.sent, perform, now=self.now
        )
        return Response(answer.body, status=answer.status, headers=self.replayed(answer.replayed))


class PlainText(BaseRenderer):
    """Lets a terminal ask for the runbook with `Accept: text/plain`."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(
        self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None
    ) -> bytes:
        """Encode the text."""
        return str(data).encode()


class Rollback(RunDoor):
    """Can we go back, to what, and how? And: we do."""

    renderer_classes = [JSONRenderer, PlainText]

    @operation(
        "getWayBack", "Going back", {200: answers.WayBack}, query=(ENVIRONMENT, TO), also={"text/plain": TEXT}
    )
    def get(self, request: Request, slug: str) -> Response | HttpResponse:
        """Answer for `?environment=&to=`: JSON, or the runbook with `Accept: text/plain`."""
        service, environment = self.service(slug), self.environment()
        found = way_back(service, environment, now=self.now, to=request.query_params.get("to") or None)
        if isinstance(request.accepted_renderer, PlainText):
            return Response(
                rollback_text(found, now=self.now, absolute=self.absolute),
                content_type="text/plain; charset=utf-8",
            )
        return Response(rollback_json(found, now=self.now, absolute=self.absolute))

    @operation("beginRollback", "Going back", BEGUN, body=StartBody, keyed=True)
    def post(self, request: Request, slug: str) -> Response:
        """Begin to go back. Nothing stops it: no lock, gate, freeze or missing plan."""
        return begin(self, slug)


def _rehearsal_json(row: Rehearsal) -> dict[str, Any]:
    return {
        "id": row.pk,
        "plan_version": row.plan.version,
        "environment": row.environment.name,
        "started_at": stamp(row.started_at),
        "finished_at": stamp(row.finished_at),
        "seconds": row.seconds,
        "outcome": row.outcome,
        "command": row.command or None,
        "steps": row.steps,
    }


def _shown(plan: Plan | None, missing: str, *, inherited: bool) -> Response:
    if plan is None:
        raise Problem("not-found", missing)
    return Response(plan_json(plan, inherited=inherited))


def _written(door: Door, service: Service, release: Release | None) -> Response:
    plan, is_new = write_plan(door.actor, service, release, door.read(PlanBody), now=door.now)
    return Response(plan_json(plan, inherited=False), status=201 if is_new else 200)
