"""Say how much each gate weighs in an environment, for everybody or for one service."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.administration import require_administrator
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import FieldError, Problem, invalid, unknown
from releasedesk.releases.models import GateLevel, Level
from releasedesk.releases.reasons import EXPECTED, lacks_substance
from releasedesk.reports.gates.levels import levels_in
from releasedesk.reports.gates.table import BY_KEY

WEIGHT = {Level.OFF: 0, Level.ADVISORY: 1, Level.REQUIRED: 2}


def set_levels(
    actor: Actor,
    environment: Environment,
    service: Service | None,
    levels: Mapping[str, str | None],
    reason: str,
    *,
    now: datetime,
) -> dict[str, str]:
    """Set the levels of these gates; None takes one back to what holds without it. Returns all that hold now.

    For every service (None) an administrator does it, for one its lead. To ask less of a service than its
    environment does takes a reason, and where four eyes are wanted an administrator: else a lead could lift
    alone what nobody overrides alone. Raises 403 and 422.
    """
    _allow(actor, service)
    _refuse_unknown(levels)
    with transaction.atomic():
        (Service.objects.all() if service is None else Service.objects.filter(pk=service.pk)).changed()
        if service is not None:
            _refuse_to_ask_less(actor, environment, levels, reason)
        for gate, level in levels.items():
            own: dict[str, Any] = {"environment": environment, "service": service, "gate": gate}
            if level is None:
                GateLevel.objects.filter(**own).delete()
                continue
            said = {"level": level, "reason": reason.strip(), "set_by": actor.label, "set_at": now}
            GateLevel.objects.update_or_create(**own, defaults=said)
        return dict(levels_in(environment, service))


def _allow(actor: Actor, service: Service | None) -> None:
    if service is None:
        require_administrator(actor, "set what is asked of every service")
    else:
        what = f"set what is asked of {service.slug}"
        actor.require(Role.LEAD, team_id=service.team_id, service_id=service.pk, what=what)


def _refuse_unknown(levels: Mapping[str, str | None]) -> None:
    wrong = [unknown(f"#/levels/{gate}", "gate", gate, list(BY_KEY)) for gate in levels if gate not in BY_KEY]
    wrong += [
        unknown(f"#/levels/{gate}", "level", level, list(Level))
        for gate, level in levels.items()
        if level is not None and level not in Level.values
    ]
    if wrong:
        raise invalid(*wrong)


def _refuse_to_ask_less(
    actor: Actor, environment: Environment, levels: Mapping[str, str | None], reason: str
) -> None:
    everybodys = levels_in(environment, None)
    less = [
        gate
        for gate, level in levels.items()
        if level is not None and WEIGHT[Level(level)] < WEIGHT[Level(everybodys[gate])]
    ]
    if not less:
        return
    if environment.four_eyes and not actor.superuser:
        said = f"{environment.name} wants four eyes: only an administrator asks less of a service there."
        raise Problem("forbidden", said)
    if lacks_substance(reason):
        labels = ", ".join(BY_KEY[gate].label for gate in less)
        detail = f"To ask less than everybody is asked ({labels}) takes a reason."
        raise invalid(FieldError("#/reason", "no_reason", detail, EXPECTED, reason[:100]))
