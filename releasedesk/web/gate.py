"""A lead lets a release pass a gate that is not met, on the release's page."""

from __future__ import annotations

from typing import Annotated

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST
from pydantic import StringConstraints

from releasedesk.actions.overrides import override as let_pass
from releasedesk.catalog.models import Environment
from releasedesk.problems.body import Body, Line, Text
from releasedesk.problems.problem import Problem, not_found, within
from releasedesk.web.access import actor_of, release_or_404
from releasedesk.web.forms import text_at, typed
from releasedesk.web.override_form import PLACE
from releasedesk.web.release_page import show
from releasedesk.web.sign_in_again import signed_in_to_write


class OverrideForm(Body):
    """What the form says."""

    gate: Line = ""
    reason: Annotated[Text, StringConstraints(max_length=5000)] = ""


@require_POST
@signed_in_to_write
def override(request: HttpRequest, slug: str, version: str, environment: str) -> HttpResponse:
    """Override one gate. What is wrong with it stands at its field, and nothing typed is lost."""
    found, place = release_or_404(slug, version), _environment(environment)
    document = typed(request.POST)
    said = {name: text_at(document, f"{PLACE}/{name}") for name in OverrideForm.model_fields}
    try:
        with within(f"#/{PLACE}"):
            form = OverrideForm.read(said)
            let_pass(actor_of(request), found, place, form.gate, form.reason, now=timezone.now())
    except Problem as problem:
        if problem.kind == "forbidden":
            raise
        return show(request, found, status=problem.status, override=(document, problem))
    return redirect(f"{redirect('release', slug, version).url}#gate")


def _environment(name: str) -> Environment:
    known = {environment.name: environment for environment in Environment.objects.all()}
    if name not in known:
        raise not_found("environment", name, list(known))
    return known[name]
