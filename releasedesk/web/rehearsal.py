"""Record by hand that a plan was carried out: who was there says how long it took and how each step ended."""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.roles import Role
from releasedesk.actions.plans import record_rehearsal
from releasedesk.catalog.models import Environment, Tier
from releasedesk.ingest.apply import environment_named
from releasedesk.ingest.once import once
from releasedesk.ingest.receive import skew
from releasedesk.problems.problem import Problem
from releasedesk.releases.models import Release
from releasedesk.rollbacks.bodies import RehearsalBody
from releasedesk.rollbacks.models import Plan
from releasedesk.rollbacks.queries import effective_plan
from releasedesk.web.access import actor_of, release_or_404
from releasedesk.web.drafts import draft_key, sent
from releasedesk.web.forms import Document, Field, Filled, body_of, text_at, typed
from releasedesk.web.sign_in_again import signed_in_to_write

WHOLE = (
    Field(name="environment", label="Environment", kind="select", required=True),
    Field(name="started_at", label="Began", unit="UTC", kind="time", required=True),
    Field(name="finished_at", label="Ended", unit="UTC", kind="time", required=True),
    Field(
        name="outcome",
        label="How did it end?",
        kind="select",
        options=[("succeeded", "the old version was back"), ("failed", "it was not")],
    ),
)
STEP = (
    Field(
        name="exit_code",
        label="How it ended",
        kind="select",
        options=[("", "by hand, or not noted"), ("0", "well (0)"), ("1", "it failed (1)")],
    ),
    Field(name="seconds", label="Took", unit="seconds", kind="number"),
    Field(name="output_tail", label="What it said", kind="area", is_code=True),
)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def record(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Show the form, or keep what it says. Raises 403, and 404 while there is no plan to rehearse."""
    release, now = release_or_404(slug, version), timezone.now()
    service, actor = release.service, actor_of(request)
    what = f"rehearse rollbacks of {service.slug}"
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=what)
    plan = effective_plan(release)
    if plan is None:
        raise Problem("not-found", f"{release} has no rollback plan yet. Write one, then rehearse it.")
    if request.method != "POST":
        return _page(request, release, plan, {"outcome": "succeeded"})
    form = typed(request.POST, empty_rows=True)
    try:
        document = _document(form)
        body = RehearsalBody.read(document, context={"now": now, "skew": skew()}, lax=True)
        environment = environment_named(body.environment)

        def perform() -> Mapping[str, Any]:
            return {"id": record_rehearsal(actor, release, environment, body, now=now).pk}

        payload = body.model_dump(mode="json")
        text = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        once(
            actor,
            service,
            f"rehearsals of release {release.pk}",
            f"{draft_key(request)} {text}",
            payload,
            perform,
            now=now,
        )
    except Problem as problem:
        return _page(request, release, plan, form, problem)
    return sent(request, redirect(f"{reverse('release', args=[slug, version])}#rollback-plan"))


def _document(form: Mapping[str, Any]) -> Document:
    """The body: every step in its place, also one of which nothing was noted."""
    document = body_of(form, [field.name for field in WHOLE])
    rows = form.get("steps")
    steps = [body_of(row, [field.name for field in STEP]) for row in rows or () if isinstance(row, Mapping)]
    version = body_of(form, ["plan_version"])["plan_version"]
    return {**document, "steps": steps, "plan_version": version}


def _page(
    request: HttpRequest, release: Release, plan: Plan, document: Document, problem: Problem | None = None
) -> HttpResponse:
    places = [
        (place.name, place.name) for place in Environment.objects.all() if place.tier != Tier.PRODUCTION
    ]
    whole = [replace(field, options=places) if field.name == "environment" else field for field in WHOLE]
    steps = list(plan.steps.all())
    rows = [field.within(f"steps/{number}") for number in range(len(steps)) for field in STEP]
    form = Filled([*whole, *rows], document, problem)
    named = [text_at(document, "environment") or (places[0][0] if places else "staging")]
    command = f"releasedesk rehearse {shlex.quote(release.service.slug)} {shlex.quote(release.version)}"
    context = {
        "form": form,
        "release": release,
        "service": release.service,
        "plan": plan,
        "key": draft_key(request),
        "command": f"{command} --environment {shlex.quote(named[0])}",
        "steps": [
            {"step": step, "fields": [form[f"steps/{number}/{field.name}"] for field in STEP]}
            for number, step in enumerate(steps)
        ],
    }
    return render(request, "rehearsal.html", context, status=form.status)
