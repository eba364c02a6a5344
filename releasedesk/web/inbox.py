"""The inbox: what came from outside, and what became of it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releasedesk.deliveries.models import Delivery, Outcome
from releasedesk.problems.problem import invalid, unknown
from releasedesk.web.access import actor_of, signed_in
from releasedesk.web.paging import page


@require_safe
@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    """List the deliveries of the reader's teams, the newest first; `?outcome=` chooses, `?page=` turns."""
    outcome = request.GET.get("outcome", "")
    if outcome and outcome not in Outcome.values:
        raise invalid(unknown("?outcome", "outcome", outcome[:100], Outcome.values))
    rows = Delivery.objects.seen_by(actor_of(request)).exclude(type="request")
    rows = rows.select_related("team", "service").order_by("-received_at", "-pk")
    found = page(request, rows.filter(outcome=outcome) if outcome else rows)
    context = {"page": found, "outcome": outcome, "outcomes": Outcome.values, "nav": "inbox"}
    return render(request, "inbox.html", context, status=found.status)
