"""Lock shipping, now or in a window that comes again, and release the lock."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from releasedesk.accounts.roles import Actor, Role
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import FieldError, Problem, invalid, unknown
from releasedesk.releases.lock_bodies import LockBody, WindowBody
from releasedesk.releases.models import Lock
from releasedesk.releases.windows import Dates, window_of

ZONE_OF_ALL = "UTC"


@dataclass(frozen=True, slots=True)
class LockRequest:
    """What is to be locked, and why. None is "all", and no end; with a window it is a freeze."""

    service: Service | None
    environment: Environment | None
    kind: Lock.Kind
    reason: str
    until: datetime | None
    window: WindowBody | None = None


def lock(actor: Actor, request: LockRequest, *, now: datetime) -> Lock:
    """Stop shipping for a scope. Raises 403, and 422 without a reason or for what has passed already."""
    allow_lock(actor, request.service)
    zone = request.service.team.timezone if request.service else ZONE_OF_ALL
    window = request.window.kept(zone) if request.window else None
    last = _last_end(window)
    if wrong := list(_wrong(request, last, now)):
        raise invalid(*wrong)
    with transaction.atomic():
        _touch(request.service)
        return Lock.objects.create(
            service=request.service,
            environment=request.environment,
            kind=request.kind,
            source=Lock.Source.FREEZE if window else Lock.Source.PERSON,
            reason=request.reason.strip(),
            until=min((end for end in (request.until, last) if end), default=None),
            window=window,
            created_by=actor.label,
            created_at=now,
        )


def release_lock(actor: Actor, lock_id: int, *, now: datetime) -> Lock:
    """End a lock. One that has ended stays as it is. Raises 403 and 404."""
    with transaction.atomic():
        found = Lock.objects.select_for_update(of=("self",)).select_related("service__team", "environment")
        held = found.filter(pk=lock_id).first()
        if held is None:
            raise Problem("not-found", "There is no such lock.")
        allow_lock(actor, held.service)
        if held.released_at is None:
            _touch(held.service)
            held.released_by, held.released_at = actor.label, now
            held.save(update_fields=["released_by", "released_at"])
    return held


def allow_lock(actor: Actor, service: Service | None) -> None:
    """An engineer locks the team's services; all services at once need a lead of some team. Raises 403."""
    if service is not None:
        actor.require(
            Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"lock {service.slug}"
        )
    elif not any(actor.is_at_least(Role.LEAD, team) for team in actor.team_ids) and not actor.superuser:
        raise Problem("forbidden", f"{actor.label} may not lock all services. Ask a lead.")


def lock_request(actor: Actor, body: LockBody) -> LockRequest:
    """Find what a body names. Raises 422 for an unknown one, and names those the actor may see."""
    service = Service.objects.select_related("team").filter(slug=body.service).first()
    environments = {place.name: place for place in Environment.objects.all()}
    wrong = []
    if body.service and service is None:
        known = Service.objects.of(actor).values_list("slug", flat=True)
        wrong.append(unknown("#/service", "service", body.service, list(known)))
    if body.environment and body.environment not in environments:
        wrong.append(unknown("#/environment", "environment", body.environment, list(environments)))
    if wrong:
        raise invalid(*wrong)
    return LockRequest(
        service=service,
        environment=environments[body.environment] if body.environment else None,
        kind=Lock.Kind(body.kind),
        reason=body.reason or "",
        until=body.until,
        window=body.window,
    )


def _last_end(window: dict[str, object] | None) -> datetime | None:
    """When a window that does not come again is over."""
    found = window_of(window) if window else None
    return found.last_end if isinstance(found, Dates) else None


def _wrong(request: LockRequest, last: datetime | None, now: datetime) -> Iterator[FieldError]:
    if not request.reason.strip():
        yield FieldError("#/reason", "required", "A lock needs its reason.", "why nobody should ship")
    if request.until is not None and request.until <= now:
        yield FieldError("#/until", "past", "This has passed.", "a time to come, or none")
    if last is not None and last <= now:
        yield FieldError("#/window/ends", "past", "This has passed.", "a time to come")


def _touch(service: Service | None) -> None:
    """Raise the revisions of what the lock is about, so that pages show it."""
    services = Service.objects.all() if service is None else Service.objects.filter(pk=service.pk)
    # All at once need one order, or two who do so wait for each other for ever.
    list(services.select_for_update(no_key=True).order_by("pk").values_list("pk"))
    services.changed()
