"""May it ship? `GET` asks, `POST` asks to ship and is kept; a lead's session overrides."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

from pydantic import StringConstraints
from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.gate import ask_to_ship
from releasedesk.actions.overrides import override
from releasedesk.api.answers import gate as answers
from releasedesk.api.door import Door
from releasedesk.api.paging import page
from releasedesk.api.schema.operation import ENVIRONMENT, PAGE, operation
from releasedesk.catalog.models import Scope
from releasedesk.ingest.once import once
from releasedesk.problems.body import Body, Line, Text
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import GateAnswer
from releasedesk.reports.gates.answer import answer_json, gate
from releasedesk.reports.gates.flavours import github, gitlab


class OverrideBody(Body):
    """Which gate is passed unmet, and why."""

    gate: Line
    reason: Annotated[Text, StringConstraints(max_length=5000)]

    EXAMPLE = {"gate": "measured_before", "reason": "The route is new: there is nothing to measure before."}


class _Asked(Door):
    def _looked_up(self, slug: str, version: str) -> dict[str, Any]:
        found = gate(self.release(slug, version), self.environment(), now=self.now)
        return found.as_json(self.absolute)


class TheGate(_Asked):
    """One question, one answer, the same for people and machines."""

    write_scope: ClassVar[Scope] = Scope.GATE_WRITE

    @operation("getGate", "The gate", {200: answers.Gate}, query=(ENVIRONMENT,))
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Answer for `?environment=`: 200, open or not. Nothing is kept."""
        return Response(self._looked_up(slug, version))

    @operation("askToShip", "The gate", {200: answers.AskedGate}, query=(ENVIRONMENT,), keyed=True)
    def post(self, request: Request, slug: str, version: str) -> Response:
        """Ask to ship: 200 when it may, 409 with all conditions when it may not. Either answer is kept."""
        release, environment = self.release(slug, version), self.environment()

        def perform() -> dict[str, Any]:
            found, kept = ask_to_ship(self.actor, release, environment, now=self.now)
            return {**found.as_json(self.absolute), "answer": kept.pk}

        source = f"gate of release {release.pk} in {environment.name}"
        asked = once(
            self.actor, release.service, source, self.idempotency_key, {"ask": True}, perform, now=self.now
        )
        body, headers = dict(asked.body), self.replayed(asked.replayed)
        if not body["open"]:
            raise Problem("gate-closed", body["sentence"], members=body, headers=headers)
        return Response(body, headers=headers)


class GitHub(_Asked):
    """The same answer for a deployment protection rule."""

    @operation("getGateForGitHub", "The gate", {200: answers.GitHubReview}, query=(ENVIRONMENT,))
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Answer with what the rule's `deployment_callback_url` is to be told."""
        return Response(github(self._looked_up(slug, version)))


class GitLab(_Asked):
    """The same answer for an external status check."""

    @operation("getGateForGitLab", "The gate", {200: answers.GitLabStatus}, query=(ENVIRONMENT,))
    def get(self, request: Request, slug: str, version: str) -> Response:
        """Answer with the status that the check is to be given; add `sha` and the check's id."""
        return Response(gitlab(self._looked_up(slug, version)))


class Answers(Door):
    """What was answered when somebody asked to ship."""

    @operation("listGateAnswers", "The gate", {200: answers.KeptGateAnswerPage}, query=(ENVIRONMENT, PAGE))
    def get(self, request: Request, slug: str, version: str) -> Response:
        """List the kept answers for `?environment=`, the newest first."""
        kept = GateAnswer.objects.filter(release=self.release(slug, version), environment=self.environment())
        return page(
            self, request, kept.newest_first(), lambda rows: [answer_json(row, self.absolute) for row in rows]
        )


class Overrides(Door):
    """A lead lets a release pass."""

    write_scope: ClassVar[Scope] = Scope.GATE_WRITE

    @operation(
        "overrideGate",
        "The gate",
        {200: answers.Gate, 201: answers.Gate},
        body=OverrideBody,
        query=(ENVIRONMENT,),
        keyed=True,
        who=("session",),
    )
    def post(self, request: Request, slug: str, version: str) -> Response:
        """Override a gate for `?environment=`: 201 with the answer that follows. A lead's session only."""
        release, environment, body = self.release(slug, version), self.environment(), self.read(OverrideBody)

        def perform() -> dict[str, Any]:
            _, found = override(self.actor, release, environment, body.gate, body.reason, now=self.now)
            return found.as_json(self.absolute)

        source = f"overrides of release {release.pk} in {environment.name}"
        made = once(
            self.actor, release.service, source, self.idempotency_key, self.sent, perform, now=self.now
        )
        return Response(made.body, status=made.status, headers=self.replayed(made.replayed))
