"""Fold places anew, with all that follows from it. The caller holds their services."""

from collections.abc import Collection

from releasedesk.actions.follow_rollbacks import follow_rollbacks
from releasedesk.actions.refold import refold
from releasedesk.catalog.models import Environment, Service
from releasedesk.releases.models import DeploymentFact


def fold_anew(service: Service, environment: Environment) -> None:
    """Redo what is derived of one (service, environment) from all its facts."""
    follow_rollbacks(service, environment, refold(service, environment))


def fold_places_of(facts: Collection[int]) -> None:
    """Fold each place of these facts anew, once however many of them are its own."""
    rows = DeploymentFact.objects.filter(pk__in=facts).values_list("service", "environment").distinct()
    places = list(rows.order_by("service", "environment"))
    services = Service.objects.in_bulk({service for service, _ in places})
    environments = Environment.objects.in_bulk({environment for _, environment in places})
    for service, environment in places:
        fold_anew(services[service], environments[environment])
