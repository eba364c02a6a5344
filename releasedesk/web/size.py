"""How much a release changes, while its plan is being typed."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from releasedesk.releases.models import Release
from releasedesk.reports.size import size_of, size_of_text
from releasedesk.web.access import service_or_404, signed_in

LONGEST = 5_000


@require_safe
@signed_in
def show(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer the part of a page for `?change=`; `?of=` is the version whose commits and files count."""
    service, text = service_or_404(slug), request.GET.get("change", "")[:LONGEST]
    release = Release.objects.filter(service=service, version=request.GET.get("of", "")).first()
    found = size_of(release, change=text) if release else size_of_text(text)
    return render(request, "parts/size.html", {"size": found})
