"""The room's registration with Django."""

from django.apps import AppConfig


class Measurements(AppConfig):
    """Measurements"""

    name = "releasedesk.measurements"
    label = "measurements"
    verbose_name = "Measurements"
