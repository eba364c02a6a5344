"""A lead lets a release pass a gate that is not met."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.gate import fresh
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import FieldError, Problem, invalid, unknown
from releasedesk.releases.models import Override, Release
from releasedesk.releases.reasons import EXPECTED, lacks_substance
from releasedesk.reports.gates.answer import Gate, gate
from releasedesk.reports.gates.decide import Condition


def override(
    actor: Actor, release: Release, environment: Environment, key: str, reason: str, *, now: datetime
) -> tuple[Override, Gate]:
    """Write down that this gate may be passed unmet, and return the answer that follows.

    Only a lead's own session may: a token is refused whatever its scopes. Where the environment wants four
    eyes, the word of the release's owner or planner waits for another lead's. Raises 403; 409 for a gate that
    does not stop the release, or that this lead has overridden; 422 for an unknown gate or an empty reason.
    """
    service = release.service
    what = f"override gates of {service.slug}"
    if actor.user_id is None:
        raise Problem("forbidden", f"{actor.label} may not {what}. Only a lead may, signed in as themselves.")
    actor.require(Role.LEAD, team_id=service.team_id, service_id=service.pk, what=what)
    if wrong := lacks_substance(reason):
        raise invalid(FieldError("#/reason", "no_reason", wrong, EXPECTED, reason[:100]))
    with transaction.atomic():
        Service.objects.filter(pk=service.pk).changed()
        release = fresh(release)
        _require_that_it_stops(actor, gate(release, environment, now=now), key)
        made = Override.objects.create(
            release=release,
            environment=environment,
            gate=key,
            reason=reason.strip(),
            made_by=actor.label,
            person_id=actor.user_id,
            made_at=now,
            since=_last_success(release, environment),
        )
        return made, gate(release, environment, now=now)


def _require_that_it_stops(actor: Actor, found: Gate, key: str) -> None:
    """Raise 422 or 409 unless this gate stops the release, and this lead has not yet said otherwise."""
    conditions = {condition.key: condition for condition in found.decision.conditions}
    if key not in conditions:
        raise invalid(unknown("#/gate", "gate asked for here", key, list(conditions)))
    said = [voice for voice in found.decision.voices if voice.gate == key]
    if any(voice.by == actor.label for voice in said) and conditions[key].stops:
        detail = f"You have overridden {conditions[key].label} already. With four eyes another lead must too."
        raise Problem("conflict", detail)
    if not conditions[key].stops:
        raise Problem("conflict", _why_not(conditions[key], [voice.by for voice in said]))


def _why_not(condition: Condition, by: list[str]) -> str:
    if condition.state == "overridden":
        return f"{' and '.join(by)} overrode {condition.label} already. Nothing more was stored."
    if condition.state == "met":
        return f"{condition.label} is met: {condition.detail} There is nothing to override."
    return f"{condition.label} is advisory here: it does not stop the release. There is nothing to override."


def _last_success(release: Release, environment: Environment) -> datetime | None:
    standing = release.standings.filter(environment=environment).first()
    return standing.last_at if standing else None
