"""The roll-back page: what is live, what it goes back to, the steps, and the run that everybody shares."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from releasedesk.actions.go_back import end_run, start_run, tick_step
from releasedesk.actions.name_culprit import name_culprit
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.body import Body, Text, Version, Whole
from releasedesk.problems.problem import FieldError, Problem, invalid, not_found
from releasedesk.releases.models import Deployment
from releasedesk.reports.readiness_checks import checks
from releasedesk.reports.recovery import recoveries
from releasedesk.reports.rollback import GoingBack
from releasedesk.reports.ways_back import way_back
from releasedesk.rollbacks.models import Plan, Run
from releasedesk.rollbacks.run_bodies import EndBody, TickBody
from releasedesk.rollbacks.triggers import words
from releasedesk.web.access import actor_of, may_write, service_or_404
from releasedesk.web.sign_in_again import signed_in_to_write

BECAUSE_AT_MOST = 500


class Sent(Body):
    """What the forms of the page send."""

    do: str
    run: Whole | None = None
    step: Whole | None = None
    to: Version | None = None
    reason: Text | None = None
    rollback: Whole | None = None
    version: Version | None = None


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def rollback(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    """Show the way back and its run; begin, tick and end it. 304 while nothing has changed."""
    service, place, now = service_or_404(slug), environment_or_404(environment), timezone.now()
    if request.method != "POST":
        tag = _version(request, service, now)
        if tag in request.headers.get("If-None-Match", ""):
            return HttpResponse(status=304, headers={"ETag": f'"{tag}"'})
        return _page(request, service, place, now=now)
    try:
        sent = Sent.read({k: v for k, v in request.POST.items() if k in Sent.model_fields and v}, lax=True)
        anchor = _do(request, service, place, sent, now)
    except Problem as problem:
        return _page(request, service, place, now=now, problem=problem)
    return redirect(f"/services/{slug}/rollback/{environment}/{anchor}")


def environment_or_404(name: str) -> Environment:
    """Find an environment. Raises the 404 `Problem` with the known ones."""
    known = {environment.name: environment for environment in Environment.objects.all()}
    if name not in known:
        raise not_found("environment", name, list(known))
    return known[name]


def _do(request: HttpRequest, service: Service, place: Environment, sent: Sent, now: datetime) -> str:
    """Carry out what a form asks. Returns where on the page to go on reading."""
    if sent.do not in DO:
        raise invalid(FieldError("#/do", "unknown", f"'{sent.do}' is not done here.", ", ".join(DO), sent.do))
    return DO[sent.do](request, service, place, sent, now)


def _start(request: HttpRequest, service: Service, place: Environment, sent: Sent, now: datetime) -> str:
    start_run(
        actor_of(request),
        service,
        place,
        now=now,
        to=sent.to,
        reason=sent.reason or "",
        instead_of=sent.run if sent.do == "instead" else None,
    )
    return ""


def _tick(request: HttpRequest, service: Service, place: Environment, sent: Sent, now: datetime) -> str:
    body = TickBody.read({"step": sent.step or 0, "done": sent.do == "tick"})
    tick_step(actor_of(request), _run(service, place, sent), body, now=now)
    return f"#step-{body.step}"


def _end(request: HttpRequest, service: Service, place: Environment, sent: Sent, now: datetime) -> str:
    body = EndBody.read({"outcome": sent.do, "reason": sent.reason})
    end_run(actor_of(request), _run(service, place, sent), body, now=now)
    return ""


def _culprit(request: HttpRequest, service: Service, place: Environment, sent: Sent, now: datetime) -> str:
    row = Deployment.objects.select_related("service__team", "release")
    row = row.filter(service=service, environment=place, pk=sent.rollback or 0)
    found = row.first()
    if found is None:
        raise Problem("not-found", "There is no such rollback here.")
    name_culprit(actor_of(request), found, sent.version or "", because=sent.reason or "", now=now)
    return "#rollbacks"


DO: dict[str, Callable[[HttpRequest, Service, Environment, Sent, datetime], str]] = {
    "start": _start,
    "instead": _start,
    "tick": _tick,
    "untick": _tick,
    "done": _end,
    "stopped": _end,
    "culprit": _culprit,
}


def _run(service: Service, place: Environment, sent: Sent) -> Run:
    run = Run.objects.with_names().filter(service=service, environment=place, pk=sent.run or 0).first()
    if run is None:
        raise Problem("not-found", "There is no such rollback here.")
    return run


def _version(request: HttpRequest, service: Service, now: datetime) -> str:
    """What the page depends on: all that happened to the service, who reads what, and the minute."""
    seen = (service.revision, actor_of(request).label, request.get_full_path(), int(now.timestamp()) // 60)
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:20]


def _page(
    request: HttpRequest,
    service: Service,
    place: Environment,
    *,
    now: datetime,
    problem: Problem | None = None,
) -> HttpResponse:
    tag = _version(request, service, now)
    way = way_back(service, place, now=now, to=request.GET.get("to") or None)
    going = GoingBack(way, now)
    plan = way.plan
    context = {
        "service": service,
        "environment": place,
        "way": way,
        "going": going,
        "run": going.run,
        "checks": checks(going),
        "data_words": Plan.DATA_WORDS.get(plan.data, "") if plan else "",
        "triggers": [words(trigger) for trigger in plan.triggers] if plan else [],
        "others": way.choice.passed_over[:10],
        "recoveries": recoveries(service, place),
        "reason": _reason(request, going),
        "writes": may_write(actor_of(request), service),
        "problem": problem,
        "version": tag,
        "address": f"{request.path}?{urlencode(kept)}" if (kept := _kept(request)) else request.path,
        "nav": "board",
    }
    template = "rollback.html#live" if request.headers.get("HX-Request") else "rollback.html"
    # htmx puts a 422 onto the page, and would drop any other refusal.
    status = 200 if problem is None else 422 if request.headers.get("HX-Request") else problem.status
    response = render(request, template, context, status=status)
    patch_vary_headers(response, ["HX-Request"])
    response["ETag"] = f'"{tag}"'
    response["Cache-Control"] = "private, no-cache"
    return response


def _kept(request: HttpRequest) -> dict[str, str]:
    return {name: request.GET[name] for name in ("to", "because") if request.GET.get(name)}


def _reason(request: HttpRequest, going: GoingBack) -> Any:
    """What the reason begins with: what was typed, else why one came here, else the plan's own trigger."""
    because = request.GET.get("because", "")
    if request.POST.get("do") == "start":
        return request.POST.get("reason", "")
    if because and because != "trigger":
        return because[:BECAUSE_AT_MOST]
    return " ".join(going.triggers_met)
