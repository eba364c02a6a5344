"""Record a measurement by hand: before and after side by side, as somebody reads them off a dashboard."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.roles import Role
from releasedesk.actions.measurements import record_snapshot
from releasedesk.catalog.models import Environment, Tier
from releasedesk.ingest.once import once
from releasedesk.ingest.receive import skew
from releasedesk.measurements.bodies import SnapshotBody
from releasedesk.measurements.models import Snapshot
from releasedesk.problems.problem import FieldError, Problem, invalid, unknown
from releasedesk.releases.models import Release
from releasedesk.web.access import actor_of, release_or_404
from releasedesk.web.drafts import draft_key, sent
from releasedesk.web.forms import Document, Field, Filled, said, text_at, typed
from releasedesk.web.measure_result import Pasted, read_result
from releasedesk.web.sign_in_again import signed_in_to_write

PHASES = ("before", "after")
PLACE = (
    Field(name="environment", label="Environment", kind="select", required=True),
    Field(
        name="route",
        label="Route",
        help="The same on both sides, or they cannot be compared.",
        is_code=True,
        required=True,
    ),
    Field(
        name="assumptions",
        label="What must hold for these numbers?",
        help="Who else was using it, what was switched off.",
        kind="area",
    ),
)
NUMBERS = (
    Field(name="summary/requests", label="Requests", kind="number", help="How many the numbers are over."),
    Field(name="summary/errors", label="Errors", kind="number", help="Status 500 and above, or no answer."),
    Field(name="summary/response_ms/p50", label="p50", unit="ms", kind="number"),
    Field(name="summary/response_ms/p95", label="p95", unit="ms", kind="number"),
    Field(name="summary/response_ms/p99", label="p99", unit="ms", kind="number"),
    Field(name="summary/cache_hits", label="Cache hits", unit="requests", kind="number"),
    Field(name="summary/db_calls/mean", label="DB calls", unit="mean a request", kind="number"),
)
WINDOW = (
    Field(name="taken_from", label="From", unit="UTC", kind="time"),
    Field(name="taken_until", label="Until", unit="UTC", kind="time"),
    Field(
        name="cache_state",
        label="Cache at the start",
        kind="select",
        options=[("", "not known"), ("cold", "cold"), ("warm", "warm")],
    ),
    Field(name="cache_cleared", label="Cache cleared", help="Which keys: basket:*", is_code=True),
)
RESULT = Field(
    name="result",
    label="Paste what the tool printed",
    help="One row a request stays here as CSV; totals go into the numbers below.",
    kind="area",
    rows=5,
    is_code=True,
)
SIDE = (*WINDOW, *NUMBERS, RESULT)
# Without these a side says less than it could; p50 and p99 are a luxury.
WANTED = tuple(
    field for field in WINDOW + NUMBERS if not field.name.endswith(("p50", "p99", "cache_cleared"))
)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def record(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show the form, or keep what it says: one side, or both. "Check" only says what is missing."""
    release = release_or_404(slug, version)
    service, now = release.service, timezone.now()
    actor_of(request).require(
        Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=f"measure {service.slug}"
    )
    if request.method != "POST":
        production = Environment.objects.filter(tier=Tier.PRODUCTION).order_by("order").first()
        empty = {"route": release.route, "environment": production.name if production else ""}
        return _page(request, release, {**empty, **_asked(request)}, now)
    form, pasted = _with_results(request, typed(request.POST))
    try:
        if "read" in request.POST and not any(side.error for side in pasted.values()):
            return _page(request, release, form, now, pasted=pasted)
        bodies = _read(form, now, pasted)
        if any(side.is_new for side in pasted.values()):
            # Nobody has seen yet what was read: it is shown before it is saved.
            return _page(request, release, form, now, pasted=pasted)
        if "check" not in request.POST:
            _keep(request, release, bodies, now)
            return sent(request, redirect(f"{reverse('release', args=[slug, version])}#measured"))
    except Problem as problem:
        return _page(request, release, form, now, problem, pasted=pasted)
    return _page(request, release, form, now, pasted=pasted)


def _with_results(request: HttpRequest, form: Document) -> tuple[Document, dict[str, Pasted]]:
    """Read the results that came with the form into it. What one must know of them joins the assumptions."""
    pasted = {
        phase: read_result(phase, form[phase], request.FILES, text_at(form, "route"))
        for phase in PHASES
        if isinstance(form.get(phase), Mapping)
    }
    said_already = text_at(form, "assumptions")
    notes = [
        f"{phase.capitalize()}: {note}"
        for phase, side in pasted.items()
        if side.is_new
        for note in side.notes
    ]
    lines = [said_already, *(note for note in notes if note not in said_already)]
    sides = {phase: side.side for phase, side in pasted.items()}
    return {**form, **sides, "assumptions": "\n".join(filter(None, lines))}, pasted


def _asked(request: HttpRequest) -> dict[str, str]:
    """`?environment=` and `?route=`, as a link on the release page may name them."""
    return {name: request.GET[name] for name in ("environment", "route") if name in request.GET}


def _read(form: Mapping[str, Any], now: datetime, pasted: Mapping[str, Pasted]) -> list[SnapshotBody]:
    """Judge every side that says something. Raises the 422 `Problem` with all that is wrong on either."""
    bodies, errors = [], [side.error for side in pasted.values() if side.error]
    for phase, side in pasted.items():
        given = None if side.error else _numbers(side)
        if not given:
            continue
        shared = said({field.name: form.get(field.name) for field in PLACE}) or {}
        try:
            bodies.append(
                SnapshotBody.read(
                    {**given, **shared, "phase": phase},
                    at=f"#/{phase}",
                    context={"now": now, "skew": skew()},
                    lax=True,
                )
            )
        except Problem as problem:
            errors += [_at_its_field(error, phase) for error in problem.errors]
    if not bodies and not errors:
        expected = "the numbers of one side, or of both"
        errors = [FieldError("#/before/summary/requests", "required", "No number was given.", expected)]
    places = list(Environment.objects.values_list("name", flat=True))
    if bodies and bodies[0].environment not in places:
        errors.append(unknown("#/environment", "environment", bodies[0].environment, places))
    if errors:
        raise invalid(*dict.fromkeys(errors))
    return bodies


def _numbers(pasted: Pasted) -> dict[str, Any] | None:
    """Give what a side says: its window, and the rows of its result or else the numbers that were typed."""
    given: dict[str, Any] = said(pasted.side) or {}
    given = {name: value for name, value in given.items() if name not in {"result", "read"}}
    if pasted.reading is None or pasted.reading.rows is None:
        return given or None
    given.pop("summary", None)
    return {**given, **pasted.reading.form()}


def _at_its_field(error: FieldError, phase: str) -> FieldError:
    """Put an error of the body where this form asks for it: some answers are shared by both sides."""
    name = error.pointer.removeprefix(f"#/{phase}/")
    if name in {field.name for field in PLACE}:
        return replace(error, pointer=f"#/{name}")
    if name.startswith("requests"):  # the rows of a result that one of ours would not take
        return replace(error, pointer=f"#/{phase}/result", received=None)
    if name in {f"#/{phase}", "summary"}:
        start = "taken_until" if error.code == "order" else "summary/requests"
        return replace(error, pointer=f"#/{phase}/{start}", received=None)
    return error


def _keep(request: HttpRequest, release: Release, bodies: list[SnapshotBody], now: datetime) -> None:
    """Record all sides or none; a form that is sent twice records each side once."""
    actor = actor_of(request)
    with transaction.atomic():
        for body in bodies:
            payload = body.model_dump(mode="json")
            text = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()

            def perform(body: SnapshotBody = body) -> dict[str, Any]:
                environment = Environment.objects.get(name=body.environment)
                return {"id": record_snapshot(actor, release, environment, body, now=now).pk}

            # The text is part of the key: who goes back and corrects a number is not told of a conflict.
            key = f"{draft_key(request)} {body.phase} {text}"
            source = f"snapshots of release {release.pk}"
            once(actor, release.service, source, key, payload, perform, now=now)


def _page(
    request: HttpRequest,
    release: Release,
    document: Document,
    now: datetime,
    problem: Problem | None = None,
    pasted: Mapping[str, Pasted] | None = None,
) -> HttpResponse:
    places = [(name, name) for name in Environment.objects.values_list("name", flat=True)]
    shared = [replace(field, options=places) if field.name == "environment" else field for field in PLACE]
    sides = [field.within(phase) for phase in PHASES for field in SIDE]
    form = Filled([*shared, *sides], document, problem)
    rows = release.snapshots.filter(
        environment__name=text_at(document, "environment"), route=text_at(document, "route")
    )
    context = {
        "form": form,
        "release": release,
        "service": release.service,
        "now": now,
        "key": draft_key(request),
        "sides": [_side(phase, form, rows.newest(phase), (pasted or {}).get(phase)) for phase in PHASES],
        "commands": [_command(request, release, form, phase) for phase in PHASES],
    }
    return render(request, "measure.html", context, status=form.status)


def _side(phase: str, form: Filled, recorded: Snapshot | None, pasted: Pasted | None) -> dict[str, Any]:
    missing = [form[f"{phase}/{field.name}"] for field in WANTED if not form[f"{phase}/{field.name}"].value]
    return {
        "phase": phase,
        "pasted": pasted,
        "has_rows": bool(pasted and pasted.reading and pasted.reading.rows is not None),
        "result": form[f"{phase}/result"],
        "window": [form[f"{phase}/{field.name}"] for field in WINDOW],
        "numbers": [form[f"{phase}/{field.name}"] for field in NUMBERS],
        "wanted": " ".join(f"{phase}/{field.name}" for field in WANTED),
        "missing": [field.label for field in missing],
        "recorded": recorded,
    }


def _command(request: HttpRequest, release: Release, form: Filled, phase: str) -> str:
    """The better way, ready to copy: it measures each request, so that the judge can give an interval."""
    said_of = {
        "phase": phase,
        "service": release.service.slug,
        "version": release.version,
        "environment": form["environment"].value,
        "route": form["route"].value,
    }
    options = " ".join(f"--{name} {shlex.quote(value)}" for name, value in said_of.items() if value)
    desk = shlex.quote(f"{request.scheme}://{request.get_host()}")
    return f"RELEASEDESK_URL={desk} releasedesk measure https://… {options}"
