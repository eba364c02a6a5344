"""`/services/{slug}/metrics/{environment}/`: where numbers come from by themselves; tried, then kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from releasedesk.accounts.roles import Role
from releasedesk.actions.metric_sources import fill, put_source, remove_source
from releasedesk.catalog.models import Environment, Service
from releasedesk.measurements.judge import LABELS
from releasedesk.measurements.metric_source import MetricSource
from releasedesk.measurements.prometheus import METRICS, Series
from releasedesk.measurements.read_source import Reading, read_source
from releasedesk.measurements.source_bodies import STARTERS, MetricSourceBody
from releasedesk.problems.problem import Problem, not_found
from releasedesk.reports.source_windows import window_lines
from releasedesk.reports.spark import Spark, sparkline
from releasedesk.web.access import actor_of, release_or_404, service_or_404, signed_in
from releasedesk.web.drafts import draft_key, sent
from releasedesk.web.forms import Document, Field, Filled, said, typed
from releasedesk.web.sign_in_again import signed_in_to_write

HELP = {
    "response_ms_p95": "In milliseconds: one series.",
    "error_rate": "A share of 0 to 1: 0.02 is 2 %.",
    "cache_hit_rate": "A share of 0 to 1.",
    "db_calls": "The mean of a request.",
}
FIELDS = (
    Field(
        name="url",
        label="Address of the Prometheus",
        help="https://prometheus.example",
        is_code=True,
        required=True,
    ),
    Field(
        name="credential",
        label="Bearer token",
        help="Kept encrypted and never shown. Empty: what is kept stays.",
        is_code=True,
    ),
    Field(
        name="route",
        label="Route",
        help="What the queries are about, as you would name it by hand.",
        is_code=True,
    ),
    *(
        Field(name=f"queries/{metric}", label=LABELS[metric], help=HELP[metric], kind="area", is_code=True)
        for metric in METRICS
    ),
    Field(name="step", label="A point every", unit="seconds", kind="number"),
    Field(name="span", label="A window lasts", unit="seconds", kind="number"),
    Field(name="warm_up", label="It begins after a deployment by", unit="seconds", kind="number"),
    Field(name="paused", label="Read nothing for now", kind="check"),
)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def source(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    """Show the source of one environment, try what is typed, keep it or forget it. Raises 403 and 404."""
    service, place = service_or_404(slug), _environment(environment)
    actor = actor_of(request)
    what = f"set the metric sources of {slug}"
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=what)
    kept = MetricSource.objects.filter(service=service, environment=place).first()
    page = _Page(request, service, place, kept)
    if request.method != "POST":
        return page.show(_begun(request, kept))
    if "remove" in request.POST:
        if kept:
            remove_source(actor, kept)
        return redirect("service", slug)
    form = typed(request.POST)
    try:
        given = form_body(form)
        body = MetricSourceBody.read(
            {**(said(given) or {}), "queries": said(given["queries"]) or {}}, lax=True
        )
        if "try" in request.POST:
            return page.show(form, tried=_try(service, place, kept, body))
        put_source(actor, service, place, body, now=timezone.now())
    except Problem as problem:
        return page.show(form, problem=problem)
    return sent(request, redirect("service", slug))


@require_safe
@signed_in
def progress(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Tell how far the windows of a release are; once none is waited for, the page is to be read anew."""
    release = release_or_404(slug, version)
    lines = window_lines(release, now=timezone.now())
    waiting = any(line.state == "waiting" for line in lines)
    context = {"windows": lines, "waiting": waiting, "release": release, "service": release.service}
    response = render(request, "parts/source_windows.html", context)
    if not waiting:
        response["HX-Refresh"] = "true"
    return response


def form_body(form: Mapping[str, Any]) -> Document:
    """What was typed of a source; without any query its list of them is empty, and that is what is wrong."""
    names = {field.name.split("/")[0] for field in FIELDS}
    given = said({name: value for name, value in form.items() if name in names}) or {}
    return {"queries": {}, **given}


def _environment(name: str) -> Environment:
    found = Environment.objects.filter(name=name).first()
    if found is None:
        raise not_found("environment", name, list(Environment.objects.values_list("name", flat=True)))
    return found


def _begun(request: HttpRequest, kept: MetricSource | None) -> Document:
    """What is kept, else empty fields; `?starter=` puts queries for a usual exporter into them."""
    fresh = {"step": 15, "span": 600, "warm_up": 120, "route": "all requests"}
    document: Document = dict(fresh) if kept is None else _stored(kept)
    if starter := STARTERS.get(request.GET.get("starter", "")):
        document["queries"] = dict(starter.queries)
    return document


def _stored(kept: MetricSource) -> Document:
    names = ("url", "route", "queries", "step", "span", "warm_up", "paused")
    return {name: getattr(kept, name) for name in names}


def _try(service: Service, place: Environment, kept: MetricSource | None, body: MetricSourceBody) -> Reading:
    """Read the last window's length as it would be read; nothing is kept."""
    asked = MetricSource(service=service, environment=place, credential=kept.credential if kept else "")
    fill(asked, body)
    now: datetime = timezone.now()
    return read_source(asked, now - timedelta(seconds=asked.span), now)


@dataclass(frozen=True, slots=True)
class Tried:
    """One metric as it was just read."""

    label: str
    series: Series
    spark: Spark | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class _Page:
    request: HttpRequest
    service: Service
    environment: Environment
    kept: MetricSource | None

    def show(
        self, document: Document, *, problem: Problem | None = None, tried: Reading | None = None
    ) -> HttpResponse:
        """Render the page; what was typed stays, except a credential."""
        shown = {name: value for name, value in document.items() if name != "credential"}
        fields = [self._hinted(field) for field in FIELDS]
        form = Filled(fields, shown, problem)
        context = {
            "form": form,
            "queries": [form[f"queries/{metric}"] for metric in METRICS],
            "service": self.service,
            "environment": self.environment,
            "kept": self.kept,
            "starters": STARTERS.values(),
            "reading": tried,
            "tried": _tried(tried.series) if tried else [],
            "key": draft_key(self.request),
        }
        return render(self.request, "metric_source.html", context, status=form.status)

    def _hinted(self, field: Field) -> Field:
        has_one = field.name == "credential" and self.kept is not None and self.kept.credential
        return replace(field, placeholder="one is kept") if has_one else field


def _tried(series: Sequence[Series]) -> list[Tried]:
    return [
        Tried(
            label=LABELS[one.metric],
            series=one,
            spark=sparkline(one.values) if one.known else None,
            low=min(one.known, default=None),
            high=max(one.known, default=None),
        )
        for one in series
    ]
