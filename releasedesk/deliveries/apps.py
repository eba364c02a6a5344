"""The room's registration with Django."""

from django.apps import AppConfig


class Deliveries(AppConfig):
    """Messages from outside"""

    name = "releasedesk.deliveries"
    label = "deliveries"
    verbose_name = "Messages from outside"
