"""Services as they are answered."""

from __future__ import annotations

from releasedesk.api.schema.answer import Answer, paged
from releasedesk.catalog.bodies import Kind


class MetricPolicy(Answer):
    """How far one metric may move, on one route or on all; null follows the judge's table."""

    metric: str
    route: str | None
    kind: Kind | None
    level: float | None
    allowed: float | None
    critical: bool | None
    minimum: int | None
    must_have: bool
    muted: bool


class Service(Answer):
    """What is released."""

    slug: str
    name: str
    team: str
    owner: str | None
    repository: str | None
    health_url: str | None
    metric_policies: list[MetricPolicy]

    EXAMPLE = {
        "slug": "checkout-api",
        "name": "Checkout",
        "team": "payments",
        "owner": "alice",
        "repository": "https://git.example/acme/checkout-api",
        "health_url": "https://checkout.example/health",
        "metric_policies": [],
    }


ServicePage = paged(Service)
