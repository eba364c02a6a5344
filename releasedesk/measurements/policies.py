"""A service's limits: the judge's own table with what the service changed in it."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

from releasedesk.catalog.models import MetricPolicy, Service
from releasedesk.measurements.judge import METRICS, Policy

_OWN = ("kind", "allowed", "level", "critical", "minimum")
_KNOWN = {field.name for field in fields(Policy)}


def policies_of(service: Service, route: str) -> dict[str, Policy]:
    """Return one policy a metric, in the judge's order, for measurements of this route."""
    return resolved(service.metric_policies.all(), route)


def resolved(rows: Iterable[MetricPolicy], route: str) -> dict[str, Policy]:
    """Return the same from rows of one service, saved or not.

    A row of the route stands over one of the whole service, and that over the judge's table: number by
    number, but must-have and muted are always those of the nearest row.
    """
    here = sorted((row for row in rows if row.route in {"", route}), key=lambda row: row.route != "")
    policies = dict(METRICS)
    for row in here:
        said = {name: value for name in _OWN if (value := getattr(row, name)) not in (None, "")}
        policies[row.metric] = replace(policies[row.metric], must_have=row.must_have, muted=row.muted, **said)
    return policies


def kept(limits: Mapping[str, Mapping[str, Any]]) -> dict[str, Policy]:
    """Return the policies that a comparison was judged by; what they did not know yet is as by default."""
    return {
        name: Policy(**{field: value for field, value in limit.items() if field in _KNOWN})
        for name, limit in limits.items()
    }
