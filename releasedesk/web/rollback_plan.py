"""Write a rollback plan: a release's own, or the service's standing one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.models import User
from releasedesk.accounts.roles import Role
from releasedesk.actions.plans import write_plan
from releasedesk.catalog.models import Environment, Service
from releasedesk.problems.problem import Problem
from releasedesk.releases.expected_result import LABELS
from releasedesk.releases.models import Release
from releasedesk.reports.ways_back import way_back
from releasedesk.rollbacks.bodies import METRICS, PlanBody
from releasedesk.rollbacks.commands import NAMES, finish
from releasedesk.rollbacks.models import Plan
from releasedesk.rollbacks.queries import effective_plan, standing_plan
from releasedesk.rollbacks.review import Remark, review
from releasedesk.rollbacks.starters import BY_KEY as STARTERS
from releasedesk.rollbacks.text import digest
from releasedesk.web.access import actor_of, release_or_404, service_or_404
from releasedesk.web.drafts import draft_key, sent
from releasedesk.web.forms import Document, Field, Filled, body_of, text_at, typed
from releasedesk.web.sign_in_again import signed_in_to_write

WHOLE = (
    Field(name="owner", label="Who leads the way back?", kind="select"),
    Field(name="stand_in", label="And when they are away?", kind="select"),
    Field(
        name="data",
        label="What happens to the data?",
        kind="select",
        options=[("", "not said yet"), *Plan.DATA_WORDS.items()],
    ),
    Field(
        name="data_note",
        label="What must somebody know about the data?",
        help="Which rows, until when, who is asked.",
        kind="area",
    ),
)
STEP = (
    Field(name="instruction", label="What to do"),
    Field(name="command", label="Command", is_code=True),
    Field(name="expected", label="What it prints when it works", is_code=True),
    Field(name="check", label="How to see that it worked"),
    Field(name="seconds", label="Takes", unit="seconds", kind="number"),
    Field(name="irreversible", label="Cannot be undone", kind="check"),
)
TRIGGER = (
    Field(
        name="metric",
        label="Metric",
        kind="select",
        options=[("", "none"), *((name, LABELS[name]) for name in METRICS)],
    ),
    Field(name="above", label="Above", kind="number"),
    Field(name="below", label="or below", kind="number"),
    Field(name="for_minutes", label="For", unit="minutes", kind="number"),
)
KNOWN_VERSIONS = 200
NOBODY = {"owner": "the release's owner", "stand_in": "nobody named"}
LISTS = {"steps": STEP, "triggers": TRIGGER}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def of_release(request: HttpRequest, slug: str, version: str) -> HttpResponse:
    """Write the plan of one release, beginning with the service's standing one."""
    release = release_or_404(slug, version)
    return _answer(request, release.service, release)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def standing(request: HttpRequest, slug: str) -> HttpResponse:
    """Write the plan that new releases of a service start with."""
    return _answer(request, service_or_404(slug), None)


def _answer(request: HttpRequest, service: Service, release: Release | None) -> HttpResponse:
    actor = actor_of(request)
    what = f"write plans of {service.slug}"
    actor.require(Role.ENGINEER, team_id=service.team_id, service_id=service.pk, what=what)
    current = effective_plan(release) if release else standing_plan(service)
    if request.method != "POST":
        starter = STARTERS.get(request.GET.get("starter", ""))
        return _page(request, service, release, current, dict(starter.plan) if starter else stored(current))
    if asked := request.POST.get("rows"):
        return _page(request, service, release, current, moved(typed(request.POST, empty_rows=True), asked))
    form = typed(request.POST)
    try:
        body = PlanBody.read(_said(form), lax=True)
        if "preview" not in request.POST:
            _refuse_if_changed(form, current, body)
            write_plan(actor, service, release, body, now=timezone.now())
            there = ("release", service.slug, release.version) if release else ("service", service.slug)
            return sent(request, redirect(*there))
    except Problem as problem:
        return _page(request, service, release, current, form, problem=problem)
    return _page(request, service, release, current, form)


def stored(plan: Plan | None) -> Document:
    """A plan as the form shows it."""
    if plan is None:
        return {}
    return {
        "owner": plan.owner.get_username() if plan.owner else "",
        "stand_in": plan.stand_in.get_username() if plan.stand_in else "",
        "data": plan.data,
        "data_note": plan.data_note,
        "triggers": plan.triggers,
        "steps": [
            {
                "instruction": step.instruction,
                "command": step.command,
                "expected": step.expected,
                "check": step.check_text,
                "seconds": step.seconds,
                "irreversible": step.irreversible,
            }
            for step in plan.steps.all()
        ],
    }


def moved(form: Document, asked: str) -> Document:
    """Do what a row's button asks: `add steps`, `remove steps 2`, `up steps 2`, `down triggers 0`."""
    verb, name, number = [*asked.split(" "), "", ""][:3]
    rows = form.get(name)
    rows = [*rows] if name in LISTS and isinstance(rows, list) else []
    at = {str(known): known for known in range(len(rows))}.get(number)
    if verb == "add":
        rows.append({})
    elif at is not None:
        row = rows.pop(at)
        to = {"up": max(at - 1, 0), "down": at + 1}.get(verb)
        if to is not None:
            rows.insert(to, row)
    return {**form, name: rows} if name in LISTS else form


def _said(form: Mapping[str, Any]) -> Document:
    """The body: what was left empty is missing, lists are lists."""
    document = body_of(form, PlanBody.model_fields)
    return {**document, **{name: document[name] or [] for name in LISTS}}


def _refuse_if_changed(form: Mapping[str, Any], current: Plan | None, body: PlanBody) -> None:
    """The second of two writers is told, unless both have written the same."""
    read = text_at(form, "revision")
    if current is None or read == str(current.pk) or current.digest == digest(body.model_dump()):
        return
    raise Problem("changed-meanwhile", f"{current.created_by} has saved version {current.version} meanwhile.")


def _page(
    request: HttpRequest,
    service: Service,
    release: Release | None,
    current: Plan | None,
    document: Document,
    *,
    problem: Problem | None = None,
) -> HttpResponse:
    theirs = stored(current) if problem and problem.kind == "changed-meanwhile" else None
    shown = {**document, **{name: _at_least_one(document.get(name)) for name in LISTS}}
    fields = [*_whole(service), *_fields(shown)]
    form = Filled(fields, shown, problem, theirs)
    revision = text_at(document, "revision") if request.method == "POST" and theirs is None else ""
    context = {
        "form": form,
        "service": service,
        "release": release,
        "current": current,
        "inherited": release is not None and current is not None and current.release_id is None,
        "key": draft_key(request),
        "revision": revision or (current.pk if current and (theirs or request.method != "POST") else ""),
        "steps": [_row(form, "steps", number, len(shown["steps"])) for number in range(len(shown["steps"]))],
        "triggers": [
            _row(form, "triggers", number, len(shown["triggers"])) for number in range(len(shown["triggers"]))
        ],
        "theirs_steps": theirs["steps"] if theirs else (),
        "names": NAMES,
        "starters": STARTERS.values(),
        "starter": STARTERS.get(request.GET.get("starter", "")),
        "remarks": _remarks(service, release, shown),
        "preview": _preview(service, release, shown["steps"]),
    }
    return render(request, "rollback_plan.html", context, status=form.status)


def _at_least_one(rows: Any) -> list[Any]:
    """A list to write into, also where nothing is written yet."""
    return (
        [row if isinstance(row, Mapping) else {} for row in rows] if isinstance(rows, list) and rows else [{}]
    )


def _whole(service: Service) -> list[Field]:
    people = User.objects.filter(memberships__team=service.team_id, is_active=True).order_by("username")
    names = [(name, name) for name in people.values_list("username", flat=True)]
    return [
        replace(field, options=[("", NOBODY[field.name]), *names]) if field.name in NOBODY else field
        for field in WHOLE
    ]


def _fields(shown: Mapping[str, Any]) -> list[Field]:
    return [
        field.within(f"{name}/{number}")
        for name, specs in LISTS.items()
        for number in range(len(shown[name]))
        for field in specs
    ]


def _row(form: Filled, name: str, number: int, count: int) -> dict[str, Any]:
    fields = {field.name: form[f"{name}/{number}/{field.name}"] for field in LISTS[name]}
    return {**fields, "at": number, "number": number + 1, "first": number == 0, "last": number == count - 1}


def _remarks(service: Service, release: Release | None, shown: Mapping[str, Any]) -> list[Remark]:
    """What a careful colleague would ask about what is typed so far."""
    newest = service.releases.order_by("-created_at").values_list("version", flat=True)[:KNOWN_VERSIONS]
    return review(shown, versions=newest, irreversible_release=bool(release and release.irreversible))


def _preview(service: Service, release: Release | None, steps: list[Any]) -> list[dict[str, Any]]:
    """The commands as they would be run in the environment nearest to users, as far as is known."""
    places = sorted(Environment.objects.all(), key=lambda place: place.rank)
    if not places:
        return []
    way = way_back(service, places[-1], now=timezone.now())
    live = release or (way.live.release if way.live else None)
    values = {
        "service": service.slug,
        "environment": places[-1].name,
        "version": live.version if live else None,
        "commit": live.sha if live else None,
        "target_version": way.target.version if way.target else None,
        "target_commit": way.target.sha if way.target else None,
    }
    found = [(text_at(step, "instruction"), text_at(step, "command")) for step in steps]
    return [
        {
            "instruction": instruction,
            "command": finish(command, values).command,
            "missing": finish(command, values).missing,
        }
        for instruction, command in found
        if command
    ]
