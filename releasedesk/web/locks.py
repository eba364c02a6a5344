"""Locks: what stops shipping now and in the coming days, who said so, and how it is ended."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from releasedesk.accounts.roles import Actor, Role
from releasedesk.actions.locks import lock, lock_request, release_lock
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import Problem
from releasedesk.releases.lock_bodies import LockBody
from releasedesk.releases.models import Lock
from releasedesk.releases.windows import WEEKDAYS
from releasedesk.reports.locks_ahead import calendar, clock_of, holds_between, locks_ahead
from releasedesk.web import icalendar
from releasedesk.web.access import actor_of, session_or_token, to_login
from releasedesk.web.forms import Document, Field, Filled, body_of, typed
from releasedesk.web.sign_in_again import signed_in_to_write

ENDED_SHOWN = 20
WINDOW = ("kind", "days", "starts", "ends", "ends_on", "yearly", "timezone")
FEED_BACK, FEED_AHEAD = timedelta(days=30), timedelta(days=180)
WITHOUT_END = timedelta(days=1)  # how long a lock that only somebody can end stands in a calendar, from now


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def locks(request: HttpRequest) -> HttpResponse:
    """List the locks that hold, those to come and the last that ended; add one."""
    actor = actor_of(request)
    if request.method != "POST":
        return _page(request, actor, {"kind": Lock.Kind.BLOCK})
    document = typed(request.POST)
    try:
        lock(actor, lock_request(actor, LockBody.read(_body(document), lax=True)), now=timezone.now())
    except Problem as problem:
        return _page(request, actor, document, problem)
    return redirect("locks")


@require_POST
@signed_in_to_write
def release(request: HttpRequest, lock_id: int) -> HttpResponse:
    """End a lock."""
    release_lock(actor_of(request), lock_id, now=timezone.now())
    return redirect("locks")


@require_safe
def feed(request: HttpRequest) -> HttpResponse:
    """Answer the locks as a calendar (`text/calendar`), for a session or a bearer token with `read`."""
    actor, now = session_or_token(request), timezone.now()
    if actor is None:
        return to_login(request)
    rows = Lock.objects.seen_by(actor).select_related("service", "environment")
    since, until = now - FEED_BACK, now + FEED_AHEAD
    events = [
        icalendar.Event(
            uid=f"lock-{hold.lock.pk}-{hold.starts:%Y%m%dT%H%M%SZ}@{request.get_host()}",
            starts=hold.starts,
            ends=hold.ends or max(now, hold.starts) + WITHOUT_END,
            changed=hold.lock.released_at or hold.lock.created_at,
            summary=f"{'Locked' if hold.lock.kind == Lock.Kind.BLOCK else 'Warning'}: {hold.lock.scope}",
            description=f"{hold.lock.reason}\n{hold.lock.created_by}",
            url=request.build_absolute_uri("/locks/"),
        )
        for hold in holds_between(rows.touching(since), since, until)
    ]
    text = icalendar.calendar("ReleaseDesk locks", events)
    return HttpResponse(text, content_type=icalendar.CONTENT_TYPE, headers={"Cache-Control": "private"})


def _body(document: Document) -> Document:
    """Say what was typed; a window of which nothing but the zone is filled in is none."""
    window = {name: value for name, value in (document.get("window") or {}).items() if value}
    body = body_of({**document, "window": None}, LockBody.model_fields)
    body["kind"] = body["kind"] or Lock.Kind.BLOCK.value
    return {**body, "window": window if window.keys() - {"timezone"} else None}


def _page(
    request: HttpRequest, actor: Actor, document: Document, problem: Problem | None = None
) -> HttpResponse:
    now = timezone.now()
    rows = Lock.objects.select_related("service__team", "environment")
    standing = list(rows.standing(now))
    zone = clock_of(actor)
    form = Filled(_fields(actor), {"window": {"timezone": zone}, **document}, problem)
    ahead = locks_ahead(standing, now=now)
    holding = {hold.lock.pk for hold in ahead.now}
    context = {
        "form": form,
        "window": {name: form[f"window/{name}"] for name in WINDOW},
        "ahead": ahead,
        "may_end": {row.pk for row in standing if _may_release(actor, row)},
        "waiting": [row for row in standing if row.pk not in holding],
        "days": calendar([row for row in standing if row.window or row.until], zone, now=now),
        "zone": zone,
        "ended": rows.ended(now)[:ENDED_SHOWN],
        "may_lock": _services(actor).exists(),
        "weekdays": _weekdays(document),
        "nav": "locks",
    }
    return render(request, "locks.html", context, status=form.status)


def _weekdays(document: Document) -> Sequence[tuple[int, str, bool]]:
    """Each day with its number and whether it is ticked."""
    window = document.get("window")
    ticked = (window.get("days") if isinstance(window, dict) else None) or []
    return [(number, day, day in ticked) for number, day in enumerate(WEEKDAYS)]


def _may_release(actor: Actor, row: Lock) -> bool:
    if row.service is None:
        return actor.superuser or Role.LEAD in actor.roles.values()
    return actor.is_at_least(Role.ENGINEER, row.service.team_id, row.service_id)


def _services(actor: Actor) -> QuerySet[Service]:
    """The services whose shipping the reader may lock."""
    teams = [team for team in actor.roles if actor.is_at_least(Role.ENGINEER, team)]
    return Service.objects.all() if actor.superuser else Service.objects.filter(team__in=teams)


def _fields(actor: Actor) -> list[Field]:
    services = [(service.slug, service.slug) for service in _services(actor)]
    environments = [(place.name, place.name) for place in Environment.objects.all()]
    days = [(day, day.capitalize()) for day in WEEKDAYS]
    return [
        _select("service", "Service", [("", "all services"), *services]),
        _select("environment", "Environment", [("", "all environments"), *environments]),
        _select("kind", "How strongly", [("block", "stop shipping"), ("warn", "warn only")]),
        Field(
            name="until", label="Until", kind="time", unit="UTC", help="Left empty: until somebody ends it."
        ),
        Field(
            name="reason",
            label="Why",
            kind="area",
            required=True,
            help="What must not be disturbed, and whom to ask.",
        ),
        _select(
            "window/kind",
            "When it holds",
            [("", "all the time"), ("weekly", "every week"), ("dates", "between two dates")],
        ),
        Field(name="window/days", label="Begins on"),
        Field(name="window/starts", label="From", help="16:00, or 2026-12-20T18:00."),
        Field(name="window/ends", label="To", help="08:00, or 2027-01-03T08:00."),
        _select("window/ends_on", "Ends on", [("", "the same day or the next"), *days]),
        Field(name="window/yearly", label="Every year again (between dates)", kind="check"),
        Field(
            name="window/timezone",
            label="Time zone",
            help="As the clock on the wall reads there: Europe/Berlin. Left empty: the team's.",
        ),
    ]


def _select(name: str, label: str, options: list[tuple[str, str]]) -> Field:
    return Field(name=name, label=label, kind="select", options=options)
