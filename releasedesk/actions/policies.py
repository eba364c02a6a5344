"""Set how far the metrics of a service may move."""

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from typing import cast

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.bodies import Kind, PolicyBody
from releasedesk.catalog.models import MetricPolicy, Service
from releasedesk.measurements.judge import METRICS, UNITS
from releasedesk.problems.problem import FieldError, Problem, invalid, unknown


def put_limits(
    actor: Actor, service: Service, route: str, policies: Sequence[PolicyBody], *, read: str | None = None
) -> None:
    """Replace the policies of one route; an empty route means those of the whole service.

    They count from the next snapshot on: a comparison keeps the limits it was judged by. `read` is the
    `state` of the route's policies that the writer has read. Raises 403 for another team's service, 412 when
    they were changed since and 422 for what is wrong.
    """
    what = f"set the limits of {service.slug}"
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=what)
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        rows = MetricPolicy.objects.filter(service=service)
        if read is not None and read != state(rows.filter(route=route)):
            where = f"{service.slug} on {route}" if route else service.slug
            raise Problem("changed-meanwhile", f"Somebody has set the limits of {where} meanwhile.")
        keep_policies(service, [*policies, *map(body_of, rows.exclude(route=route))])


def state(policies: Iterable[MetricPolicy]) -> str:
    """Name what policies say in 16 characters: other policies, another name."""
    said = sorted(body_of(policy).model_dump_json() for policy in policies)
    return sha256("\n".join(said).encode()).hexdigest()[:16]


def body_of(policy: MetricPolicy) -> PolicyBody:
    """A kept policy as it would be sent."""
    return PolicyBody(
        metric=policy.metric,
        route=policy.route or None,
        kind=cast("Kind | None", policy.kind or None),
        allowed=policy.allowed,
        level=policy.level,
        critical=policy.critical,
        minimum=policy.minimum,
        must_have=policy.must_have,
        muted=policy.muted,
    )


def unsaved(policy: PolicyBody) -> MetricPolicy:
    """A policy as it would be kept; its service is still to be named."""
    return MetricPolicy(
        **{**policy.model_dump(), "route": policy.route or "", "kind": policy.kind or ""},
    )


def keep_policies(service: Service, policies: Sequence[PolicyBody]) -> None:
    """Let these be all policies of a service. The caller holds its lock and has asked who may."""
    if wrong := list(_wrong(policies)):
        raise invalid(*wrong)
    service.metric_policies.all().delete()
    rows = [unsaved(policy) for policy in policies]
    for row in rows:
        row.service = service
    MetricPolicy.objects.bulk_create(rows)


def _wrong(policies: Sequence[PolicyBody]) -> Iterator[FieldError]:
    seen = set()
    for index, policy in enumerate(policies):
        pointer, place = f"#/metric_policies/{index}", (policy.metric, policy.route)
        if policy.metric not in METRICS:
            yield unknown(f"{pointer}/metric", "metric", policy.metric, list(METRICS))
        elif place in seen:
            where = "on this route" if policy.route else "already"
            detail = f"This metric has a policy {where}."
            yield FieldError(f"{pointer}/metric", "twice", detail, "one a metric and route", policy.metric)
        elif UNITS[policy.metric] == "share" and (policy.level or 0) > 1:
            detail = "This metric is a share: 5 % is written 0.05."
            yield FieldError(f"{pointer}/level", "range", detail, "a number from 0 to 1", str(policy.level))
        seen.add(place)
