"""`/api/v1/environments`: where releases run, the same for all teams."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.environments import put_environment
from releasedesk.api.answers import environments as answers
from releasedesk.api.door import Door
from releasedesk.api.schema.operation import operation
from releasedesk.catalog.bodies import EnvironmentBody
from releasedesk.catalog.models import Environment, Scope
from releasedesk.problems.problem import not_found

WRITTEN = {200: answers.Environment, 201: answers.Environment}


def environment_json(environment: Environment) -> dict[str, Any]:
    """An environment as the API shows it."""
    return {
        "name": environment.name,
        "tier": environment.tier,
        "order": environment.order,
        "staged_in": environment.stage_before,
        "four_eyes": environment.four_eyes,
    }


class Environments(Door):
    """All environments."""

    @operation("listEnvironments", "Catalog", {200: answers.EnvironmentList})
    def get(self, request: Request) -> Response:
        """List them in their order, the way a release goes. They are few: there are no pages."""
        return Response({"results": [environment_json(row) for row in Environment.objects.all()]})


class OneEnvironment(Door):
    """One environment."""

    write_scope: ClassVar[Scope] = Scope.ADMIN

    @operation("getEnvironment", "Catalog", {200: answers.Environment})
    def get(self, request: Request, name: str) -> Response:
        """Show an environment."""
        known = {environment.name: environment for environment in Environment.objects.all()}
        if name not in known:
            raise not_found("environment", name, list(known))
        return Response(environment_json(known[name]))

    @operation("putEnvironment", "Catalog", WRITTEN, body=EnvironmentBody)
    def put(self, request: Request, name: str) -> Response:
        """Set an environment up: 201 created, 200 changed. Takes the scope `admin`, or an administrator."""
        body = self.read(EnvironmentBody)
        environment, created = put_environment(self.actor, name, **body.model_dump())
        return Response(environment_json(environment), status=201 if created else 200)
