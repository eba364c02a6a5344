"""The room's registration with Django."""

from django.apps import AppConfig


class Catalog(AppConfig):
    """Services and environments"""

    name = "releasedesk.catalog"
    label = "catalog"
    verbose_name = "Services and environments"
