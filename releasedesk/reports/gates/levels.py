"""How much each gate weighs in an environment: for everybody, or for one service."""

from __future__ import annotations

from collections.abc import Mapping

from django.db.models import F, Q

from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import GateLevel
from releasedesk.reports.gates.table import TABLE


def levels_in(environment: Environment, service: Service | None) -> Mapping[str, str]:
    """The level of every gate, in the order of the table: the table's, the environment's, the service's."""
    which = Q(service=None) | Q(service=service) if service else Q(service=None)
    rows = GateLevel.objects.filter(which, environment=environment)
    found: dict[str, str] = {gate.key: gate.level_in(environment.tier) for gate in TABLE}
    for row in rows.order_by(F("service").asc(nulls_first=True)):
        if row.gate in found:
            found[row.gate] = row.level
    return found
