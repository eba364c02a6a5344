"""The room's registration with Django."""

from django.apps import AppConfig


class Checklists(AppConfig):
    """Checklists"""

    name = "releasedesk.checklists"
    label = "checklists"
    verbose_name = "Checklists"
