"""`/plan/`: which service is the release of?"""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from releasedesk.accounts.roles import Role
from releasedesk.catalog.models import Service
from releasedesk.web.access import actor_of, service_or_404, signed_in


@require_safe
@signed_in
def choose(request: HttpRequest) -> HttpResponse:
    """Offer the services the reader may plan for; `?service=` goes on to its form."""
    if wanted := request.GET.get("service", "").strip():
        return redirect("new_plan", service_or_404(wanted).slug)
    actor = actor_of(request)
    teams = [team for team in actor.roles if actor.is_at_least(Role.ENGINEER, team)]
    services = Service.objects.all() if actor.superuser else Service.objects.filter(team__in=teams)
    context = {"services": services.select_related("team").order_by("team__name", "slug"), "nav": "board"}
    return render(request, "choose.html", context)
