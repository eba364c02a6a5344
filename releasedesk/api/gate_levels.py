"""How much each gate weighs in an environment: for everybody, or for one service."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.gate_levels import set_levels
from releasedesk.api.answers import gate as answers
from releasedesk.api.door import Door
from releasedesk.api.schema.operation import ENVIRONMENT, operation
from releasedesk.catalog.models import Environment, Scope, Service
from releasedesk.problems.body import Body, Line, Text
from releasedesk.reports.gates.levels import levels_in


class LevelsBody(Body):
    """The levels that are set; null takes one back. To ask less of a service takes a reason."""

    levels: dict[Line, Line | None]
    reason: Text = ""

    EXAMPLE = {"levels": {"one_change": "required", "staging_config": None}, "reason": ""}


class ServiceLevels(Door):
    """What is asked of one service."""

    write_scope = Scope.GATE_WRITE

    @operation("getServiceGateLevels", "The gate", {200: answers.GateLevels}, query=(ENVIRONMENT,))
    def get(self, request: Request, slug: str) -> Response:
        """Show the level of every gate for `?environment=`."""
        return Response(_levels_json(self.environment(), self.service(slug)))

    @operation(
        "setServiceGateLevels",
        "The gate",
        {200: answers.GateLevels},
        query=(ENVIRONMENT,),
        body=LevelsBody,
        who=("session",),
    )
    def put(self, request: Request, slug: str) -> Response:
        """Set those that are named, as a lead. Others stay as they are."""
        service, environment = self.service(slug), self.environment()
        return _written(self, environment, service)


class Levels(Door):
    """What is asked of every service."""

    write_scope = Scope.ADMIN

    @operation("getGateLevels", "The gate", {200: answers.GateLevels}, query=(ENVIRONMENT,))
    def get(self, request: Request) -> Response:
        """Show the level of every gate for `?environment=`."""
        return Response(_levels_json(self.environment(), None))

    @operation(
        "setGateLevels",
        "The gate",
        {200: answers.GateLevels},
        query=(ENVIRONMENT,),
        body=LevelsBody,
        who=("session",),
    )
    def put(self, request: Request) -> Response:
        """Set those that are named, as an administrator. Others stay as they are."""
        return _written(self, self.environment(), None)


def _written(door: Door, environment: Environment, service: Service | None) -> Response:
    body = door.read(LevelsBody)
    set_levels(door.actor, environment, service, body.levels, body.reason, now=door.now)
    return Response(_levels_json(environment, service))


def _levels_json(environment: Environment, service: Service | None) -> dict[str, Any]:
    return {
        "environment": environment.name,
        "service": service.slug if service else None,
        "four_eyes": environment.four_eyes,
        "staged_in": environment.stage_before,
        "levels": dict(levels_in(environment, service)),
    }
