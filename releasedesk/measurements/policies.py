"""A service's limits: the judge's own table with what the service changed in it."""

from dataclasses import replace

from releasedesk.catalog.models import Service
from releasedesk.measurements.judge import METRICS, Policy


def policies_of(service: Service) -> dict[str, Policy]:
    """Return one policy a metric, in the judge's order."""
    own = {policy.metric: policy for policy in service.metric_policies.all()}
    policies = {}
    for name, default in METRICS.items():
        row = own.get(name)
        if row is None:
            policies[name] = default
            continue
        set_here = {
            field: value
            for field in ("allowed", "critical", "minimum")
            if (value := getattr(row, field)) is not None
        }
        policies[name] = replace(default, must_have=row.must_have, muted=row.muted, **set_here)
    return policies
