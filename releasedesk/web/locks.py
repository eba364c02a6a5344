"""Locks: what stops shipping now, who said so, and how it is ended."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from releasedesk.accounts.roles import Role
from releasedesk.actions.locks import LockRequest, lock, release_lock
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.body import Body, Text, Time
from releasedesk.problems.problem import Problem, invalid, unknown
from releasedesk.releases.models import Lock
from releasedesk.web.access import actor_of
from releasedesk.web.forms import Document, Field, Filled, body_of, typed
from releasedesk.web.sign_in_again import signed_in_to_write

ENDED_SHOWN = 20


class LockBody(Body):
    """A lock as the form says it; what is left out means all."""

    service: str | None = None
    environment: str | None = None
    kind: str | None = None
    reason: Text | None = None
    until: Time | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def locks(request: HttpRequest) -> HttpResponse:
    """List the locks that hold and the last that ended; add one."""
    if request.method != "POST":
        return _page(request, {"kind": Lock.Kind.BLOCK})
    document = typed(request.POST)
    try:
        body = LockBody.read(body_of(document, LockBody.model_fields))
        lock(actor_of(request), _asked(body), now=timezone.now())
    except Problem as problem:
        return _page(request, document, problem)
    return redirect("locks")


@require_POST
@signed_in_to_write
def release(request: HttpRequest, lock_id: int) -> HttpResponse:
    """End a lock."""
    release_lock(actor_of(request), lock_id, now=timezone.now())
    return redirect("locks")


def _asked(body: LockBody) -> LockRequest:
    wrong = []
    services = {service.slug: service for service in Service.objects.select_related("team")}
    environments = {environment.name: environment for environment in Environment.objects.all()}
    kinds = {str(kind): Lock.Kind(kind) for kind in Lock.Kind.values}
    for name, given, known in (
        ("service", body.service, services),
        ("environment", body.environment, environments),
        ("kind", body.kind or Lock.Kind.BLOCK, kinds),
    ):
        if given and given not in known:
            wrong.append(unknown(f"#/{name}", name, given, list(known)))
    if wrong:
        raise invalid(*wrong)
    return LockRequest(
        service=services[body.service] if body.service else None,
        environment=environments[body.environment] if body.environment else None,
        kind=kinds[body.kind or Lock.Kind.BLOCK],
        reason=body.reason or "",
        until=body.until,
    )


def _page(request: HttpRequest, document: Document, problem: Problem | None = None) -> HttpResponse:
    now = timezone.now()
    rows = Lock.objects.select_related("service__team", "environment")
    form = Filled(_fields(request), document, problem)
    context = {
        "form": form,
        "standing": [(row, _may_release(request, row)) for row in rows.standing(now)],
        "ended": rows.filter(_has_ended(now))[:ENDED_SHOWN],
        "may_lock": _services(request).exists(),
        "nav": "locks",
    }
    return render(request, "locks.html", context, status=form.status)


def _has_ended(now: datetime) -> Q:
    return Q(released_at__isnull=False) | Q(until__lte=now)


def _may_release(request: HttpRequest, row: Lock) -> bool:
    actor = actor_of(request)
    if row.service is None:
        return actor.superuser or Role.LEAD in actor.roles.values()
    return actor.is_at_least(Role.ENGINEER, row.service.team_id, row.service_id)


def _services(request: HttpRequest) -> QuerySet[Service]:
    """The services whose shipping the reader may lock."""
    actor = actor_of(request)
    teams = [team for team in actor.roles if actor.is_at_least(Role.ENGINEER, team)]
    return Service.objects.all() if actor.superuser else Service.objects.filter(team__in=teams)


def _fields(request: HttpRequest) -> list[Field]:
    services = [(service.slug, service.slug) for service in _services(request)]
    environments = [(place.name, place.name) for place in Environment.objects.all()]
    return [
        Field(name="service", label="Service", kind="select", options=[("", "all services"), *services]),
        Field(
            name="environment",
            label="Environment",
            kind="select",
            options=[("", "all environments"), *environments],
        ),
        Field(
            name="kind",
            label="How strongly",
            kind="select",
            options=[("block", "stop shipping"), ("warn", "warn only")],
        ),
        Field(
            name="until",
            label="Until",
            kind="time",
            unit="UTC",
            help="Left empty: until somebody ends it.",
        ),
        Field(
            name="reason",
            label="Why",
            kind="area",
            required=True,
            help="What must not be disturbed, and whom to ask.",
        ),
    ]
