"""The room's registration with Django."""

from django.apps import AppConfig


class Notes(AppConfig):
    """Post-ship notes"""

    name = "releasedesk.notes"
    label = "notes"
    verbose_name = "Post-ship notes"
