"""`/api/v1/services`: the catalog."""

from __future__ import annotations

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from releasedesk.actions.services import put_service
from releasedesk.api.answers import catalog
from releasedesk.api.door import Door
from releasedesk.api.paging import page
from releasedesk.api.schema.operation import PAGE, operation
from releasedesk.catalog.bodies import ServiceBody
from releasedesk.catalog.models import Service
from releasedesk.problems.body import check_slug


def service_json(service: Service) -> dict[str, Any]:
    """A service as the API shows it."""
    return {
        "slug": service.slug,
        "name": service.name,
        "team": service.team.slug,
        "owner": service.owner.get_username() if service.owner else None,
        "repository": service.repository or None,
        "health_url": service.health_url or None,
        "metric_policies": [
            {
                "metric": policy.metric,
                "route": policy.route or None,
                "kind": policy.kind or None,
                "allowed": policy.allowed,
                "level": policy.level,
                "critical": policy.critical,
                "minimum": policy.minimum,
                "must_have": policy.must_have,
                "muted": policy.muted,
            }
            for policy in service.metric_policies.all()
        ],
    }


WRITTEN = {200: catalog.Service, 201: catalog.Service}


class Services(Door):
    """The services one may see."""

    @operation("listServices", "Catalog", {200: catalog.ServicePage}, query=(PAGE,))
    def get(self, request: Request) -> Response:
        """List them by slug, a page at a time."""
        services = Service.objects.of(self.actor).select_related("team", "owner")
        rows = services.prefetch_related("metric_policies")
        return page(self, request, rows, lambda shown: [service_json(row) for row in shown])


class OneService(Door):
    """One service."""

    @operation("getService", "Catalog", {200: catalog.Service})
    def get(self, request: Request, slug: str) -> Response:
        """Show a service."""
        return Response(service_json(self.service(slug)))

    @operation("putService", "Catalog", WRITTEN, body=ServiceBody, conflicts=True)
    def put(self, request: Request, slug: str) -> Response:
        """Replace its fields, or register it: 201 created, 200 changed."""
        return self._write(slug, replace=True)

    @operation("patchService", "Catalog", WRITTEN, body=ServiceBody, conflicts=True)
    def patch(self, request: Request, slug: str) -> Response:
        """Change the named fields, or register it: 201 created, 200 changed."""
        return self._write(slug, replace=False)

    def _write(self, slug: str, *, replace: bool) -> Response:
        check_slug(slug)
        body = self.read(ServiceBody)
        service, created = put_service(self.actor, slug, body, now=self.now, replace=replace)
        return Response(service_json(service), status=201 if created else 200)
