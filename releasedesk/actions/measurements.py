"""Keep a snapshot and judge it against its other side."""

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.triggers import announce_trigger
from releasedesk.catalog.models import Environment, Service
from releasedesk.measurements.bodies import SnapshotBody
from releasedesk.measurements.judge import JUDGE_VERSION, Policy, Requests, judge
from releasedesk.measurements.models import Comparison, Snapshot
from releasedesk.measurements.policies import policies_of
from releasedesk.releases.models import Release


def record_snapshot(
    actor: Actor, release: Release, environment: Environment, body: SnapshotBody, *, now: datetime
) -> Snapshot:
    """Keep one window of numbers; once both sides are there, keep the judge's comparison too.

    Raises 403 for another team's release.
    """
    service = release.service
    actor.require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"measure {service.slug}"
    )
    evidence = body.numbers.evidence()
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        snapshot = Snapshot.objects.create(
            release=release,
            environment=environment,
            phase=body.phase,
            route=body.route,
            taken_from=body.taken_from,
            taken_until=body.taken_until,
            cache_state=body.cache_state or "",
            cache_cleared=body.cache_cleared or "",
            command=body.command or "",
            assumptions=body.assumptions or "",
            kind=Snapshot.Kind(type(evidence).__name__.lower()),
            samples=evidence.to_bytes() if isinstance(evidence, Requests) else None,
            numbers=None if isinstance(evidence, Requests) else evidence.to_json(),
            summary=(evidence.summary() if isinstance(evidence, Requests) else evidence).to_json(),
            recorded_by=actor.label,
            recorded_at=now,
        )
        comparison = compare(release, environment, body.route, now=now)
        if comparison and body.phase == "after":
            announce_trigger(comparison, now=now)
    return snapshot


def compare(release: Release, environment: Environment, route: str, *, now: datetime) -> Comparison | None:
    """Judge the newest before against the newest after, and keep it. The caller holds the service's lock."""
    snapshots = Snapshot.objects.filter(release=release, environment=environment, route=route)
    before, after = snapshots.newest(Snapshot.Phase.BEFORE), snapshots.newest(Snapshot.Phase.AFTER)
    if before is None or after is None:
        return None
    return keep_judgement(before, after, policies_of(release.service, route), now=now)


def keep_judgement(
    before: Snapshot, after: Snapshot, policies: Mapping[str, Policy], *, now: datetime
) -> Comparison:
    """Judge two snapshots of one place and keep what is said of them as the current comparison there.

    The caller holds the service's lock.
    """
    release, environment, route = after.release, after.environment, after.route
    judgement = judge(before.as_side(), after.as_side(), policies)
    Comparison.objects.current().filter(release=release, environment=environment, route=route).update(
        is_current=False
    )
    return Comparison.objects.create(
        release=release,
        environment=environment,
        route=route,
        before=before,
        after=after,
        verdict=judgement.verdict,
        sentence=judgement.sentence,
        judge=JUDGE_VERSION,
        result=judgement.to_json(),
        limits={name: asdict(policy) for name, policy in policies.items()},
        judged_at=now,
    )
