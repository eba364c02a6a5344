"""The hands of the demo's people and pipelines: each method calls what they would call."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from releasedesk.accounts.models import Membership
from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.gate import ask_to_ship
from releasedesk.actions.go_back import start_run, tick_step
from releasedesk.actions.measurements import record_snapshot
from releasedesk.actions.notes import write_note
from releasedesk.actions.overrides import override
from releasedesk.actions.passages import judge_passages
from releasedesk.actions.plans import record_rehearsal, write_plan
from releasedesk.actions.releases import put_release
from releasedesk.catalog.models import Environment, Service
from releasedesk.console.demo.services import Story
from releasedesk.ingest.receive import receive_native
from releasedesk.measurements.bodies import SnapshotBody
from releasedesk.notes.bodies import NoteBody
from releasedesk.releases.bodies import ReleaseBody
from releasedesk.releases.models import Release
from releasedesk.rollbacks.bodies import PlanBody, RehearsalBody
from releasedesk.rollbacks.run_bodies import TickBody

REQUESTS = 1200  # enough for the judge to decide on all six metrics
SPREAD = 0.18
CHECKS = ("lint", "unit_tests", "integration", "staging_config", "tag")


@dataclass
class Hands:
    """One service's owner and pipeline."""

    story: Story
    service: Service
    owner: Actor
    pipeline: Actor
    numbers: np.random.Generator
    _events: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def plan(self, version: str, at: datetime, **fields: Any) -> Release:
        """Write a release's plan, as its owner."""
        body = ReleaseBody.read({"route": self.story.route, **fields})
        return put_release(self.owner, self.service, version, body, now=at, replace=False)[0]

    def plan_rollback(self, release: Release, at: datetime, **fields: Any) -> None:
        """Write how to go back, as the owner."""
        body = PlanBody.read({**rollback_plan(self.story), **fields})
        write_plan(self.owner, self.service, release, body, now=at)

    def rehearse(self, release: Release, at: datetime, seconds: float, outcome: str = "succeeded") -> None:
        """Carry the plan out on staging, as the pipeline."""
        body = RehearsalBody.read(
            {
                "environment": "staging",
                "started_at": (at - timedelta(seconds=seconds)).isoformat(),
                "finished_at": at.isoformat(),
                "outcome": outcome,
                "command": f"releasedesk rehearse --service {self.story.slug}",
                "steps": [
                    {"exit_code": 0, "seconds": seconds * 0.8},
                    {"exit_code": 0, "seconds": seconds * 0.2},
                ],
            }
        )
        staging = Environment.objects.get(name="staging")
        record_rehearsal(self.pipeline, release, staging, body, now=at)

    def deploy(
        self,
        version: str,
        environment: str,
        at: datetime,
        *,
        seconds: float | None = 74,
        ending: str = "succeeded",
    ) -> None:
        """Report a deployment that ended at `at`; without an ending it has only begun."""
        if seconds is not None:
            self.report(
                "deployment.started", version, at - timedelta(seconds=seconds), environment=environment
            )
        if ending:
            command = f"make deploy SERVICE={self.story.slug} ENVIRONMENT={environment} VERSION={version}"
            self.report(
                f"deployment.{ending}",
                version,
                at,
                environment=environment,
                command=command,
                files_touched=list(self.story.files),
            )

    def roll_back(self, version: str, at: datetime, seconds: float, why: str) -> None:
        """Start to go back, do the steps, and let the pipeline report that it is done."""
        production = Environment.objects.get(name="production")
        began = at - timedelta(seconds=seconds)
        run, _ = start_run(self.owner, self.service, production, to=version, reason=why, now=began)
        tick_step(self.owner, run, TickBody(step=1), now=at - timedelta(seconds=9))
        self.deploy(version, "production", at, seconds=seconds - 12)
        for step in (2, 3):
            tick_step(self.owner, run, TickBody(step=step), now=at + timedelta(minutes=2 * step))

    def check(
        self, version: str, at: datetime, keys: tuple[str, ...] = CHECKS, outcome: str = "passed"
    ) -> None:
        """Report the release checklist's items."""
        for key in keys:
            self.report("check.finished", version, at, key=key, outcome=outcome)

    def ask(self, version: str, at: datetime) -> None:
        """Ask to ship to production, as the pipeline; the answer is kept, open or closed."""
        release = self.service.releases.select_related("service__team").get(version=version)
        ask_to_ship(self.pipeline, release, Environment.objects.get(name="production"), now=at)

    def override(self, version: str, gate: str, reason: str, at: datetime) -> None:
        """Let a release pass a gate, as a lead of the team."""
        release = self.service.releases.select_related("service__team").get(version=version)
        lead = Membership.objects.filter(team=self.service.team_id, role=Role.LEAD).earliest("pk").user
        place = Environment.objects.get(name="production")
        override(lead.as_actor(), release, place, gate, reason, now=at)

    def judge_what_shipped(self, now: datetime) -> None:
        """Do at once what the worker does after each report."""
        judge_passages(self.service.pk, now=now)

    def report(self, kind: str, version: str, at: datetime, **fields: Any) -> None:
        """Send one event, as the pipeline."""
        event = {
            "id": f"{self.story.slug}-{next(self._events)}",
            "type": kind,
            "occurred_at": at.isoformat(),
            "service": self.story.slug,
            "version": version,
            "url": f"https://ci.example/{self.story.slug}/{version}",
            **fields,
        }
        receive_native(self.pipeline, self.service.team_id, event, now=at)

    def measure(
        self,
        release: Release,
        phase: str,
        at: datetime,
        *,
        times: float = 1.0,
        db_calls: float | None = None,
        hit_share: float | None = None,
        cache_state: str = "cold",
    ) -> None:
        """Record a window: `times` the story's p95, with these calls and this share of cache hits."""
        story = self.story
        share = story.hit_share if hit_share is None else hit_share
        hits = self.numbers.random(REQUESTS) < share
        # 1.645: how many standard deviations p95 lies above the median of a lognormal distribution
        median = story.p95_ms * times / np.exp(1.645 * SPREAD)
        ms = self.numbers.lognormal(np.log(median), SPREAD, REQUESTS) * np.where(hits, 0.35, 1.0)
        calls = self.numbers.poisson(story.db_calls if db_calls is None else db_calls, REQUESTS)
        body = SnapshotBody.read(
            {
                "phase": phase,
                "environment": "production",
                "route": story.route,
                "taken_from": (at - timedelta(minutes=2)).isoformat(),
                "taken_until": at.isoformat(),
                "cache_state": cache_state,
                "command": f"releasedesk measure https://{story.slug}.example --phase {phase}",
                "requests": {
                    "response_ms": np.round(ms, 1).tolist(),
                    "status": [200] * REQUESTS,
                    "cache": np.where(hits, "hit", "miss").tolist(),
                    "db_calls": np.where(hits, 0, calls).tolist(),
                },
            }
        )
        production = Environment.objects.get(name="production")
        record_snapshot(self.owner, release, production, body, now=at)

    def note(self, release: Release, at: datetime, **fields: Any) -> None:
        """Finish the post-ship note, as the owner."""
        write_note(
            self.owner, release, NoteBody.read({"files_touched": list(self.story.files), **fields}), now=at
        )


def rollback_plan(story: Story) -> dict[str, Any]:
    """The plan the demo's teams stand by."""
    return {
        "owner": story.owner,
        "data": "comes_back",
        "data_note": "No migration between the two.",
        "triggers": [
            {"metric": "response_ms_p95", "above": round(story.p95_ms * 1.2), "for_minutes": 5},
            {"metric": "error_rate", "above": 0.01},
        ],
        "steps": [
            {
                "instruction": "Deploy the previous version",
                "command": "make deploy SERVICE={service} ENVIRONMENT={environment} VERSION={target_version}",
                "check": "it ends with “rollout complete”",
                "seconds": 70,
            },
            {
                "instruction": "Check that it is live",
                "command": "curl -fsS https://{service}.example/health | grep {target_version}",
                "check": "it prints the version",
                "seconds": 5,
            },
            {"instruction": f"Watch p95 fall under {story.p95_ms:g} ms for 5 minutes", "seconds": 300},
        ],
    }
