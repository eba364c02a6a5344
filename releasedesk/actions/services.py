"""Register a service and set its own fields."""

from datetime import datetime

from django.db import transaction

from releasedesk.accounts.models import Team, User
from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.policies import keep_policies
from releasedesk.catalog.bodies import ServiceBody
from releasedesk.catalog.models import Service
from releasedesk.problems.body import check_slug
from releasedesk.problems.problem import FieldError, Problem, invalid, unknown


def put_service(
    actor: Actor, slug: str, body: ServiceBody, *, now: datetime, replace: bool
) -> tuple[Service, bool]:
    """Set a service's fields, registering it when it is new. Returns it and whether it was created.

    `replace` sets every field (PUT), else only those the body names (PATCH). Only somebody in both teams may
    move a service. Raises 403 for another team's service and 422 for an unknown team, owner or metric.
    """
    with transaction.atomic():
        service = Service.objects.locked(slug)
        if service is not None:
            _allow(actor, slug, service.team_id, service)
        team = _team(actor, body, service)
        _allow(actor, slug, team.pk, service)
        created = service is None
        if service is None:
            service = register_service(team, slug, now=now)
            _allow(actor, slug, service.team_id, service)  # another team may have been faster
        names = _own_fields(body, replace=replace)
        for name in names - {"owner", "team", "metric_policies"}:
            setattr(service, name, getattr(body, name) or (slug if name == "name" else ""))
        if "owner" in names:
            service.owner = find_user(body.owner, "#/owner")
        if service.team_id != team.pk:
            service.team = team
        service.save()
        if "metric_policies" in names:
            keep_policies(service, body.metric_policies)
        Service.objects.filter(pk=service.pk).changed()
    return service, created


def add_service(actor: Actor, team: Team, slug: str, *, now: datetime) -> Service:
    """Register a service for a team, or find it there. Raises 403, 409 for another's, 422 for no slug."""
    check_slug(slug)
    actor.require(Role.ENGINEER, team_id=team.pk, service_id=None, what="register a service")
    with transaction.atomic():
        service = register_service(team, slug, now=now)
        if service.team_id != team.pk:
            told = f"'{slug}' is a service of {service.team.name}, and stays there."
            expected = "a service of this team: register one under another name first"
            raise Problem("conflict", told, [FieldError("#/meant", "used", told, expected, slug)])
        Service.objects.filter(pk=service.pk).changed()
    return service


def register_service(team: Team, slug: str, *, now: datetime) -> Service:
    """Add a service to a team; the same call at the same time by another process finds that one's."""
    Service.objects.bulk_create(
        [Service(slug=slug, name=slug, team=team, created_at=now)], ignore_conflicts=True
    )
    service = Service.objects.locked(slug)
    assert service is not None
    return service


def find_user(username: str | None, pointer: str) -> User | None:
    """Return the person of that name, None for none. Raises 422 for an unknown one."""
    if username is None:
        return None
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        known = User.objects.filter(is_active=True).values_list("username", flat=True)[:1000]
        raise invalid(unknown(pointer, "person", username, list(known)))
    return user


def _own_fields(body: ServiceBody, *, replace: bool) -> set[str]:
    return set(ServiceBody.model_fields) if replace else set(body.model_fields_set)


def _allow(actor: Actor, slug: str, team_id: int, service: Service | None) -> None:
    service_id = service.pk if service else None
    actor.require(Role.ENGINEER, team_id=team_id, service_id=service_id, what=f"change the service {slug}")


def _team(actor: Actor, body: ServiceBody, service: Service | None) -> Team:
    """The team the service is to belong to."""
    own = list(Team.objects.filter(pk__in=actor.team_ids))
    if body.team is None:
        if service is not None:
            return service.team
        if len(own) == 1 and actor.service_id is None:
            return own[0]
        raise invalid(FieldError("#/team", "required", "A new service needs its team.", "the team's slug"))
    team = Team.objects.filter(slug=body.team).first()
    if team is None:
        raise invalid(unknown("#/team", "team", body.team, [team.slug for team in own]))
    return team
