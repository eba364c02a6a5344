"""`/services/{slug}/policies/`: how far each metric may move, and what that would have meant lately."""

from __future__ import annotations

import re
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.roles import Role
from releasedesk.actions.policies import body_of, put_limits, state, unsaved
from releasedesk.catalog.bodies import PolicyBody
from releasedesk.catalog.models import MetricPolicy, Service
from releasedesk.measurements.judge import LABELS, METRICS, UNITS, Policy
from releasedesk.measurements.models import Snapshot
from releasedesk.measurements.policies import resolved
from releasedesk.problems.problem import FieldError, Problem, invalid
from releasedesk.reports.policy_preview import Preview, preview
from releasedesk.web.access import actor_of, service_or_404
from releasedesk.web.drafts import draft_key, sent
from releasedesk.web.forms import Document, Field, Filled, said, text_at, typed
from releasedesk.web.sign_in_again import signed_in_to_write

SECONDS = 2.0  # a preview that takes longer stops there and says so
ROUTES_AT_MOST = 300
PERCENT = 100
OWN_UNIT = {"ms": "ms", "share": "points", "calls": "calls"}
LEVEL_UNIT = {"ms": "ms", "share": "%", "calls": "calls"}
NUMBER = re.compile(r"\d{1,12}([.,]\d{1,9})?", re.ASCII)
SAYS = ("allowed", "level", "minimum", "critical", "must_have", "muted")
KEPT = re.compile(r"#/metric_policies/(\d+)/(\w+)")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def policies(request: HttpRequest, slug: str) -> HttpResponse:
    """Show the limits of `?route=` (empty: of every route), preview others, or keep them."""
    service, actor = service_or_404(slug), actor_of(request)
    what = f"set the limits of {slug}"
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=what)
    route = str(request.GET.get("route", ""))[:500]
    rows = list(service.metric_policies.all())
    if request.method != "POST":
        return _page(request, service, route, rows, stored(row for row in rows if row.route == route))
    form, bodies = typed(request.POST), list[PolicyBody]()
    try:
        bodies = read(form, route)
        if "preview" not in request.POST:
            put_limits(actor, service, route, bodies, read=text_at(form, "read"))
            return sent(request, redirect(_here(service, route)))
    except Problem as problem:
        return _page(request, service, route, rows, form, _at_its_field(problem, bodies))
    others = [row for row in rows if row.route != route]
    return _page(request, service, route, [*others, *map(unsaved, bodies)], form)


def stored(rows: Iterable[MetricPolicy]) -> Document:
    """Policies as the form shows them: shares and fractions in per cent."""
    document: Document = {}
    for row in rows:
        body = body_of(row)
        kind = body.kind or METRICS[row.metric].kind
        document[row.metric] = {
            "kind": kind,
            "allowed": _shown(body.allowed, _factor(row.metric, kind)),
            "level": _shown(body.level, _factor(row.metric, "absolute")),
            "minimum": body.minimum,
            "critical": "" if body.critical is None else str(body.critical).lower(),
            "must_have": body.must_have,
            "muted": body.muted,
        }
    return document


def _saved(rows: Iterable[MetricPolicy], route: str) -> Document:
    """What is saved, with the unit that a metric without a policy would be typed in."""
    saved = stored(row for row in rows if row.route == route)
    return {metric: saved.get(metric, {"kind": policy.kind}) for metric, policy in METRICS.items()}


def read(form: Mapping[str, Any], route: str) -> list[PolicyBody]:
    """Judge every metric of which something was said. Raises the 422 `Problem` with all that is wrong."""
    bodies: list[PolicyBody] = []
    errors: list[FieldError] = []
    for metric, default in METRICS.items():
        typed_here = form.get(metric)
        given = said(typed_here) if isinstance(typed_here, Mapping) else None
        if not given or not any(name in given for name in SAYS):
            continue
        kind = given.pop("kind", default.kind)
        if "allowed" in given:
            given |= {"allowed": _sent(given["allowed"], _factor(metric, kind)), "kind": kind}
        if "level" in given:
            given["level"] = _sent(given["level"], _factor(metric, "absolute"))
        try:
            where = {"route": route} if route else {}
            bodies.append(PolicyBody.read({**given, **where, "metric": metric}, at=f"#/{metric}", lax=True))
        except Problem as problem:
            errors += problem.errors
    if errors:
        raise invalid(*errors)
    return bodies


def _at_its_field(problem: Problem, bodies: Sequence[PolicyBody]) -> Problem:
    """Put what is wrong with the n-th policy at the metric it is about."""

    def moved(error: FieldError) -> FieldError:
        found = KEPT.fullmatch(error.pointer)
        if found is None:
            return error
        return replace(error, pointer=f"#/{bodies[int(found[1])].metric}/{found[2]}")

    return invalid(*map(moved, problem.errors)) if problem.errors else problem


def _factor(metric: str, kind: str) -> int:
    return PERCENT if kind == "relative" or UNITS[metric] == "share" else 1


def _shown(number: float | None, factor: int) -> str:
    return "" if number is None else f"{number * factor:.10g}"


def _sent(text: str, factor: int) -> str:
    """A number as the API takes it; anything else stays as it was typed and is refused there."""
    if not NUMBER.fullmatch(text.strip()):
        return text
    return str(Decimal(text.strip().replace(",", ".")) / factor)


def _here(service: Service, route: str) -> str:
    query = f"?{urlencode({'route': route})}" if route else ""
    return f"{reverse('policies', args=[service.slug])}{query}"


def _page(
    request: HttpRequest,
    service: Service,
    route: str,
    rows: Sequence[MetricPolicy],
    document: Document,
    problem: Problem | None = None,
) -> HttpResponse:
    """Show the form with the preview; a fragment has the preview alone."""
    others = [row for row in service.metric_policies.all() if row.route != route]
    inherited = resolved(others, route)
    fields = [field for metric in METRICS for field in _fields(inherited[metric])]
    meanwhile = problem is not None and problem.kind == "changed-meanwhile"
    now = list(service.metric_policies.all())
    form = Filled(fields, document, problem, _saved(now, route) if meanwhile else None)
    # Whoever is shown what was saved meanwhile writes on top of that.
    is_new = meanwhile or request.method != "POST"
    until = time.monotonic() + SECONDS
    context = {
        "service": service,
        "route": route,
        "routes": _routes(service, route),
        "form": form,
        "read": state(row for row in now if row.route == route) if is_new else text_at(document, "read"),
        "metrics": [_metric(metric, form) for metric in METRICS],
        "key": draft_key(request),
        "here": _here(service, route),
        "preview": _previewed(service, rows, until) if problem is None else None,
    }
    fragment = request.method == "POST" and request.headers.get("HX-Request")
    template = "policies.html#preview" if fragment else "policies.html"
    return render(request, template, context, status=form.status)


def _previewed(service: Service, rows: Sequence[MetricPolicy], until: float) -> Preview:
    return preview(service, rows, is_late=lambda: time.monotonic() > until)


def _routes(service: Service, route: str) -> list[tuple[str, str]]:
    """Every route that was measured or has limits, with a word for those that have."""
    snapshots = Snapshot.objects.filter(release__service=service).order_by("route")
    measured = snapshots.values_list("route", flat=True).distinct()[:ROUTES_AT_MOST]
    own = {row.route for row in service.metric_policies.all()}
    known = sorted({*measured, *own, route} - {""})
    return [("", "every route"), *((name, f"{name} (own limits)" if name in own else name) for name in known)]


def _fields(policy: Policy) -> list[Field]:
    """The controls of one metric; what counts without them stands in them in grey."""
    metric, unit = policy.metric, UNITS[policy.metric]
    allowed = f"{_shown(policy.allowed, _factor(metric, policy.kind))}"
    level = _shown(policy.level, _factor(metric, "absolute")) or "none"
    kinds = [("relative", "% of before"), ("absolute", OWN_UNIT[unit])]
    kinds.sort(key=lambda kind: kind[0] != policy.kind)
    usual = f"as usual: {'yes' if policy.critical else 'no'}"
    return [
        field.within(metric)
        for field in (
            Field(name="allowed", label="Allowed change", kind="number", placeholder=allowed),
            Field(name="kind", label="Measured in", kind="select", options=kinds),
            Field(
                name="level",
                label="Never worse than",
                kind="number",
                unit=LEVEL_UNIT[unit],
                placeholder=level,
            ),
            Field(
                name="minimum",
                label="Needed a side",
                kind="number",
                unit="requests",
                placeholder=str(policy.minimum),
            ),
            Field(
                name="critical",
                label="Must be decided",
                kind="select",
                options=[("", usual), ("true", "yes"), ("false", "no")],
            ),
            Field(name="must_have", label="Must be measured", kind="check"),
            Field(name="muted", label="Does not count", kind="check"),
        )
    ]


def _metric(metric: str, form: Filled) -> dict[str, Any]:
    fields = {name: form[f"{metric}/{name}"] for name in ("kind", *SAYS)}
    own = any(text_at(form.document, f"{metric}/{name}") for name in SAYS)
    return {"label": LABELS[metric], "better": METRICS[metric].better, "own": own, **fields}
