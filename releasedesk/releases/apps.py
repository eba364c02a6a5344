"""The room's registration with Django."""

from django.apps import AppConfig


class Releases(AppConfig):
    """Releases and deployments"""

    name = "releasedesk.releases"
    label = "releases"
    verbose_name = "Releases and deployments"
