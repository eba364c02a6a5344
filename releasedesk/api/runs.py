"""Going back for real: begin, tick the steps, end. The page and the command drive the same run."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.go_back import end_run, start_run, tick_step
from releasedesk.api.answers.runs import RollbackRun
from releasedesk.api.door import Door, named_environment
from releasedesk.api.schema.operation import operation
from releasedesk.ingest.answer import Answer
from releasedesk.ingest.once import once
from releasedesk.problems.problem import Problem
from releasedesk.reports.runs import RunView, run_json
from releasedesk.reports.ways_back import way_back
from releasedesk.rollbacks.models import Run
from releasedesk.rollbacks.run_bodies import EndBody, StartBody, TickBody


class RunDoor(Door):
    """What the views of one run share."""

    def run(self, slug: str, run_id: int) -> Run:
        """Find a run of a service. Raises 404."""
        service = self.service(slug)
        run = Run.objects.with_names().filter(service=service, pk=run_id).first()
        if run is None:
            raise Problem("not-found", f"{slug} has no rollback {run_id}.")
        return run

    def shown(self, run: Run) -> dict[str, Any]:
        """The run as it stands now."""
        fresh = Run.objects.with_names().prefetch_related("ticks", "plan__steps").get(pk=run.pk)
        way = way_back(fresh.service, fresh.environment, now=self.now)
        return run_json(RunView(fresh, way, self.now), absolute=self.absolute)

    def answered(self, answer: Answer, status: int) -> Response:
        """Answer a POST: this status the first time, 200 when it is repeated."""
        status = 200 if answer.replayed else status
        return Response(answer.body, status=status, headers=self.replayed(answer.replayed))


class OneRun(RunDoor):
    """A run, by its id."""

    @operation("getRollbackRun", "Going back", {200: RollbackRun})
    def get(self, request: Request, slug: str, run_id: int) -> Response:
        """Show it as it stands, with what to do next."""
        return Response(self.shown(self.run(slug, run_id)))


class Ticks(RunDoor):
    """The steps of a run that are done."""

    @operation("tickStep", "Going back", {200: RollbackRun}, body=TickBody, keyed=True)
    def post(self, request: Request, slug: str, run_id: int) -> Response:
        """Tick one, or take a tick away: 200 with the run; 409 once it was given up."""
        run, body = self.run(slug, run_id), self.read(TickBody)

        def perform() -> dict[str, Any]:
            return self.shown(tick_step(self.actor, run, body, now=self.now))

        source = f"ticks of rollback {run.pk}"
        return self.answered(
            once(self.actor, run.service, source, self.idempotency_key, self.sent, perform, now=self.now), 200
        )


class Ending(RunDoor):
    """The end of a run."""

    @operation("endRollback", "Going back", {200: RollbackRun}, body=EndBody, keyed=True)
    def post(self, request: Request, slug: str, run_id: int) -> Response:
        """Say that it is done or given up: 200 with the run; 409 when it had ended otherwise."""
        run, body = self.run(slug, run_id), self.read(EndBody)

        def perform() -> dict[str, Any]:
            return self.shown(end_run(self.actor, run, body, now=self.now))

        source = f"end of rollback {run.pk}"
        return self.answered(
            once(self.actor, run.service, source, self.idempotency_key, self.sent, perform, now=self.now), 200
        )


def begin(door: RunDoor, slug: str) -> Response:
    """Begin to go back: 201; 200 with `joined` true and the run of whoever was first."""
    service, body = door.service(slug), door.read(StartBody)
    environment = named_environment(body.environment)

    def perform() -> dict[str, Any]:
        run, is_new = start_run(
            door.actor, service, environment, now=door.now, to=body.to, reason=body.reason or ""
        )
        return {**door.shown(run), "joined": not is_new}

    source = f"rollbacks in {environment.name} of service {service.pk}"
    answer = once(door.actor, service, source, door.idempotency_key, door.sent, perform, now=door.now)
    return door.answered(answer, 200 if answer.body.get("joined") else 201)
