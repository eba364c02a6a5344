"""What machines ask: alive, ready, and how it goes."""

from __future__ import annotations

from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from releasedesk.operations import metrics, readiness


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 (a view's signature)
    """Say that this process answers. It asks nothing else, so that no other's fault gets it restarted."""
    return JsonResponse({"ok": True})


@require_safe
@never_cache
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 (a view's signature)
    """Say whether the desk can work: 200 or 503, one line per check."""
    checks = readiness.checks()
    ok = all(check.ok for check in checks)
    return JsonResponse({"ok": ok, "checks": [asdict(check) for check in checks]}, status=200 if ok else 503)


@require_safe
@never_cache
def numbers(request: HttpRequest) -> HttpResponse:
    """Give Prometheus its numbers, if the peer is one of `METRICS_ALLOWED`."""
    if not metrics.may_read(request):
        return HttpResponse(
            "Metrics are given only to METRICS_ALLOWED.\n", status=403, content_type="text/plain"
        )
    return HttpResponse(metrics.text(), content_type=CONTENT_TYPE_LATEST)
