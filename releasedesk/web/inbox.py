"""The inbox: what came from outside, and what became of it."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releasedesk.deliveries.models import Delivery, Outcome
from releasedesk.problems.problem import FieldError, Problem, invalid, unknown
from releasedesk.web.access import actor_of, signed_in

PAGE_SIZE = 50


@require_safe
@signed_in
def inbox(request: HttpRequest) -> HttpResponse:
    """List the deliveries of the reader's teams, the newest first; `?outcome=` chooses, `?page=` turns."""
    outcome = request.GET.get("outcome", "")
    if outcome and outcome not in Outcome.values:
        raise invalid(unknown("?outcome", "outcome", outcome, Outcome.values))
    rows = Delivery.objects.seen_by(actor_of(request)).exclude(type="request")
    rows = rows.select_related("team", "service").order_by("-received_at", "-pk")
    pages = Paginator(rows.filter(outcome=outcome) if outcome else rows, PAGE_SIZE)
    text = request.GET.get("page", "1")
    if not (text.isascii() and text.isdigit() and int(text[:9])):
        raise invalid(FieldError("?page", "format", "This is not a page number.", "a whole number from 1"))
    if int(text[:9]) > pages.num_pages:
        raise Problem("not-found", f"There is no page {text[:9]}; the last is {pages.num_pages}.")
    context = {
        "page": pages.page(int(text[:9])),
        "outcome": outcome,
        "outcomes": Outcome.values,
        "nav": "inbox",
    }
    return render(request, "inbox.html", context)
