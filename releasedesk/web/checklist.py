"""Decide an item of a release's checklist: one button for "it passed", a page for everything else."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from releasedesk.accounts.roles import Role
from releasedesk.actions.decide_item import Decision, decide_item
from releasedesk.checklists.models import Item, Outcome
from releasedesk.problems.problem import Problem, not_found
from releasedesk.web.access import actor_of, release_or_404
from releasedesk.web.forms import Document, Field, Filled, body_of, typed
from releasedesk.web.sign_in_again import signed_in_to_write

SHOWN = 20
WORDS = {
    Outcome.PASSED: "It passed",
    Outcome.FAILED: "It failed",
    Outcome.NOT_APPLICABLE: "It does not apply",
    Outcome.WAIVED: "A lead waives it",
    Outcome.OPEN: "It is open again",
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in_to_write
def item(request: HttpRequest, slug: str, version: str, key: str) -> HttpResponse:
    """Ask what is known about an item, or write it down. Raises 403, and 404 with near keys."""
    release = release_or_404(slug, version)
    found = release.items.filter(key=key).first()
    if found is None:
        raise not_found("checklist item", key, list(release.items.values_list("key", flat=True)))
    found.release, actor = release, actor_of(request)
    actor.require(
        Role.ENGINEER,
        team_id=release.service.team_id,
        service_id=release.service_id,
        what=f"decide checklist items of {slug}",
    )
    if request.method != "POST":
        stored = {"outcome": found.outcome, "evidence": found.evidence, "reason": found.reason}
        return _page(request, found, stored)
    document = typed(request.POST)
    try:
        decision = Decision.read(body_of(document, Decision.model_fields))
        decide_item(actor, found, decision, now=timezone.now())
    except Problem as problem:
        return _page(request, found, document, problem)
    return redirect(f"{reverse('release', args=[slug, version])}#checklist-{found.list}")


def _page(
    request: HttpRequest, found: Item, document: Document, problem: Problem | None = None
) -> HttpResponse:
    release = found.release
    leads = actor_of(request).is_at_least(Role.LEAD, release.service.team_id, release.service_id)
    form = Filled(_fields(found, leads=leads), document, problem)
    context = {
        "form": form,
        "item": found,
        "earlier": found.decisions.newest_first()[1 : SHOWN + 1],
        "release": release,
        "service": release.service,
        "leads": leads,
        "nav": "releases",
    }
    return render(request, "checklist_item.html", context, status=form.status)


def _fields(found: Item, *, leads: bool) -> list[Field]:
    """The controls; what takes a lead is offered to leads alone."""
    for_leads = {Outcome.WAIVED, *([Outcome.NOT_APPLICABLE] if found.required else [])}
    offered = [outcome for outcome in WORDS if leads or outcome not in for_leads]
    return [
        Field(
            name="outcome",
            label="What is known?",
            kind="select",
            options=[(outcome.value, WORDS[outcome]) for outcome in offered],
        ),
        Field(name="evidence", label="Evidence", help="An address where another can see it: https://…"),
        Field(
            name="reason",
            label="Reason",
            kind="area",
            help="Needed where it does not apply or is waived: why it need not be.",
        ),
    ]
